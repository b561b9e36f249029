"""Runs steps as plain processes in a folder tree, for machines without a container engine.

``/app`` becomes a folder of links to the folders that a container would mount, and paths in the
command are adapted. This cannot reproduce another user, another Python or an image.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from zcnas.errors import OrganiserError
from zcnas.organiser.platforms.emulator.steps import APP, WORKING_DIRECTORY, Ended, Step


class FolderRunner:
    """Runs steps as processes of this user."""

    description = "a folder tree (not a container: network, files and user are this machine's)"

    def run(self, steps: list[Step], time_limit_s: float | None) -> list[Ended]:
        """Run steps concurrently; see ``Runner``."""
        begin = time.monotonic()
        deadline = None if time_limit_s is None else begin + time_limit_s
        trees = [_tree_of(step) for step in steps]
        try:
            processes = [_start(step, tree) for step, tree in zip(steps, trees, strict=True)]
            return [_wait(process, begin, deadline) for process in processes]
        finally:
            for tree in trees:
                shutil.rmtree(tree, ignore_errors=True)


def _tree_of(step: Step) -> Path:
    tree = Path(tempfile.mkdtemp(prefix="zcnas-app-"))
    for inside, folder in step.mounts.items():
        link = tree / Path(inside).relative_to(APP)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(folder.resolve(), target_is_directory=True)
    return tree


def _start(step: Step, tree: Path) -> subprocess.Popen[bytes]:
    command = [word.replace(APP, str(tree)) if APP in word else word for word in step.command]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    found = shutil.which(command[0], path=path)
    if found is None:
        raise OrganiserError(
            f"the {step.kind} program's command starts with {command[0]}, which is not installed "
            "here; install it, or run the steps in containers"
        )
    with (
        (step.logs / f"{step.kind}.stdout").open("wb") as stdout,
        (step.logs / f"{step.kind}.stderr").open("wb") as stderr,
    ):
        return subprocess.Popen(
            [found, *command[1:]],
            cwd=Path(WORKING_DIRECTORY.replace(APP, str(tree))),
            env={"PATH": path, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )


def _wait(process: subprocess.Popen[bytes], begin: float, deadline: float | None) -> Ended:
    remaining = None if deadline is None else max(0.0, deadline - time.monotonic())
    try:
        return Ended(process.wait(remaining), time.monotonic() - begin)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return Ended(None, time.monotonic() - begin)
