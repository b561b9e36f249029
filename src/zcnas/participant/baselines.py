"""The baselines' recorded scores on the practice phase, for the pages of a participant's own run.

``docs/baseline_scores.json`` holds what `make baselines` has measured. As predictions files the
judge reads it like any other submission's results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from zcnas.errors import PredictionError
from zcnas.judging.judge import Contender
from zcnas.words.combined import read_outcomes
from zcnas.words.records import BenchmarkInput, Prediction, read_json
from zcnas.words.result_files import ResultFiles

SCORES = "docs/baseline_scores.json"
"""Where the record is in a checkout and in the package."""
MESSAGE = "failed when the baselines were recorded"


class RecordedScores(msgspec.Struct, frozen=True, kw_only=True):
    """One baseline on one benchmark, in the order of the draw.

    Attributes:
        scores: As in a predictions file; None where it failed.
        cpu_time_s: CPU seconds per architecture.
    """

    scores: tuple[float | str | None, ...]
    cpu_time_s: tuple[float, ...]


class BaselineScores(msgspec.Struct, frozen=True, kw_only=True):
    """The record.

    Attributes:
        phase: The phase's name.
        architectures: Benchmark to ids, in the order of the draw.
        methods: Baseline to what it calls itself.
        baselines: Baseline to benchmark to scores.
    """

    schema_version: int = 1
    phase: str
    architectures: dict[str, tuple[str, ...]]
    methods: dict[str, str]
    baselines: dict[str, dict[str, RecordedScores]]


def read_scores(path: Path) -> BaselineScores:
    """Return the record.

    Raises:
        PredictionError: It is missing or malformed.
    """
    return read_json(path, BaselineScores, PredictionError)


def record_scores(
    phase: str, ids: Mapping[str, Sequence[str]], folders: Mapping[str, tuple[str, Path]]
) -> BaselineScores:
    """Return the record of some baselines' results.

    Args:
        phase: The phase's name.
        ids: Benchmark to ids, in the order of the draw.
        folders: Baseline to its method and the folder with its predictions.

    Raises:
        PredictionError: A predictions file is missing or malformed.
    """
    baselines: dict[str, dict[str, RecordedScores]] = {}
    for name, (_, folder) in folders.items():
        baselines[name] = {}
        for key, tokens in ids.items():
            told = {each.id: each for each in read_outcomes(ResultFiles(folder, key))}
            baselines[name][key] = RecordedScores(
                scores=tuple(told[token].score for token in tokens),
                cpu_time_s=tuple(round(told[token].cpu_time_s, 4) for token in tokens),
            )
    return BaselineScores(
        phase=phase,
        architectures={key: tuple(tokens) for key, tokens in ids.items()},
        methods={name: method for name, (method, _) in folders.items()},
        baselines=baselines,
    )


def baseline_contenders(
    record: BaselineScores, inputs: Mapping[str, BenchmarkInput], folder: Path
) -> list[Contender]:
    """Return the baselines as the judge takes them; none if these are other architectures.

    Args:
        record: What was recorded.
        inputs: Benchmark to the architectures in question, all or some of the recorded ones.
        folder: Where their predictions files are written.
    """
    places = {
        key: {token: place for place, token in enumerate(record.architectures.get(key, ()))}
        for key in inputs
    }
    if any(
        each.id not in places[key] for key, data in inputs.items() for each in data.architectures
    ):
        return []
    for name, results in record.baselines.items():
        (folder / name).mkdir(parents=True)
        for key, data in inputs.items():
            lines = [
                _prediction(each.id, places[key][each.id], results[key])
                for each in data.architectures
            ]
            ResultFiles(folder / name, key).predictions.write_bytes(
                b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
            )
    return [
        Contender(name=name, folder=folder / name, method=record.methods[name], derived=True)
        for name in record.baselines
    ]


def _prediction(token: str, place: int, recorded: RecordedScores) -> Prediction:
    score, seconds = recorded.scores[place], recorded.cpu_time_s[place]
    return msgspec.convert(
        {
            "id": token,
            "status": "error" if score is None else "ok",
            "score": score,
            "cpu_time_s": seconds,
            "message": MESSAGE if score is None else "",
        },
        Prediction,
    )
