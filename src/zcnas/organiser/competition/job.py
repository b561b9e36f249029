"""What a host is told and what it answers: values that can be sent to another machine.

A job carries everything it needs and nothing a participant must not see: no accuracy, no draw seed,
no credential, no path. What comes back is a record from outside: bytes, decoded and checked here,
never unpickled. Seeds depend on the architecture alone, so neither the shard nor the host decides a
score.
"""

from __future__ import annotations

import io
from typing import TypeVar

import msgspec
import numpy as np

from zcnas.datasets import Minibatch
from zcnas.errors import OrganiserError
from zcnas.phases import Limits
from zcnas.records import BenchmarkInput, Manifest, Prediction

MAX_RESULT_BYTES = 256 << 20


class MinibatchOrder(msgspec.Struct, frozen=True, kw_only=True):
    """How a host gets the minibatch.

    Attributes:
        source: Where it comes from, one phrase.
        sha256: Digest of its arrays; a host whose minibatch differs refuses the job.
        content: The arrays, if the host cannot make them from the benchmark and its seed.
    """

    source: str
    sha256: str
    content: bytes | None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One submission on a shard of one benchmark's architectures.

    Attributes:
        number: Which job of its run this is.
        submission: The submission's name.
        submission_sha256: Digest of its content.
        archive: The accepted files as a zip.
        data: The benchmark with the architectures of this shard, and the evaluation seed.
        limits: The phase's limits.
        used_cpu_s: CPU seconds of the benchmark's limit used by architectures before the shard.
        used_wall_s: The same of its wall seconds.
        minibatch: How to get the minibatch.
        program_sha256: Digest of the worker's program; a host with another one refuses the job.
        image: Digest of what the container's image is built from; "" for none.
    """

    number: int
    submission: str
    submission_sha256: str
    archive: bytes
    data: BenchmarkInput
    limits: Limits
    used_cpu_s: float
    used_wall_s: float
    minibatch: MinibatchOrder
    program_sha256: str
    image: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a host says while a job runs: one more architecture is done.

    Attributes:
        job: The job's number.
        prediction: What became of the architecture.
        log: What the participant printed since the last report.
        manifest: With the first report of a job, the manifest as it stands.
    """

    job: int
    prediction: Prediction
    log: str = ""
    manifest: Manifest | None = None


class JobResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a host says at the end of a job.

    Attributes:
        job: The job's number.
        host: The host's name.
        predictions: One per architecture; fewer if there is a fault.
        manifest: How they came about; None if no worker was started.
        log: What the participant printed since the last report.
        fault: Why this machine could not finish the job; "" if it did.
    """

    job: int
    host: str
    predictions: tuple[Prediction, ...]
    manifest: Manifest | None
    log: str
    fault: str

    @classmethod
    def of_fault(cls, job: Job, host: str, fault: str) -> bytes:
        """Return the encoded result of a job that could not begin."""
        result = cls(job=job.number, host=host, predictions=(), manifest=None, log="", fault=fault)
        return msgspec.json.encode(result)


_T = TypeVar("_T", Report, JobResult)


def decode_report(content: object, job: Job) -> Report:
    """Return a host's report on a job.

    Raises:
        OrganiserError: It is none, or speaks of something else.
    """
    report = _decode(content, Report, job)
    _check(job, (report.prediction,), report.manifest)
    return report


def decode_result(content: object, job: Job) -> JobResult:
    """Return a host's result of a job.

    Raises:
        OrganiserError: It is none, speaks of something else, or is incomplete without a fault.
    """
    result = _decode(content, JobResult, job)
    _check(job, result.predictions, result.manifest)
    missing = len(job.data.architectures) - len(result.predictions)
    if not result.fault and (missing or result.manifest is None):
        raise OrganiserError(
            f"host {result.host!r} left out {missing} predictions or the manifest of "
            f"{job.submission} on {job.data.benchmark}; look at that host, then start the run again"
        )
    return result


def encode_minibatch(minibatch: Minibatch) -> bytes:
    """Return the arrays of a minibatch as bytes that no pickle is needed to read."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, inputs=minibatch.inputs, targets=minibatch.targets)
    return buffer.getvalue()


def decode_minibatch(content: bytes, source: str) -> Minibatch:
    """Return the minibatch in the bytes of ``encode_minibatch``."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return Minibatch(arrays["inputs"], arrays["targets"], source)


def _decode(content: object, record: type[_T], job: Job) -> _T:
    if not isinstance(content, bytes) or len(content) > MAX_RESULT_BYTES:
        raise OrganiserError(
            f"a host answered {job.submission} on {job.data.benchmark} with "
            f"{type(content).__name__} instead of at most {MAX_RESULT_BYTES} bytes; "
            f"install the same version on every host"
        )
    try:
        decoded = msgspec.json.decode(content, type=record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise OrganiserError(
            f"a host's {record.__name__} on {job.submission}, {job.data.benchmark} is malformed: "
            f"{error}; install the same version on every host"
        ) from None
    if decoded.job != job.number:
        raise OrganiserError(f"a host answered job {decoded.job} when asked for {job.number}")
    return decoded


def _check(job: Job, predictions: tuple[Prediction, ...], manifest: Manifest | None) -> None:
    """Raise if predictions or manifest are not of this job."""
    asked = {architecture.id for architecture in job.data.architectures}
    told = [prediction.id for prediction in predictions]
    if foreign := sorted(set(told) - asked):
        raise OrganiserError(
            f"a host answered for architectures nobody asked for: {', '.join(foreign[:3])}"
        )
    if len(set(told)) != len(told):
        raise OrganiserError("a host answered for one architecture twice")
    if manifest is not None:
        public = manifest.public
        said = (public.benchmark, public.submission, public.submission_sha256)
        meant = (job.data.benchmark, job.submission, job.submission_sha256)
        if said != meant:
            raise OrganiserError(f"a host's manifest speaks of {said} instead of {meant}")
