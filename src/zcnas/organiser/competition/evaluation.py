"""What a host is told and what it reports: values that can be sent to another machine.

An evaluation carries everything it needs and nothing a participant must not see: no accuracy, no
draw seed, no credential, no path. What comes back is a record from outside: bytes, decoded and
checked here, never unpickled. Seeds depend on the architecture alone, so neither the shard nor the
host decides a score.
"""

from __future__ import annotations

import msgspec

from zcnas.errors import OrganiserError
from zcnas.phases import Limits
from zcnas.records import BenchmarkInput, Manifest, Prediction

MAX_REPORT_BYTES = 256 << 20


class MinibatchOrder(msgspec.Struct, frozen=True, kw_only=True):
    """How a host gets the minibatch.

    Attributes:
        sha256: Digest of its arrays; a host whose minibatch differs refuses.
        content: The minibatch frozen, if a host cannot make it from the benchmark and its seed.
    """

    sha256: str
    content: bytes | None


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """One submission on a shard of one benchmark's architectures.

    Attributes:
        submission: The submission's name.
        submission_sha256: Digest of its content.
        archive: The accepted files as a zip.
        data: The benchmark with the architectures of this shard, and the evaluation seed.
        limits: The phase's limits.
        used_cpu_s: CPU seconds of the benchmark's limit used by architectures before the shard.
        used_wall_s: The same of its wall seconds.
        second_chance: Whether a query of this shard that waited for its CPU may be asked again.
        minibatch: How to get the minibatch.
        plugins: Distributions whose code is part of the worker's program.
        program_sha256: Digest of the worker's program; a host with another one refuses.
        image: Digest of what the container's image is built from; "" for none.
    """

    submission: str
    submission_sha256: str
    archive: bytes
    data: BenchmarkInput
    limits: Limits
    used_cpu_s: float
    used_wall_s: float
    second_chance: bool
    minibatch: MinibatchOrder
    plugins: tuple[str, ...] = ()
    program_sha256: str
    image: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a host says while an evaluation runs, and at its end.

    Attributes:
        benchmark: The benchmark.
        submission_sha256: Digest of the submission's content.
        prediction: What became of one more architecture; None at the end, for the rest.
        log: What the participant printed since the last report.
        manifest: The manifest as it stands, before the first prediction and at the end.
        waiting: What the host waits for before it begins, then ""; None in any other report.
    """

    benchmark: str
    submission_sha256: str
    prediction: Prediction | None = None
    log: str = ""
    manifest: Manifest | None = None
    waiting: str | None = None


def decode_report(content: object, evaluation: Evaluation) -> Report:
    """Return a host's report on an evaluation.

    Raises:
        OrganiserError: It is malformed, or concerns something else.
    """
    where = f"{evaluation.submission} on {evaluation.data.benchmark}"
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
    if said != (evaluation.data.benchmark, evaluation.submission_sha256):
        raise OrganiserError(f"a host reported on {said} instead of {where}")
    asked = evaluation.data.architectures
    told = report.prediction
    if told is not None and not any(told.id == architecture.id for architecture in asked):
        raise OrganiserError(
            f"a host reported on an architecture that was not requested: {told.id}"
        )
    if report.manifest is not None:
        _check_manifest(report.manifest, evaluation)
    return report


def _check_manifest(manifest: Manifest, evaluation: Evaluation) -> None:
    public = manifest.public
    said = (public.benchmark, public.submission, public.submission_sha256)
    meant = (evaluation.data.benchmark, evaluation.submission, evaluation.submission_sha256)
    if said != meant:
        raise OrganiserError(f"a host's manifest is of {said} instead of {meant}")
