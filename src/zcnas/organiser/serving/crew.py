"""The processes of a server: at most one per CPU runs an attempt, and one draws the boards.

Each is started with an order on stdin and ends with the server, whatever ends that.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

STOP_S = 10.0
"""How long an interrupted process has to end by itself."""
MAX_WORDS = 2000
"""Characters of what a process says at its end that are kept: the last ones."""


@dataclass
class Process:
    """One process.

    Attributes:
        running: The process.
        log: What it says.
    """

    running: subprocess.Popen[bytes]
    log: IO[bytes]

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self.running.poll()

    def words(self) -> str:
        """Return the end of what it has said."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace").strip()[-MAX_WORDS:]

    def close(self) -> None:
        """Forget what it has said; it has ended."""
        self.log.close()

    def interrupt(self) -> None:
        """Ask it to end."""
        with contextlib.suppress(ProcessLookupError):
            self.running.send_signal(signal.SIGINT)

    def stop(self) -> None:
        """Interrupt it, so that it removes what it has started; kill it if it does not end."""
        self.interrupt()
        try:
            self.running.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.running.kill()
            self.running.wait()


def command_of(module: str) -> tuple[str, ...]:
    """Return the command that runs a module of this installation."""
    return (sys.executable, "-m", module)


def start(command: Sequence[str], order: msgspec.Struct, cwd: Path | None = None) -> Process:
    """Start a process with an order.

    It is in a session of its own, so that Ctrl-C at a terminal reaches the server alone.

    Raises:
        OSError: It cannot be started.
    """
    log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
    running = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, cwd=cwd
    )
    assert running.stdin is not None
    with contextlib.suppress(BrokenPipeError), running.stdin as pipe:
        pipe.write(msgspec.json.encode(order))
    return Process(running, log)
