"""``run.sealed``: everything ingestion tells scoring on a platform, in one sealed file.

Each line is a seal, a blank and a JSON object with a ``type``:

    start      phase, digests of the input data and of the submission, limits, when
    answer     what became of one architecture; one line per answer
    combined   what the submission's ``combine`` made of a benchmark's answers
    manifest   how a benchmark's answers came about
    printed    what the submission printed
    refused    why the submission was not run, or not to its end
    failed     what this machine failed at; then there is no end
    ended      the last line

A seal covers all lines before it, so nothing can be changed, left out, swapped, or taken from
another run. Without its last line a record is that of a run which was killed.

Beside it lies an empty file whose name is the submission's digest. Where a platform copies a
submission's files over ingestion's output, they can bring the record of another submission, but
they cannot take that name away, and no file can bear the digest of files that it is one of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from zcnas.errors import OrganiserError
from zcnas.hosted.phase import HOSTED_PHASE_FILE
from zcnas.hosted.regular_files import read_regular
from zcnas.hosted.seals import Seals
from zcnas.phases import Limits, Phase
from zcnas.words.combined import Combined, with_scores
from zcnas.words.records import Manifest, Prediction
from zcnas.words.result_files import OWNER, RUN_RECORD


class Start(msgspec.Struct, frozen=True, kw_only=True, tag="start"):
    """The first line: what is run, on what, under which limits.

    Attributes:
        phase: Its name in ``phases.toml``.
        files: SHA-256 of every file of the input data by name, ``phase.json`` included.
        submission_sha256: Digest of the submission's content; empty if intake refused it.
        limits: The phase's.
        unconfined: What this machine's kernel lacks to confine a submission; nothing if it is.
        started_at: In UTC.
    """

    phase: str
    files: dict[str, str]
    submission_sha256: str
    limits: Limits
    unconfined: tuple[str, ...]
    started_at: str


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag="answer"):
    """What became of one architecture.

    Attributes:
        benchmark: The benchmark's key.
        prediction: A line of its predictions.
    """

    benchmark: str
    prediction: Prediction


class Told(msgspec.Struct, frozen=True, kw_only=True, tag="manifest"):
    """How a benchmark's answers came about; a later line replaces an earlier one.

    Attributes:
        manifest: The benchmark's manifest.
    """

    manifest: Manifest


class Combining(msgspec.Struct, frozen=True, kw_only=True, tag="combined"):
    """What ``combine`` made of a benchmark's answers, which are in parts.

    Attributes:
        combined: Its scores, or why there are none.
    """

    combined: Combined


class Printed(msgspec.Struct, frozen=True, kw_only=True, tag="printed"):
    """What the submission printed since the last such line.

    Attributes:
        benchmark: The benchmark's key.
        text: What it printed.
    """

    benchmark: str
    text: str


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """Why the submission was not run, or not to its end; the participant's fault.

    Attributes:
        reason: In words.
    """

    reason: str


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """What this machine failed at; no participant's fault.

    Attributes:
        reason: In words.
    """

    reason: str


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """The last line of a run that was not stopped from outside.

    Attributes:
        wall_time_s: Wall seconds of the whole run.
    """

    wall_time_s: float


Line = Start | Answer | Combining | Told | Printed | Refused | Failed | Ended
_LINE = msgspec.json.Decoder(Line)


@dataclass
class RunRecord:
    """What a record says, once every seal has been checked.

    Attributes:
        start: Its first line.
        answers: Benchmark key to what became of its architectures, in the order asked.
        combined: Benchmark key to what ``combine`` made of answers in parts.
        manifests: Benchmark key to how they came about.
        logs: Benchmark key to what the submission printed.
        refusal: Why the submission was refused; empty if it was not.
    """

    start: Start
    answers: dict[str, list[Prediction]] = field(default_factory=dict)
    combined: dict[str, Combined] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)
    refusal: str = ""

    def add(self, line: Line) -> None:
        """Take one more line."""
        if isinstance(line, Answer):
            self.answers.setdefault(line.benchmark, []).append(line.prediction)
        elif isinstance(line, Combining):
            self.combined[line.combined.benchmark] = line.combined
        elif isinstance(line, Told):
            self.manifests[line.manifest.public.benchmark] = line.manifest
        elif isinstance(line, Printed):
            self.logs[line.benchmark] = self.logs.get(line.benchmark, "") + line.text
        elif isinstance(line, Refused):
            self.refusal = line.reason

    def outcomes(self) -> dict[str, list[Prediction]]:
        """Return what became of the architectures of each benchmark, answers in parts combined."""
        return {
            key: with_scores(told, self.combined.get(key)) for key, told in self.answers.items()
        }


def seal_line(seals: Seals, line: Line) -> bytes:
    """Return a line as it stands in the file."""
    content = msgspec.json.encode(line)
    return seals.next(content) + b" " + content + b"\n"


def read_run_record(folder: Path, key: bytes) -> RunRecord:
    """Return the record in ingestion's output.

    Raises:
        OrganiserError: Says which check failed: no record, a line without its seal, a fault that
            ingestion reports, or no sealed end.
    """
    content = read_regular(folder / RUN_RECORD)
    if content is None:
        raise OrganiserError(
            f"ingestion left no {RUN_RECORD}: it was stopped before it started, or its output was "
            "removed"
        )
    lines = _sealed_lines(content, key)
    start = next(lines, None)
    if isinstance(start, Failed):
        raise OrganiserError(f"ingestion failed: {start.reason}")
    if not isinstance(start, Start):
        raise OrganiserError(f"{RUN_RECORD} has no sealed first line: ingestion was stopped early")
    record = RunRecord(start)
    ended = False
    for line in lines:
        if isinstance(line, Failed):
            raise OrganiserError(f"ingestion failed: {line.reason}")
        ended = isinstance(line, Ended)
        record.add(line)
    if not ended:
        answers = sum(map(len, record.answers.values()))
        raise OrganiserError(
            f"{RUN_RECORD} has no sealed last line: ingestion was stopped from outside after "
            f"{answers} answers; run the submission again"
        )
    _check_owner(folder, start)
    return record


def check_start(start: Start, phase: Phase, files: dict[str, str]) -> None:
    """Check that a run was of this phase and of the bundle's own input data.

    Args:
        start: The first line of its record.
        phase: In the reference data.
        files: SHA-256 of the input data's files by name, from the reference data.

    Raises:
        OrganiserError: Says what differs.
    """
    if start.phase != phase.name:
        raise OrganiserError(
            f"{RUN_RECORD} is of phase '{start.phase}', and this is phase '{phase.name}'"
        )
    if start.limits != phase.limits:
        raise OrganiserError(
            f"the limits in {RUN_RECORD} are not the phase's: {start.limits} where "
            f"{phase.limits} are set"
        )
    for name in sorted(start.files.keys() | files.keys()):
        if start.files.get(name) != files.get(name):
            what = "the phase" if name == HOSTED_PHASE_FILE else "the input data"
            raise OrganiserError(
                f"ingestion read another {name} than this bundle's reference data belongs to, so "
                f"{what} differs: ingestion program and reference data come from different bundles"
            )


def owner_name(start: Start) -> str:
    """Return the name of the file that says whose record it is."""
    return f"{OWNER}{start.submission_sha256 or 'refused'}"


def _check_owner(folder: Path, start: Start) -> None:
    """Check that a record is of the submission that ingestion ran.

    Raises:
        OrganiserError: It is of another, or the file that says so is gone.
    """
    found = {path.name for path in folder.iterdir() if path.name.startswith(OWNER)}
    if found != {owner_name(start)}:
        raise OrganiserError(
            f"{RUN_RECORD} is of {owner_name(start)}, and beside it lies "
            f"{', '.join(sorted(found)) or 'no file that says so'}: it is the record of another "
            "submission, or another process has changed the output"
        )


def _sealed_lines(content: bytes, key: bytes) -> Iterator[Line]:
    """Yield the lines of a record; a last line that was cut off is left out.

    Raises:
        OrganiserError: A line does not bear its seal.
    """
    seals = Seals(key)
    for number, text in enumerate(content.split(b"\n")[:-1], start=1):
        seal, _, line = text.partition(b" ")
        if not seals.bears(line, seal):
            raise OrganiserError(
                f"line {number} of {RUN_RECORD} does not bear its seal: "
                + (
                    "another bundle's ingestion program wrote it, or another process"
                    if number == 1
                    else "another process has changed the file"
                )
            )
        yield _LINE.decode(line)
