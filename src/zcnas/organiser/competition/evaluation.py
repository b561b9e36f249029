"""What a host is told and what it reports: values that can be sent to another machine.

An evaluation carries everything it needs and nothing a participant must not see: no accuracy that
is judged, no draw seed, no credential, no path. What comes back is a record from outside: bytes,
decoded and checked here, never unpickled. Seeds depend on the architecture alone, so neither the
shard nor the host decides a score.
"""

from __future__ import annotations

import msgspec

from zcnas.errors import OrganiserError
from zcnas.phases import Limits
from zcnas.words.combined import CombineOutcome
from zcnas.words.labels import Labels
from zcnas.words.records import BenchmarkInput, Manifest, Parts, Prediction

MAX_REPORT_BYTES = 256 << 20


class MinibatchOrder(msgspec.Struct, frozen=True, kw_only=True):
    """How a host gets the minibatch.

    Attributes:
        sha256: Digest of its arrays; a host whose minibatch differs refuses.
        content: The minibatch frozen, if a host cannot make it from the benchmark and its seed.
    """

    sha256: str
    content: bytes | None


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What a host is told whatever it is to do: one submission on one benchmark.

    Attributes:
        submission: The submission's name.
        submission_sha256: Digest of its content.
        archive: The accepted files as a zip.
        data: The benchmark and the evaluation seed.
        limits: The phase's limits.
        plugins: Distributions whose code is part of the worker's program.
        program_sha256: Digest of the worker's program; a host with another one refuses.
        image: Digest of what the container's image is built from; "" for none.
        labels: The benchmark's labelled architectures, if the submission's track is given them.
        paced: Whether the limits of time follow the calibration of the host's CPU.
        run: What tells this run from others, for whoever does tasks of several.
    """

    submission: str
    submission_sha256: str
    archive: bytes
    data: BenchmarkInput
    limits: Limits
    plugins: tuple[str, ...] = ()
    program_sha256: str
    image: str
    labels: Labels | None = None
    paced: bool = False
    run: str = ""


class Evaluation(Task, frozen=True, kw_only=True):
    """A task to ask for a shard of the benchmark's architectures, which ``data`` holds.

    Attributes:
        used_cpu_s: CPU seconds of the benchmark's limit used by architectures before the shard.
        used_wall_s: The same of its wall seconds.
        second_chance: Whether a query of this shard that waited for its CPU may be asked again.
        minibatch: How to get the minibatch.
    """

    used_cpu_s: float
    used_wall_s: float
    second_chance: bool
    minibatch: MinibatchOrder


class Combination(Task, frozen=True, kw_only=True):
    """A task to combine the answers of a whole benchmark; ``data`` holds no architecture.

    Attributes:
        answers: Named numbers of each architecture, in the order they are combined in.
        minibatch: How to get the minibatch, for a ``fit`` before it; None where there is none.
    """

    answers: tuple[Parts, ...]
    minibatch: MinibatchOrder | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a host says while an evaluation runs, and at its end.

    Attributes:
        benchmark: The benchmark.
        submission_sha256: Digest of the submission's content.
        prediction: What became of one more architecture; None at the end, for the rest.
        log: What the participant printed since the last report.
        manifest: The manifest as it stands, before the first prediction and at the end.
        combined: What became of the call of ``combine``; None unless that was the task.
        waiting: What the host waits for before it begins, then ""; None in any other report.
    """

    benchmark: str
    submission_sha256: str
    prediction: Prediction | None = None
    log: str = ""
    manifest: Manifest | None = None
    combined: CombineOutcome | None = None
    waiting: str | None = None


def decode_report(content: object, task: Task) -> Report:
    """Return a host's report on a task.

    Raises:
        OrganiserError: It is malformed, or concerns something else.
    """
    where = f"{task.submission} on {task.data.benchmark}"
    if not isinstance(content, bytes) or len(content) > MAX_REPORT_BYTES:
        raise OrganiserError(
            f"a host reported on {where} with {type(content).__name__} instead of at most "
            f"{MAX_REPORT_BYTES} bytes; install the same version on every host"
        )
    try:
        report = msgspec.json.decode(content, type=Report)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise OrganiserError(
            f"a host's report on {where} is malformed: {error}; install the same version on every "
            "host"
        ) from None
    said = (report.benchmark, report.submission_sha256)
    if said != (task.data.benchmark, task.submission_sha256):
        raise OrganiserError(f"a host reported on {said} instead of {where}")
    asked = task.data.architectures
    told = report.prediction
    if told is not None and not any(told.id == architecture.id for architecture in asked):
        raise OrganiserError(
            f"a host reported on an architecture that was not requested: {told.id}"
        )
    if report.manifest is not None:
        _check_manifest(report.manifest, task)
    if report.combined is not None:
        _check_combined(report.combined, task)
    return report


def _check_combined(outcome: CombineOutcome, task: Task) -> None:
    expected = len(task.answers) if isinstance(task, Combination) else -1
    if len(outcome.scores) != (expected if outcome.status == "ok" else 0):
        raise OrganiserError(
            f"a host returned {len(outcome.scores)} combined scores, status {outcome.status}, of "
            f"{task.submission} on {task.data.benchmark}; install the same version on every host"
        )


def _check_manifest(manifest: Manifest, task: Task) -> None:
    public = manifest.public
    said = (public.benchmark, public.submission, public.submission_sha256)
    meant = (task.data.benchmark, task.submission, task.submission_sha256)
    if said != meant:
        raise OrganiserError(f"a host's manifest is of {said} instead of {meant}")
