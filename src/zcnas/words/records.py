"""The files that programs pass to each other: their fields, writers and checked readers.

Data flows in one direction, with a file between programs: ``BenchmarkInput`` goes into ingestion,
``Prediction`` lines and a ``Manifest`` come out, and scoring joins them with ``Reference``. Every
file is JSON without NaN or infinities. Readers raise this project's errors and name the file and
the position; nothing else is trusted.
"""

from __future__ import annotations

import datetime
import math
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from zcnas.benchmarks import is_percentage
from zcnas.errors import InputDataError, PredictionError, ReferenceDataError
from zcnas.words.hygiene import Calibration, Throttling
from zcnas.words.json_files import read_json as read_json
from zcnas.words.json_files import write_json as write_json
from zcnas.words.parts import MAX_PART_NAME, MAX_PARTS
from zcnas.words.tracks import ZERO_SHOT, Track

Status = Literal["ok", "error", "timeout", "memory", "killed", "invalid", "not_reached"]
"""What happened to one architecture; ``STATUSES`` explains each value."""
MISSING = "missing"
"""The status of an architecture in the reference that has no line in the predictions."""
STATUSES: dict[str, str] = {
    "ok": "answered with a score",
    "error": "raised an exception",
    "timeout": "went over a time limit",
    "memory": "went over the memory limit",
    "killed": "its process died",
    "invalid": "did not answer with one usable number",
    "not_reached": "the benchmark's time was over before its turn",
    MISSING: "has no prediction",
}
"""Every status with its meaning, in words for participants; all except ``ok`` are failures."""

_LARGEST = sys.float_info.max
Finite = Annotated[float, msgspec.Meta(ge=-_LARGEST, le=_LARGEST)]
"""Every float64 except NaN and the infinities."""
NonNegative = Annotated[float, msgspec.Meta(ge=0, le=_LARGEST)]
Number = Finite | Literal["inf", "-inf"]
"""Every float64 except NaN, as it stands in a file."""
Parts = Annotated[
    dict[Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_PART_NAME)], Number],
    msgspec.Meta(min_length=1, max_length=MAX_PARTS),
]
Token = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8,64}$")]
Share = Literal["all", "shown", "deciding"]
"""Of a draw's architectures: which of them a reference has; ``shares.py`` explains them."""


class Architecture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An architecture to score.

    Attributes:
        id: A random token, which says nothing about the architecture.
        spec: The search space's canonical string.
    """

    id: Token
    spec: str


class BenchmarkInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``input_data/<benchmark>.json``: what ingestion needs to know about a benchmark.

    Attributes:
        benchmark: Its key, such as ``nasbench201_cifar10``.
        search_space: The search space's name.
        dataset: The dataset's name.
        batch_size: Images in the minibatch.
        eval_seed: Seeds weights and minibatch.
        architectures: What is asked for, in this order.
    """

    benchmark: str
    search_space: str
    dataset: str
    batch_size: Annotated[int, msgspec.Meta(ge=1)]
    eval_seed: int
    architectures: tuple[Architecture, ...]


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``submissions.csv``: who submitted an entry, and when.

    Attributes:
        name: The submission's name.
        team: Whose it is; "" if it is a team of its own.
        received_at: When it arrived, with a time zone; None if that is not known.
        baseline: Whether it is the organiser's and competes with nobody.
        chosen: Whether its team wants it to count, in a phase that leaves the choice to teams.
    """

    name: str
    team: str = ""
    received_at: datetime.datetime | None = None
    baseline: bool = False
    chosen: bool = False


class Reference(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    """``reference_data/<phase>/<benchmark>.json``: the hidden half, and where it comes from.

    Attributes:
        benchmark: Its key.
        metric: What the accuracies are, such as "test accuracy".
        unit: Their unit, such as "percent".
        source: The table they come from.
        version: The table's version.
        table_sha256: Digest of the table's file.
        training_seeds: The smallest and largest number of training runs an accuracy averages.
        noise_ceiling: Kendall's tau-b between two training seeds; None if the table has only one.
        accuracies: From the id of an architecture to its accuracy; more is better.
        shown: Those of these ids that scores are shown on until the deadline; none in a phase that
            keeps nothing back.
        share: Which architectures of the draw these are.
        left_out: The ids of the others.
    """

    benchmark: str
    metric: str
    unit: str
    source: str
    version: str
    table_sha256: str
    training_seeds: tuple[int, int] = (1, 1)
    noise_ceiling: Annotated[float, msgspec.Meta(ge=-1, le=1)] | None = None
    accuracies: dict[Token, Finite]
    shown: tuple[Token, ...] = ()
    share: Share = "all"
    left_out: tuple[Token, ...] = ()

    @property
    def tokens(self) -> tuple[str, ...]:
        """The ids of all architectures of the draw."""
        return (*self.accuracies, *self.left_out)

    @property
    def provenance(self) -> str:
        """The table in one phrase: source, version, checksum, metric, unit and training seeds."""
        fewest, most = self.training_seeds
        seeds = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        return (
            f"{self.source} {self.version} (SHA-256 {self.table_sha256[:12]}…): {self.metric} "
            f"({self.unit}), {seeds} training seed{'s' if most > 1 else ''}"
        )


class Prediction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line of ``<benchmark>.predictions.jsonl``.

    Attributes:
        id: The architecture's id.
        status: What became of it, one of ``STATUSES``.
        score: The predictor's number, "inf" or "-inf" for an infinite one; None for a failure, and
            for an answer in parts until ``combine`` has made a score of them.
        wall_time_s: Wall seconds of the query.
        cpu_time_s: CPU seconds of the query, all its processes together.
        peak_memory_mb: The query's largest memory, in MiB.
        message: Why it failed; "" if it did not.
        parts: An answer's named numbers; left out of the line of an answer that is one number.
    """

    id: Token
    status: Status
    score: Number | None = None
    wall_time_s: NonNegative = 0.0
    cpu_time_s: NonNegative = 0.0
    peak_memory_mb: NonNegative = 0.0
    message: str = ""
    parts: Parts | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        answered = self.score is not None or self.parts is not msgspec.UNSET
        if (self.status == "ok") != answered:
            raise ValueError(
                f"status '{self.status}' contradicts score {self.score!r}: exactly the status "
                "'ok' has a score, or parts of one"
            )

    @property
    def is_open(self) -> bool:
        """Whether it is an answer in parts of which no score has been made yet."""
        return self.status == "ok" and self.score is None

    @property
    def value(self) -> float | None:
        """The score as a number, infinities included; None for a failure."""
        return None if self.score is None else float(self.score)


_PREDICTIONS = msgspec.json.Decoder(Prediction)


def encode_score(score: float) -> Number:
    """Return the JSON form of a score, which must not be NaN."""
    if math.isinf(score):
        return "inf" if score > 0 else "-inf"
    return score


class PublicManifest(msgspec.Struct, frozen=True, kw_only=True):
    """How a benchmark's predictions were made: the part everybody may see.

    Attributes:
        benchmark: Its key.
        submission: The submission's name.
        submission_sha256: Digest of its content.
        method: The predictor's own name for what it does.
        isolation: What kept the submission apart, in words.
        data_source: Where the minibatch comes from.
        batch_size: Images in the minibatch.
        architectures: How many were asked for.
        limits: The phase's, by name, in the units their names end with.
        versions: Of Python and of the packages that scores depend on.
        bounds: What bounded all processes of a query together; "" in an earlier version's.
        cpu_model: The processor's name.
        setup_status: What became of the set-up, one of ``STATUSES``.
        setup_message: Why it failed; "" if it did not.
        start_up_s: Wall seconds until the worker answered for the first time.
        setup_wall_s: Wall seconds of the predictor's set-up.
        worker_starts: How often a worker was started; more than once after one that died.
        wall_time_s: Wall seconds of the whole benchmark.
        cpu_time_s: CPU seconds of all queries together.
        combines: Whether answers are in parts, of which the submission's ``combine`` makes scores.
        track: The track the submission states.
        labels: How many labelled architectures it was given.
        fit_wall_s: Wall seconds of its ``fit``, in the last worker that was started.
        fit_cpu_s: CPU seconds of the same.
        reference_factors: In a phase with limits in reference seconds: how many CPU seconds one
            was, of each CPU that took part; times of queries are then in reference seconds too.
    """

    benchmark: str
    submission: str
    submission_sha256: str
    method: str
    isolation: str
    data_source: str
    batch_size: int
    architectures: int
    limits: dict[str, int]
    versions: dict[str, str]
    bounds: str = ""
    cpu_model: str
    setup_status: Status
    setup_message: str
    start_up_s: float
    setup_wall_s: float
    worker_starts: int
    wall_time_s: float
    cpu_time_s: float
    combines: bool = False
    track: Track = ZERO_SHOT
    labels: int = 0
    fit_wall_s: float = 0.0
    fit_cpu_s: float = 0.0
    reference_factors: tuple[float, ...] = ()


class OrganiserManifest(msgspec.Struct, frozen=True, kw_only=True):
    """How a benchmark's predictions were made: the part only the organiser may see.

    Attributes:
        eval_seed: Seeds weights and minibatch.
        input_sha256: Digest of the benchmark's input file.
        cpu: The number of the CPU that the worker was pinned to.
        image: Digest of the image it ran in; "" without one.
        started_at: In UTC.
        calibrations: How fast the CPUs were at its start, every ten minutes, and at its end.
        throttling: How often heat had slowed them down before it and after it; empty where the
            kernel does not count.
    """

    eval_seed: int
    input_sha256: str
    cpu: int
    image: str
    started_at: str
    calibrations: tuple[Calibration, ...] = ()
    throttling: tuple[Throttling, ...] = ()


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """``<benchmark>.manifest.json``.

    Attributes:
        public: What everybody may see.
        organiser: What only the organiser may see.
    """

    public: PublicManifest
    organiser: OrganiserManifest


def read_input(path: Path) -> BenchmarkInput:
    """Return ``input_data/<benchmark>.json``.

    Raises:
        InputDataError: The file is missing or malformed, or contains an id twice.
    """
    data = read_json(path, BenchmarkInput, InputDataError)
    if repeated := _repeated(architecture.id for architecture in data.architectures):
        raise InputDataError(
            f"{path} contains duplicate ids: {', '.join(repeated)}; draw the benchmark again"
        )
    return data


def read_reference(path: Path) -> Reference:
    """Return ``reference_data/<phase>/<benchmark>.json``.

    Raises:
        ReferenceDataError: The file is missing or malformed, has what is no percentage where the
            unit says so, or all its accuracies are equal, so they rank nothing.
    """
    reference = read_json(path, Reference, ReferenceDataError)
    for token, value in reference.accuracies.items():
        if reference.unit == "percent" and not is_percentage(reference.benchmark, value):
            raise ReferenceDataError(
                f"{path} has the accuracy {value} for {token}, which is not a percentage: expected "
                "0 to 100, and nothing far below chance, as a fraction is; draw the benchmark again"
            )
    if strangers := set(reference.shown) - set(reference.accuracies):
        raise ReferenceDataError(
            f"{path} shows {min(strangers)}, of which it has no accuracy; draw the benchmark again"
        )
    if len(set(reference.accuracies.values())) < 2:
        raise ReferenceDataError(
            f"{path} does not contain two different accuracies, so there is nothing to rank; draw "
            "the benchmark again"
        )
    return reference


def read_predictions(path: Path) -> list[Prediction]:
    """Return the lines of a predictions file, in the order they were written.

    A truncated last line, as left by a crash during a write, is dropped; all lines before it are
    kept.

    Raises:
        PredictionError: The file is missing, any other line is malformed, or an id appears twice.
    """
    try:
        content = path.read_bytes()
    except OSError as reason:
        raise PredictionError(f"cannot read {path}: {reason.strerror}") from None
    return parse_predictions(content, path)


def parse_predictions(content: bytes, path: Path) -> list[Prediction]:
    """Return the predictions in a file's content; for details see ``read_predictions``."""
    try:
        predictions = _PREDICTIONS.decode_lines(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        predictions = []
    if len(predictions) != content.count(b"\n"):  # anything but one line per prediction
        predictions = _parse_one_by_one(content, path)
    if repeated := _repeated(prediction.id for prediction in predictions):
        raise PredictionError(
            f"{path} has more than one prediction for {', '.join(repeated)}; run the ingestion "
            "again"
        )
    return predictions


def _parse_one_by_one(content: bytes, path: Path) -> list[Prediction]:
    """Return all lines except a truncated last one; raise an error naming a malformed line."""
    lines = content.split(b"\n")
    predictions = []
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            predictions.append(_PREDICTIONS.decode(line))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as reason:
            if number == len(lines):
                break  # no newline after it: the writer died in the middle of this line
            raise PredictionError(f"{path}, line {number} is malformed: {reason}") from None
    return predictions


def _repeated(ids: Iterable[str]) -> list[str]:
    counts = Counter(ids)
    return sorted(token for token, count in counts.items() if count > 1)
