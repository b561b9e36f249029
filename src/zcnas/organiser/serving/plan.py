"""What a server is to do, and what each of its parts is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zcnas.organiser.serving.calendar import ServedPhase
from zcnas.organiser.serving.crew import command_of
from zcnas.organiser.serving.inbox import PATIENCE_S, SETTLE_S
from zcnas.organiser.serving.layout import Layout
from zcnas.organiser.serving.store import Store

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a server is to do.

    Attributes:
        layout: Its folders.
        phases: The phases it serves, in the order of their dates.
        isolation: Where submissions run.
        cpus: The CPUs of this machine it may use, one per job.
        scheduler: The Dask scheduler on whose workers it runs jobs instead; "" for none.
        jobs: How many attempts run at a time.
        data: The datasets' files, or None.
        settle_s: How long a file must not have changed.
        patience_s: The same for one that does not end as a zip does.
        job: The command that runs an attempt.
        board: The command that draws a board.
    """

    layout: Layout
    phases: Sequence[ServedPhase]
    isolation: str
    cpus: Sequence[int]
    jobs: int
    scheduler: str = ""
    data: Path | None = None
    settle_s: float = SETTLE_S
    patience_s: float = PATIENCE_S
    job: tuple[str, ...] = field(default_factory=lambda: command_of("zcnas.organiser.serving.job"))
    board: tuple[str, ...] = field(
        default_factory=lambda: command_of("zcnas.organiser.serving.board")
    )

    def phase(self, name: str) -> ServedPhase | None:
        """Return a phase by its name in ``phases.toml``; None if it is not served."""
        return next((each for each in self.phases if each.name == name), None)


class Part:
    """A part of a server. The parts share the plan and the database, and nothing else.

    Args:
        plan: Of the server.
        store: Where attempts and runs are kept.
        say: Told what happens.
    """

    def __init__(self, plan: Plan, store: Store, say: Say) -> None:
        self._plan = plan
        self._store = store
        self._say = say
