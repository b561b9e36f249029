"""What the processes of a server are told on stdin, and how each of them carries it out."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import TypeVar

import msgspec

from zcnas.errors import ZcnasError
from zcnas.organiser.serving.calendar import ServedPhase
from zcnas.phases import Phase
from zcnas.worker.processes import end_with_parent

OURS = 3
"""Exit code for a fault of this machine, as the commands have it."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What every process is told.

    Attributes:
        parent: The server's process.
        phase: The phase.
        inputs: Folder of its visible halves.
        references: Folder of its hidden halves.
    """

    parent: int
    phase: Phase
    inputs: str
    references: str


_Kind = TypeVar("_Kind", bound=Order)


def order(kind: type[_Kind], served: ServedPhase, **particulars: object) -> _Kind:
    """Return an order of this server's about a phase."""
    return kind(
        parent=os.getpid(),
        phase=served.phase,
        inputs=str(served.inputs),
        references=str(served.references),
        **particulars,
    )


def obey(kind: type[_Kind], carry_out: Callable[[_Kind], None]) -> int:
    """Carry out the order on stdin, and end with the server; return the exit code."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
    told = msgspec.json.decode(sys.stdin.buffer.read(), type=kind)
    if os.getppid() != told.parent:  # the server was killed before the kernel was asked
        return OURS
    try:
        carry_out(told)
    except (ZcnasError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return OURS
    except KeyboardInterrupt:
        return OURS
    return 0
