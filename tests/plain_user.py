"""Running a command as a user without rights, whose Python may lie in a folder closed to it.

In a mount namespace of its own every closed folder above Python, the checkout and the tests'
temporary folder is replaced by an empty one that shows just those; the machine stays as it is.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
USER = 61999
"""A number that belongs to nobody."""


def run_as_plain_user(command: list[str], home: Path, **environment: str):
    """Run a command as nobody in particular, with ``home`` as its own folder."""
    home.mkdir(parents=True, exist_ok=True)
    os.chown(home, USER, USER)
    wanted = [Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), ROOT, home.resolve()]
    lines = ["set -e", "mount --make-rprivate /", "stage=/mnt", "mount -t tmpfs tmpfs $stage"]
    closed = sorted({folder for path in wanted if (folder := _closed_above(path))})
    closed = [folder for folder in closed if not any(other in folder.parents for other in closed)]
    shown = [path for path in wanted if any(folder in path.parents for folder in closed)]
    for number, path in enumerate(shown):
        lines += [f"mkdir $stage/{number}", f"mount --bind {_quoted(path)} $stage/{number}"]
    lines += [f"mount -t tmpfs -o mode=755 tmpfs {_quoted(folder)}" for folder in closed]
    for number, path in enumerate(shown):
        lines += [f"mkdir -p {_quoted(path)}", f"mount --bind $stage/{number} {_quoted(path)}"]
    user = f"setpriv --reuid {USER} --regid {USER} --clear-groups --no-new-privs"
    lines.append(f"exec {user} {shlex.join(command)}")
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", "\n".join(lines)],
        env={**os.environ, "HOME": str(home), "TMPDIR": str(home), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def _closed_above(path: Path) -> Path | None:
    """Return the highest folder above a path that others may not pass."""
    above = reversed(path.parents)
    return next((folder for folder in above if not folder.stat().st_mode & 0o001), None)
