"""Runs a submission the way a platform would, on the organiser's own machine.

    bundle + submission ──▶ prediction step ──▶ scoring step ──▶ status, scores, logs

It copies what the platforms' workers do (``rules.py``): mount points, modes, working directory and
user, the metadata command and its placeholders, the order of events, and how each platform fails.
It differs where a stranger's code must not harm the organiser: no network unless asked for, limits
on what is unpacked, and nothing is read or written through a link.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from zcnas.errors import BundleError, OrganiserError
from zcnas.organiser.platforms.emulator.bundles import Task, unpack
from zcnas.organiser.platforms.emulator.outputs import (
    StepFailed,
    keep,
    posted,
    read_scores,
    write_status,
)
from zcnas.organiser.platforms.emulator.rules import PLATFORMS, Part, PlatformName, StepKind
from zcnas.organiser.platforms.emulator.steps import Ended, Runner, Step, command_of, metadata_of
from zcnas.organiser.platforms.emulator.submission import set_modes, unpack_submission

__all__ = ["PLATFORMS", "Emulation", "PlatformName", "PlatformVerdict", "emulate"]


@dataclass
class PlatformVerdict:
    """What the platform would show for a submission.

    Attributes:
        folder: Has the logs, ``prediction_output`` and ``scoring_output``, as far as kept.
        status: "Finished" or "Failed".
        details: Why it failed, or why no score was posted.
        posted: The values of the leaderboard's columns; empty if nothing was posted.
        left_out: Links and special files in the outputs, which were not copied.
    """

    folder: Path
    status: Literal["Finished", "Failed"] = "Failed"
    details: str = ""
    posted: dict[str, float] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @property
    def results(self) -> Path:
        """The folder of ingestion's output, if it was kept."""
        return self.folder / "prediction_output"

    @property
    def scoring(self) -> Path:
        """The folder of scoring's output, if it was kept."""
        return self.folder / "scoring_output"


def _say_nothing(text: str, output: Path) -> None:
    """Be told of a step under way, and show nothing."""


@dataclass(frozen=True)
class Emulation:
    """How a submission is run.

    Attributes:
        platform: Whose rules apply.
        runner: Containers, or a folder tree.
        out: Folder for logs and outputs; emptied first.
        enforce_limit: Whether the time limit is enforced; None for the platform's default.
        own_command: Whether a command in the submission's metadata is run.
        watch: Called with words and the output folder when a step begins and while it runs.
        shared_limit_s: Seconds that a queue shared with others grants a step; None for the
            platform's usual.
    """

    platform: PlatformName
    runner: Runner
    out: Path
    enforce_limit: bool | None = None
    own_command: bool = True
    watch: Callable[[str, Path], None] = _say_nothing
    shared_limit_s: int | None = None


def emulate(task: Task, submission: Path, how: Emulation) -> PlatformVerdict:
    """Return what a platform would show for a submission.

    Args:
        task: The bundle's phase.
        submission: The zip a participant uploads, or a folder with its content.
        how: Where and by whose rules.

    Raises:
        OrganiserError: A step cannot be started on this machine.
        BundleError: The bundle lacks a program, or the submission brings a command that may not be
            run.
        InvalidSubmission: The submission is beyond the limits of intake.
    """
    worker = _Worker(task, how)
    verdict = worker.verdict
    try:
        worker.predict(submission)
        worker.score()
        verdict.status = "Finished"
    except StepFailed as failure:
        verdict.details = str(failure)
    return verdict


class _Worker:
    """The platform's worker: runs one submission in two steps."""

    def __init__(self, task: Task, how: Emulation) -> None:
        self._task = task
        self._how = how
        self._rules = PLATFORMS[how.platform]
        enforced = self._rules.enforces_limit if how.enforce_limit is None else how.enforce_limit
        shared_s = self._rules.shared_limit_s
        if shared_s is not None and how.shared_limit_s is not None:
            shared_s = how.shared_limit_s
        self._limit_s = task.granted_s(shared_s) if enforced else None
        self._out = how.out
        self.verdict = PlatformVerdict(how.out)
        try:
            if how.out.exists():
                shutil.rmtree(how.out)
            self._logs = how.out / "logs"
            self._logs.mkdir(parents=True)
        except OSError as error:
            raise OrganiserError(f"cannot empty {how.out}: {error}; choose another --out") from None

    def predict(self, submission: Path) -> None:
        """Run ingestion, and the submission itself if it names a command."""
        rules, folder = self._rules, self._new_step("prediction")
        program, output = self._place(folder, "submission"), self._place(folder, "output")
        unpack_submission(submission, program, rules)
        if "input_data" in self._task.parts:
            self._unpack(folder, "input_data", "input_data")
        handled = rules.takes_without_metadata == "submission"
        if metadata_of(program, rules) is None:
            shutil.copytree(program, output, dirs_exist_ok=True, symlinks=True)
        if metadata_of(program, rules) is None and not handled:
            return self._finish([], [], output, "prediction_output")
        steps = []
        if (own := command_of(program, "submission", rules)) is not None:
            self._allow(own)
            steps.append(Step("submission", own, rules, folder, self._logs))
        if "ingestion_program" in self._task.parts:
            steps.append(self._program("ingestion", folder, "ingestion_program"))
            if "hidden_reference" in rules.places and "reference_data" in self._task.parts:
                self._unpack(folder, "reference_data", "hidden_reference")
        return self._run(steps, output, "prediction_output")

    def score(self) -> None:
        """Run scoring and note the columns posted, or the reason why none is."""
        folder = self._new_step("scoring")
        results = self._place(folder, "results")
        shutil.copytree(self.verdict.results, results, dirs_exist_ok=True, symlinks=True)
        set_modes(results)
        if "reference_data" in self._task.parts:
            self._unpack(folder, "reference_data", "reference_data")
        step = self._program("scoring", folder, "scoring_program")
        self._run([step], self._place(folder, "output"), "scoring_output")
        self.verdict.posted, self.verdict.details = posted(
            read_scores(self.verdict.scoring), self._task.columns
        )

    def _run(self, steps: list[Step], output: Path, kept: str) -> None:
        """Run the programs of a step and keep its output like the platform does."""
        words = " and ".join(step.kind for step in steps)
        self._how.watch(words, output)
        ended = self._how.runner.run(steps, self._limit_s, lambda: self._how.watch(words, output))
        self._finish([step.kind for step in steps], ended, output, kept)

    def _finish(self, kinds: list[StepKind], ended: list[Ended], output: Path, kept: str) -> None:
        by_kind = dict(zip(kinds, ended, strict=True))
        struck = any(end.exit_code is None for end in ended)
        if struck and not self._rules.keeps_stopped_output:
            raise StepFailed(f"Execution Time Limit exceeded. Limit was {self._limit_s} seconds")
        write_status(output, _status(by_kind), self._rules.refuses_metadata_in_output)
        self.verdict.left_out += keep(output, self._out / kept)
        if struck:
            raise StepFailed(f"Execution time limit exceeded. Limit was {self._limit_s} seconds")
        for kind, end in by_kind.items():
            if end.exit_code != 0 and (kind == "scoring" or self._rules.stops_on_ingestion_error):
                raise StepFailed(f"the {kind} program ended with exit code {end.exit_code}")

    def _program(self, kind: StepKind, folder: Path, part: Part) -> Step:
        program = self._unpack(folder, part, part)
        command = command_of(program, kind, self._rules)
        assert command is not None
        return Step(kind, command, self._rules, folder, self._logs)

    def _allow(self, command: tuple[str, ...]) -> None:
        if not self._how.own_command:
            raise BundleError(
                f"the submission's metadata names a command, {' '.join(command)[:200]!r}, which a "
                "platform runs in a container of its own; here it would run as you: use "
                "--isolation docker, or allow it with --run-own-command"
            )

    def _new_step(self, name: str) -> Path:
        """Return the folder of a step, with every folder that its containers see."""
        folder = self._out / name
        self._made(folder)
        for kind in ("ingestion", "scoring"):
            if (kind == "scoring") == (name == "scoring"):
                for mounted in self._rules.mounts[kind]:
                    self._made(folder / mounted.source)
        return folder

    def _unpack(self, folder: Path, part: Part, place: Part) -> Path:
        if part not in self._task.parts:
            raise BundleError(
                f"phase {self._task.phase} has no {part}; `zcnas bundle-check` names missing parts"
            )
        target = self._place(folder, place)
        unpack(self._task.parts[part], target)
        set_modes(target)
        return target

    def _place(self, folder: Path, part: Part) -> Path:
        return self._made(folder / self._rules.places[part])

    def _made(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(self._rules.folder_mode)
        return folder


def _status(ended: dict[StepKind, Ended]) -> dict[str, object]:
    """Return what the platform notes of a step's end."""
    ingestion = ended.get("ingestion")
    program = ended.get("scoring") or ended.get("submission")
    longest = program or ingestion
    return {
        "exitCode": None if program is None else program.exit_code,
        "elapsedTime": None if longest is None else longest.elapsed_s,
        "ingestionExitCode": None if ingestion is None else ingestion.exit_code,
        "ingestionElapsedTime": None if ingestion is None else ingestion.elapsed_s,
    }
