"""The worker in a container of Apptainer, as clusters have it: no engine, no root.

Written against Apptainer's documentation and never run by us: no hidden phase is admitted to it
without a record, and ``auto`` does not choose it. Namespaces and a read-only root come from
Apptainer; what bounds all processes of a query together is what bounds a plain process.

Reference: apptainer-exec(1) and apptainer-build(1), version 1.4.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

from zcnas.errors import OrganiserError
from zcnas.isolation import WORKER_ENVIRONMENT, IsolationName, WorkerPlace
from zcnas.isolation.container import PROGRAM, SCRATCH, SUBMISSION
from zcnas.isolation.image import UNPACKED_MARK, fingerprint
from zcnas.isolation.process import ProcessWorker
from zcnas.isolation.sandbox_root import IMAGE_PYTHON, ROOT_VARIABLE

COMMAND = "apptainer"
_OWN = {"HOME": SCRATCH, "TMPDIR": SCRATCH, "PATH": f"{Path(IMAGE_PYTHON).parent}:/usr/bin:/bin"}
"""Set inside, because Apptainer refuses to be told HOME."""
RECIPE = (
    "make it with `zcnas image --unpack FOLDER` where a Docker engine answers and `apptainer build "
    f"zcnas-worker.sif FOLDER`, then set {ROOT_VARIABLE}=zcnas-worker.sif"
)


class ApptainerIsolation:
    """Starts workers in containers of Apptainer.

    Raises:
        OrganiserError: Apptainer is not installed, or no image is named.
    """

    name: IsolationName = "apptainer"
    contained = True

    def __init__(self) -> None:
        if shutil.which(COMMAND) is None:
            raise OrganiserError(
                f"Apptainer is not installed (no {COMMAND} on PATH); on a cluster try `module load "
                "apptainer`, or choose another --isolation"
            )
        named = os.environ.get(ROOT_VARIABLE)
        if not named or not Path(named).exists():
            there = f"{named}, which is not there" if named else "no image"
            raise OrganiserError(
                f"{ROOT_VARIABLE} names {there}, and Apptainer needs one; {RECIPE}"
            )
        self._root = Path(named).resolve()
        self.image = fingerprint()

    @functools.cached_property
    def version(self) -> str:
        """The version of Apptainer, as it says itself."""
        said = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, check=False)
        return said.stdout.strip() or COMMAND

    @property
    def description(self) -> str:
        """What it isolates."""
        return f"{self.version} (one CPU, no network, read-only files of the image)"

    def try_out(self) -> None:
        """Read in a container which version of zcnas its image is of.

        Raises:
            OrganiserError: Apptainer makes no container here, or the image is another version's.
        """
        read = [*inside(self._root), "/bin/cat", f"/{UNPACKED_MARK}"]
        done = subprocess.run(read, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1][:300]
            raise OrganiserError(
                f"Apptainer can make no container of {self._root} here ({reason}); {RECIPE}"
            )
        if (found := done.stdout.strip()) != self.image:
            raise OrganiserError(
                f"{ROOT_VARIABLE} names {self._root}, which is the image of another version of "
                f"zcnas ({found[:12]}, this version's is {self.image[:12]}); {RECIPE}"
            )

    def start(self, place: WorkerPlace) -> ApptainerWorker:
        """Start a worker in a fresh container.

        Raises:
            OrganiserError: The CPU does not exist or may not be used.
        """
        return ApptainerWorker(place, self._root)


class ApptainerWorker(ProcessWorker):
    """A worker in a container of Apptainer; see ``Worker``."""

    def __init__(self, place: WorkerPlace, root: Path) -> None:
        self._root = root
        super().__init__(place, None)

    def _command(self, place: WorkerPlace, user: int) -> list[str]:
        binds = ((place.program, PROGRAM), (place.submission, SUBMISSION))
        return [
            *inside(self._root, [f"{source.resolve()}:{target}:ro" for source, target in binds]),
            *("/usr/bin/env", *(f"{name}={value}" for name, value in _OWN.items())),
            *(IMAGE_PYTHON, f"{PROGRAM}/worker.py", SUBMISSION),
        ]


def inside(root: Path, binds: list[str] | None = None) -> list[str]:
    """Return the arguments that run what follows in a container without this machine's files."""
    return [
        *(shutil.which(COMMAND) or COMMAND, "--quiet", "exec"),
        *("--containall", "--no-privs", "--net", "--network", "none", "--hostname", "worker"),
        *("--no-mount", "home,tmp,hostfs,cwd,bind-paths", "--scratch", SCRATCH, "--pwd", SCRATCH),
        *(
            part
            for name, value in WORKER_ENVIRONMENT.items()
            for part in ("--env", f"{name}={value}")
        ),
        *(part for bind in binds or () for part in ("--bind", bind)),
        str(root),
    ]
