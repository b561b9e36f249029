"""Runs steps as plain processes in a folder tree, for machines without a container engine.

The folders that a container would see become links in a tree, and paths in the command are adapted.
This cannot reproduce another user, another Python or an image. The processes have no network unless
it is asked for: where the kernel gives no network namespace, the steps are refused.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from zcnas.errors import OrganiserError
from zcnas.organiser.platforms.emulator.steps import Ended, Step, Tick

TICK_S = 2.0


class FolderRunner:
    """Runs steps as processes of this user."""

    def __init__(self, network: bool = False) -> None:
        self._prefix = [] if network else _without_network()
        words = "network, files and user are" if network else "files and user are"
        self.description = f"a folder tree (not a container: {words} this machine's)"

    def run(self, steps: list[Step], time_limit_s: float | None, tick: Tick) -> list[Ended]:
        """Run steps concurrently; see ``Runner``."""
        begin = time.monotonic()
        deadline = None if time_limit_s is None else begin + time_limit_s
        trees = [_tree_of(step) for step in steps]
        processes: list[subprocess.Popen[bytes]] = []
        try:
            for step, tree in zip(steps, trees, strict=True):
                processes.append(_start(step, tree, self._prefix))
            return [_wait(process, begin, deadline, tick) for process in processes]
        finally:
            for process in processes:
                _end(process)
            for tree in trees:
                shutil.rmtree(tree, ignore_errors=True)


def _without_network() -> list[str]:
    """Return the words before a command that take the network from it.

    Raises:
        OrganiserError: This kernel or user cannot have a network namespace.
    """
    users = [] if os.getuid() == 0 else ["--user", "--map-current-user"]
    prefix = ["unshare", *users, "--net", "--"]
    try:
        subprocess.run([*prefix, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise OrganiserError(
            "this machine cannot take the network from a process (`unshare --net`); use "
            "--isolation docker, or --network if you trust the submission with yours"
        ) from None
    return prefix


def _tree_of(step: Step) -> Path:
    tree = Path(tempfile.mkdtemp(prefix="zcnas-platform-"))
    for each, folder in step.mounts.items():
        link = tree / each.inside.lstrip("/")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(folder.resolve(), target_is_directory=True)
    return tree


def _start(step: Step, tree: Path, prefix: list[str]) -> subprocess.Popen[bytes]:
    root, moved = step.rules.root, f"{tree}{step.rules.root}"
    command = [word.replace(root, moved) for word in step.command]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    found = shutil.which(command[0], path=path)
    if found is None:
        raise OrganiserError(
            f"the {step.kind} program's command starts with {command[0]}, which is not installed "
            "here; install it, or run the steps in containers"
        )
    environment = {**step.rules.environment, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    with (
        (step.logs / f"{step.kind}.stdout").open("wb") as stdout,
        (step.logs / f"{step.kind}.stderr").open("wb") as stderr,
    ):
        return subprocess.Popen(
            [*prefix, found, *command[1:]],
            cwd=Path(f"{tree}{step.rules.working_directory}"),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )


def _wait(
    process: subprocess.Popen[bytes], begin: float, deadline: float | None, tick: Tick
) -> Ended:
    while True:
        remaining = TICK_S if deadline is None else min(TICK_S, deadline - time.monotonic())
        if remaining <= 0:
            _end(process)
            return Ended(None, time.monotonic() - begin)
        try:
            return Ended(process.wait(remaining), time.monotonic() - begin)
        except subprocess.TimeoutExpired:
            tick()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started in its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
