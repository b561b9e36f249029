"""All attacks in one competition with two honest submissions, in one back end."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from zcnas.isolation import Isolation
from zcnas.isolation.machine import LOCKS_VARIABLE, locks_folder
from zcnas.judging.judge import judge
from zcnas.judging.leaderboard import Entry, Leaderboard, write_leaderboard
from zcnas.organiser.attack_table.rows import ATTACKS, Ground
from zcnas.organiser.attack_table.stage import (
    TIGHT_LIMITS,
    TRUTH_VARIABLE,
    Listener,
    Stage,
    hidden_files,
    network_sizes,
    prepare_attacks,
)
from zcnas.organiser.competition import Competition, load_halves
from zcnas.organiser.competition.parts import Progress
from zcnas.organiser.results.contest import read_contest
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.phases import Phase

_RESAMPLES = 100


@dataclass(frozen=True)
class Run:
    """Two competitions, with ample and with tight limits: what came of them, the host after them.

    Attributes:
        stage: What was attacked.
        ground: In which back end.
        names: The attacks that were run.
        alone: The leaderboard of the honest submissions with nobody beside them.
        board: That of the attacks that have ample time, the honest submissions among them.
        tight: That of the attacks which a limit of time must stop.
        results: The folder above the results of both.
        results_alone: The results of the honest submissions alone.
        left_processes: Command lines of processes that were left behind.
        left_files: Names of temporary files that were left behind.
        hidden: The hidden half's files afterwards.
        connections: How many reached the listener.
    """

    stage: Stage
    ground: Ground
    names: tuple[str, ...]
    alone: Leaderboard
    board: Leaderboard
    tight: Leaderboard
    results: Path
    results_alone: Path
    left_processes: list[str]
    left_files: list[str]
    hidden: dict[str, str]
    connections: int

    @property
    def isolation(self) -> str:
        """The back end's name."""
        return self.ground.isolation

    def results_of(self, name: str) -> Path:
        """Return the folder of a submission's results."""
        return self.results / ("tight" if is_tight(name) else "ample") / "submissions" / name

    def entry_of(self, name: str) -> Entry:
        """Return a submission's entry."""
        entries = (self.tight if is_tight(name) else self.board).entries
        return next(entry for entry in entries if entry.submission == name)


def is_tight(name: str) -> bool:
    """Return whether a submission is an attack that a limit of time must stop."""
    return name in ATTACKS and ATTACKS[name].stopped_by_time


def run_attacks(
    stage: Stage,
    isolation: Isolation,
    cpus: list[int],
    names: Sequence[str] = tuple(ATTACKS),
    progress: Progress = lambda submission, benchmark, prediction: None,
) -> Run:
    """Run attacks in a back end and return what came of them.

    Args:
        stage: What is attacked.
        isolation: The back end.
        cpus: The CPUs to use.
        names: The attacks.
        progress: Called with every prediction, from several threads.

    Raises:
        OrganiserError: This machine cannot start a worker, or nothing can be written.
    """
    name = isolation.name
    results, alone_folder = stage.results(name), stage.folder / f"alone-{name}"
    temporary = stage.folder / f"tmp-{name}"
    temporary.mkdir(mode=0o755)

    def scored(out: Path, phase: Phase, submissions: list[Path]) -> Leaderboard:
        halves = load_halves(phase, stage.folder / "input", stage.folder / "reference", None)
        competition = Competition(phase, halves, isolation, cpus, out, progress)
        competition.run(submissions)
        contest = read_contest(ResultsFolder(out), phase, halves.references)
        board = judge(contest, _RESAMPLES).leaderboard
        write_leaderboard(board, out)
        return board

    with _surroundings(stage, temporary) as listener:
        alone = scored(alone_folder, stage.phase, stage.honest)
        attacks = prepare_attacks(stage, name, network_sizes(), listener.port, sorted(names))
        ample = [folder for folder in attacks if not is_tight(folder.name)]
        middle = len(ample) // 2
        mixed = [*ample[:middle], *stage.honest, *ample[middle:]]
        board = scored(results / "ample", stage.phase, mixed)
        strict = msgspec.structs.replace(stage.phase, limits=TIGHT_LIMITS)
        late = [folder for folder in attacks if is_tight(folder.name)]
        tight = scored(results / "tight", strict, late)
    return Run(
        stage=stage,
        ground=Ground.of(isolation),
        names=tuple(names),
        alone=alone,
        board=board,
        tight=tight,
        results=results,
        results_alone=alone_folder,
        left_processes=_processes_of(temporary),
        left_files=[path.name for path in temporary.iterdir()],
        hidden=hidden_files(stage.folder),
        connections=listener.connections,
    )


@contextlib.contextmanager
def _surroundings(stage: Stage, temporary: Path) -> Iterator[Listener]:
    """Have the secret in the environment, a temporary folder of one's own, and a listener."""
    before, locks = tempfile.tempdir, os.environ.get(LOCKS_VARIABLE)
    listener = Listener()
    os.environ[LOCKS_VARIABLE] = str(locks_folder())  # those of all runs on this machine
    os.environ[TRUTH_VARIABLE] = stage.secret
    tempfile.tempdir = str(temporary)
    try:
        yield listener
    finally:
        tempfile.tempdir = before
        del os.environ[TRUTH_VARIABLE], os.environ[LOCKS_VARIABLE]
        if locks is not None:
            os.environ[LOCKS_VARIABLE] = locks
        listener.close()


def _processes_of(folder: Path) -> list[str]:
    """Return the command lines of the processes that name a folder."""
    return [
        " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline"])
        if any(str(folder) in part for part in process.info["cmdline"] or [])
    ]
