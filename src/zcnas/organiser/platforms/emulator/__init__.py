"""Runs a submission the way a platform would, on the organiser's own machine.

    bundle + submission ──▶ prediction step ──▶ scoring step ──▶ status, scores, logs

Written from the platforms' documented layout and observed behaviour, not from their code: the
mount points, working directory and user, the metadata command and its placeholders, the order of
events, and how each platform fails. CodaLab does not score after ingestion has failed; it stops a
step at its time limit but keeps the output. Codabench continues with scoring, and keeps none of the
output of a step that exceeds its limit.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from zcnas.errors import BundleError, OrganiserError
from zcnas.organiser.platforms.emulator.bundles import Task, unpack
from zcnas.organiser.platforms.emulator.steps import (
    APP,
    METADATA_NAMES,
    Runner,
    Step,
    StepKind,
    command_of,
)

PlatformName = Literal["codabench", "codalab"]
MAX_SCORE = 1e10
"""A score is stored as DECIMAL(20,10): finite and below this."""
SCORE_DECIMALS = 10


@dataclass(frozen=True)
class Rules:
    """How a platform fails.

    Attributes:
        stops_on_ingestion_error: Whether scoring is skipped when ingestion's exit code is not 0.
        enforces_limit: Whether a step is stopped at the phase's limit by default.
        keeps_stopped_output: Whether the output of a stopped step is kept.
    """

    stops_on_ingestion_error: bool
    enforces_limit: bool
    keeps_stopped_output: bool


PLATFORMS: dict[PlatformName, Rules] = {
    "codabench": Rules(
        stops_on_ingestion_error=False, enforces_limit=False, keeps_stopped_output=False
    ),
    "codalab": Rules(stops_on_ingestion_error=True, enforces_limit=True, keeps_stopped_output=True),
}


@dataclass
class PlatformVerdict:
    """What the platform would show for a submission.

    Attributes:
        folder: Has the logs, ``prediction_output`` and ``scoring_output``, as far as kept.
        status: "Finished" or "Failed".
        details: Why it failed, or why no score was posted.
        posted: The values of the leaderboard's columns; empty if nothing was posted.
    """

    folder: Path
    status: Literal["Finished", "Failed"] = "Failed"
    details: str = ""
    posted: dict[str, float] = field(default_factory=dict)

    @property
    def results(self) -> Path:
        """The folder of ingestion's output, if it was kept."""
        return self.folder / "prediction_output"

    @property
    def scoring(self) -> Path:
        """The folder of scoring's output, if it was kept."""
        return self.folder / "scoring_output"


class StepFailed(Exception):  # noqa: N818 - what the platform shows, not an error of this program
    """The platform gives up on the submission; the message is what it shows."""


def emulate(
    task: Task,
    submission: Path,
    platform: PlatformName,
    runner: Runner,
    out: Path,
    enforce_limit: bool | None = None,
) -> PlatformVerdict:
    """Return what a platform would show for a submission.

    Args:
        task: The bundle's phase.
        submission: The zip a participant uploads, or a folder with its content.
        platform: The platform whose rules apply.
        runner: Containers, or a folder tree.
        out: Folder for logs and outputs; emptied first.
        enforce_limit: Whether the time limit is enforced; None for the platform's default.

    Raises:
        OrganiserError: A step cannot be started on this machine.
        BundleError: The bundle lacks a program.
    """
    rules = PLATFORMS[platform]
    enforced = rules.enforces_limit if enforce_limit is None else enforce_limit
    worker = _Worker(task, rules, runner, out, task.time_limit_s if enforced else None)
    outcome = PlatformVerdict(out)
    try:
        worker.predict(submission)
        outcome.posted, outcome.details = worker.run_scoring()
        outcome.status = "Finished"
    except StepFailed as failure:
        outcome.details = str(failure)
    return outcome


class _Worker:
    """The platform's worker: runs one submission in two steps."""

    def __init__(
        self, task: Task, rules: Rules, runner: Runner, out: Path, limit_s: float | None
    ) -> None:
        self._task = task
        self._rules = rules
        self._runner = runner
        self._limit_s = limit_s
        self._out = out
        try:
            shutil.rmtree(out, ignore_errors=False) if out.exists() else None
            self._logs = _made(out / "logs")
        except OSError as error:
            raise OrganiserError(f"cannot empty {out}: {error}; choose another --out") from None

    def predict(self, submission: Path) -> None:
        """Run ingestion, and the submission itself if it names a command."""
        run = self._out / "prediction"
        program, output = _made(run / "program"), _made(run / "output")
        try:
            unpack(submission, program)
        except BundleError as error:
            raise StepFailed(f"the submission cannot be unzipped: {error}") from None
        mounts = {f"{APP}/output": output}
        if "input_data" in self._task.parts:
            mounts[f"{APP}/input_data"] = self._unpacked("input_data", run / "input_data")
        steps = []
        if not any((program / name).is_file() for name in METADATA_NAMES):
            shutil.copytree(program, output, dirs_exist_ok=True)
        elif (own := command_of(program, "submission")) is not None:
            steps.append(self._step("submission", own, {**mounts, f"{APP}/program": program}))
        if "ingestion_program" in self._task.parts:
            ingestion = self._unpacked("ingestion_program", run / "ingestion_program")
            inside = {
                **mounts,
                f"{APP}/program": ingestion,
                f"{APP}/ingested_program": program,
            }
            steps.append(self._step("ingestion", command_of(ingestion, "ingestion"), inside))
        self._run(steps, output, self._out / "prediction_output")

    def run_scoring(self) -> tuple[dict[str, float], str]:
        """Run scoring and return the columns posted, or none with the reason."""
        run = self._out / "scoring"
        output, inputs = _made(run / "output"), _made(run / "input")
        shutil.copytree(self._out / "prediction_output", inputs / "res")
        if "reference_data" in self._task.parts:
            self._unpacked("reference_data", inputs / "ref")
        program = self._unpacked("scoring_program", run / "program")
        mounts = {
            f"{APP}/program": program,
            f"{APP}/output": output,
            f"{APP}/input": inputs,
            f"{APP}/shared": _made(run / "shared"),
        }
        step = self._step("scoring", command_of(program, "scoring"), mounts)
        self._run([step], output, self._out / "scoring_output")
        return _posted(_read_scores(self._out / "scoring_output"), self._task.columns)

    def _run(self, steps: list[Step], output: Path, kept: Path) -> None:
        """Run the programs of a step and keep its output like the platform does."""
        ended = dict(
            zip((step.kind for step in steps), self._runner.run(steps, self._limit_s), strict=True)
        )
        main = "scoring" if "scoring" in ended else "ingestion"
        struck = any(end.exit_code is None for end in ended.values())
        if struck and not self._rules.keeps_stopped_output:
            raise StepFailed(f"Execution Time Limit exceeded. Limit was {self._limit_s} seconds")
        if (output / "metadata").exists():
            raise StepFailed(
                "Error, the output directory already contains a metadata file. This file is used "
                "by the platform"
            )
        status = {
            f"{'ingestion' if kind == 'ingestion' else 'program'}{name}": value
            for kind, end in ended.items()
            for name, value in (("ExitCode", end.exit_code), ("ElapsedTime", end.elapsed_s))
        }
        (output / "metadata").write_text(yaml.safe_dump(status))
        shutil.copytree(output, kept)
        if struck:
            raise StepFailed(f"Execution time limit exceeded. Limit was {self._limit_s} seconds")
        code = ended[main].exit_code if main in ended else 0
        if code != 0 and (main == "scoring" or self._rules.stops_on_ingestion_error):
            raise StepFailed(f"the {main} program ended with exit code {code}")

    def _step(
        self, kind: StepKind, command: tuple[str, ...] | None, mounts: Mapping[str, Path]
    ) -> Step:
        assert command is not None
        return Step(kind, command, mounts, self._logs)

    def _unpacked(self, part: str, target: Path) -> Path:
        if part not in self._task.parts:
            raise BundleError(
                f"phase {self._task.phase} has no {part}; `zcnas bundle-check` names missing parts"
            )
        _made(target)
        unpack(self._task.parts[part], target)
        return target


def _made(folder: Path) -> Path:
    """Create a folder that any user may write to, as the container's root cannot override modes."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    return folder


def _read_scores(output: Path) -> Any:
    if (output / "scores.json").is_file():
        try:
            return json.loads((output / "scores.json").read_text())
        except ValueError as error:
            raise StepFailed(f"Could not decode scores json properly: {error}") from None
    if (output / "scores.txt").is_file():
        return yaml.safe_load((output / "scores.txt").read_text())
    raise StepFailed("Could not find scores file, did the scoring program output it?")


def _posted(scores: Any, columns: tuple[str, ...]) -> tuple[dict[str, float], str]:
    """Return the columns that a leaderboard stores, or none if one score cannot be stored."""
    if not isinstance(scores, dict):
        return {}, "no score is posted: the scores are not a mapping"
    for key, value in scores.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            return {}, f"no score is posted: {key} is {value!r}, not a number"
        if not math.isfinite(value) or abs(value) >= MAX_SCORE:
            return {}, f"no score is posted: {key} is {value}"
    known = {key: round(float(scores[key]), SCORE_DECIMALS) for key in columns if key in scores}
    missing = [key for key in columns if key not in scores]
    return known, f"columns without a score: {', '.join(missing)}" if missing else ""
