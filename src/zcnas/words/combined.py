"""``<benchmark>.combined.json``: the scores that ``combine`` made of answers in parts.

A submission whose queries return named numbers is asked once per benchmark to make one score of
each answer, knowing all of them. The answers travel without ids and in an order of their own; the
scores come back in a file beside the predictions, and only here the two are joined.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from zcnas.errors import PredictionError
from zcnas.words.parts import PLAIN
from zcnas.words.records import (
    BenchmarkInput,
    NonNegative,
    Number,
    Parts,
    Prediction,
    Status,
    Token,
    read_json,
    read_predictions,
)
from zcnas.words.result_files import COMBINED, ResultFiles
from zcnas.words.seeds import derive_seed, derive_token

PURPOSE = "combine"


class CombineOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one call of ``combine``.

    Attributes:
        status: One of ``STATUSES``; of every answer in parts, unless it is ``ok``.
        scores: One per answer, in the order of the answers; none if it failed.
        message: Why it failed; "" if it did not.
        wall_time_s: Wall seconds of the call.
        cpu_time_s: CPU seconds of the call, all its processes together.
        peak_memory_mb: Its largest memory, in MiB.
    """

    status: Status
    scores: tuple[Number, ...] = ()
    message: str = ""
    wall_time_s: NonNegative = 0.0
    cpu_time_s: NonNegative = 0.0
    peak_memory_mb: NonNegative = 0.0


class Combined(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``<benchmark>.combined.json``.

    Attributes:
        benchmark: The benchmark's key.
        answers_sha256: Digest of the answers that were combined.
        status: What became of the call, one of ``STATUSES``.
        message: Why it failed; "" if it did not.
        wall_time_s: Wall seconds of the call.
        cpu_time_s: CPU seconds of the call, all its processes together.
        peak_memory_mb: Its largest memory, in MiB.
        scores: From the id of an architecture to its score; none if the call failed.
    """

    benchmark: str
    answers_sha256: str
    status: Status
    message: str = ""
    wall_time_s: NonNegative = 0.0
    cpu_time_s: NonNegative = 0.0
    peak_memory_mb: NonNegative = 0.0
    scores: dict[Token, Number]

    def __post_init__(self) -> None:
        if (self.status == "ok") != bool(self.scores):
            raise ValueError(
                f"status '{self.status}' contradicts {len(self.scores)} scores: exactly the "
                "status 'ok' has any"
            )


def answers_of(predictions: Iterable[Prediction]) -> dict[str, Parts]:
    """Return the answers to combine by id; none where no query returned parts.

    A failed query is left out. A plain number among answers in parts becomes one of them.
    """
    valid = {each.id: each for each in predictions if each.status == "ok"}
    if not any(each.parts is not msgspec.UNSET for each in valid.values()):
        return {}
    return {token: _parts_of(each) for token, each in valid.items()}


def in_order(answers: Mapping[str, Parts], data: BenchmarkInput) -> dict[str, Parts]:
    """Return answers in the order they are combined in.

    It is a keyed digest of the ids, so it is the same for every submission and tells nothing of
    the draw.

    Args:
        answers: From id to named numbers.
        data: The benchmark, whose seed is the key.
    """

    def digest(token: str) -> str:
        return derive_token(PURPOSE, data.eval_seed, data.benchmark, token)

    return {token: answers[token] for token in sorted(answers, key=digest)}


def combine_seed(data: BenchmarkInput) -> int:
    """Return the seed of all randomness in ``combine``."""
    return derive_seed(data.eval_seed, data.benchmark, PURPOSE)


def digest_of_answers(answers: Mapping[str, Parts]) -> str:
    """Return the SHA-256 of answers, whatever their order."""
    digest = hashlib.sha256()
    for token in sorted(answers):
        digest.update(msgspec.json.encode((token, answers[token])))
    return digest.hexdigest()


def combined_of(benchmark: str, answers: Mapping[str, Parts], outcome: CombineOutcome) -> Combined:
    """Return the record of a call of ``combine`` on these answers, in this order."""
    scores = dict(zip(answers, outcome.scores, strict=True)) if outcome.status == "ok" else {}
    return Combined(
        benchmark=benchmark,
        answers_sha256=digest_of_answers(answers),
        status=outcome.status,
        message=outcome.message,
        wall_time_s=outcome.wall_time_s,
        cpu_time_s=outcome.cpu_time_s,
        peak_memory_mb=outcome.peak_memory_mb,
        scores=scores,
    )


def with_scores(predictions: Sequence[Prediction], combined: Combined | None) -> list[Prediction]:
    """Return predictions with the scores of those that had parts.

    All of them fail alike if ``combine`` failed, and stay open if it has not combined these very
    answers.

    Raises:
        PredictionError: The scores are not of the architectures whose answers were combined.
    """
    answers = answers_of(predictions)
    if not answers or combined is None or combined.answers_sha256 != digest_of_answers(answers):
        return [_opened(each) if each.id in answers else each for each in predictions]
    if combined.status == "ok" and combined.scores.keys() != answers.keys():
        strange = sorted(combined.scores.keys() ^ answers.keys())[0]
        raise PredictionError(
            f"{combined.benchmark}{COMBINED} has {len(combined.scores)} scores for "
            f"{len(answers)} answers, and {strange} is in one of them alone, so it is damaged: "
            "delete it and repeat the command that made it"
        )
    return [_scored(each, combined) if each.id in answers else each for each in predictions]


def read_outcomes(files: ResultFiles) -> list[Prediction]:
    """Return what became of each architecture of a benchmark, combined where that was done.

    Raises:
        PredictionError: A file is missing or malformed.
    """
    predictions = read_predictions(files.predictions)
    if not answers_of(predictions):
        return predictions
    return with_scores(predictions, read_combined(files))


def read_combined(files: ResultFiles) -> Combined | None:
    """Return what ``combine`` made of a benchmark's answers; None if it has not been called.

    Raises:
        PredictionError: The file is malformed.
    """
    if not files.combined.is_file():
        return None
    return read_json(files.combined, Combined, PredictionError)


def _parts_of(prediction: Prediction) -> Parts:
    if prediction.parts is not msgspec.UNSET:
        return prediction.parts
    assert prediction.score is not None
    return {PLAIN: prediction.score}


def _opened(prediction: Prediction) -> Prediction:
    return msgspec.structs.replace(prediction, score=None, parts=_parts_of(prediction))


def _scored(prediction: Prediction, combined: Combined) -> Prediction:
    if combined.status != "ok":
        return msgspec.structs.replace(
            prediction,
            status=combined.status,
            score=None,
            parts=msgspec.UNSET,
            message=f"in combine: {combined.message}",
        )
    return msgspec.structs.replace(
        prediction, score=combined.scores[prediction.id], parts=_parts_of(prediction)
    )
