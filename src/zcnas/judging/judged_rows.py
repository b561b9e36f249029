"""What is known of one entry before it is compared with others, and how it is kept.

A row of every array of ``outcomes``: each follows from the entry's own predictions and the phase
alone, so an entry that has been judged once need not be judged again when another one arrives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from zcnas.judging.board_cache import BoardCache, digest_of_files, key_of
from zcnas.judging.outcomes import Analysis, Outcomes, analyse, bootstrap_seed
from zcnas.judging.score import BenchmarkScore, Scores
from zcnas.judging.statistics import draw_weights
from zcnas.judging.top_k import MEASURES, Measured
from zcnas.phases import Phase
from zcnas.words.records import Reference
from zcnas.words.result_files import COMBINED, PREDICTIONS, name_of

_ARRAYS = (
    *("taus", "intervals", "means", "mean_intervals", "resampled_means"),
    *("tau_a", "distinct", "spearman"),
)
_JUDGED = (PREDICTIONS, COMBINED)
_TOP = ("values", "intervals", "means", "mean_intervals")


_NO_REASONS: Counter[tuple[str, str]] = Counter()
"""Never changed; of most rows, and 5,600 empty counters take a while to make."""


class _Benchmark(msgspec.Struct, array_like=True):
    """One benchmark of an entry."""

    tau: float
    answered: int
    failures: list[tuple[str, int]]
    wall_time_s: float
    cpu_time_s: float
    scores: bytes
    statuses: bytes
    cpu_times: bytes
    reasons: list[tuple[str, str, int]]


class _Row(msgspec.Struct, array_like=True):
    """One entry: its benchmarks, and its rows of the analysis by name."""

    benchmarks: list[_Benchmark]
    analysis: list[tuple[str, str, list[int], bytes]]


@dataclass(frozen=True)
class JudgedRow:
    """One entry's scores, and its rows of the outcomes and the analysis.

    Attributes:
        scores: Its taus, failures and times.
        outcomes: One per benchmark, with S = 1.
        analysis: With S = 1.
    """

    scores: Scores
    outcomes: Sequence[Outcomes]
    analysis: Analysis


class JudgedRows:
    """The entries of a phase that have been judged before.

    Args:
        cache: Where they are kept; None for nowhere.
        phase: Of the entries.
        references: Benchmark to the hidden half.
        resamples: Of the bootstrap.
    """

    def __init__(
        self,
        cache: BoardCache | None,
        phase: Phase,
        references: Mapping[str, Reference],
        resamples: int,
    ) -> None:
        self._cache, self._phase, self._resamples = cache, phase, resamples
        self._benchmarks = tuple(references)
        truth = [msgspec.msgpack.encode(each) for each in references.values()] if cache else []
        self._about = (phase.name, phase.failure_tau, resamples, truth)

    def key_of(self, folder: Path) -> str:
        """Return the key of the entry whose results lie in a folder; "" without a cache."""
        if self._cache is None:
            return ""
        names = [name_of(key, ending) for key in self._benchmarks for ending in _JUDGED]
        return key_of("entry", *self._about, digest_of_files(folder, names))

    def find(self, key: str, like: Sequence[Outcomes]) -> JudgedRow | None:
        """Return what is known of an entry; None if it has to be judged.

        Args:
            key: Of the entry.
            like: One per benchmark, with the ids and accuracies of its architectures.
        """
        record = self._cache.find(key) if self._cache else None
        if record is None:
            return None
        row = msgspec.msgpack.decode(record, type=_Row)
        told = zip(self._benchmarks, row.benchmarks, strict=True)
        return JudgedRow(
            Scores({name: _score(each) for name, each in told}),
            [_outcomes(each, own) for each, own in zip(row.benchmarks, like, strict=True)],
            _analysis(row.analysis),
        )

    def analyse(
        self,
        outcomes: Sequence[Outcomes],
        scores: Sequence[Scores],
        known: Mapping[int, Analysis],
        new: Mapping[int, tuple[str, Path]],
    ) -> Analysis:
        """Return the analysis of all submissions, of which only the new ones are analysed.

        Args:
            outcomes: One per benchmark, of all submissions.
            scores: One per submission.
            known: Row to the analysis of a submission that was found.
            new: Row to the key and the folder of every other submission.
        """
        rows = list(new)
        taus = np.array([list(scores[row].taus.values()) for row in rows], dtype=np.float64)
        own = [each.only(rows) for each in outcomes]
        computed = (
            analyse(
                self._phase.name,
                own,
                self._phase.failure_tau,
                taus.reshape(len(rows), len(outcomes)),
                self._resamples,
                self._draw_weights,
            )
            if rows or not known
            else None
        )
        if self._cache is not None:
            for each in outcomes:
                seed = bootstrap_seed(self._phase.name, each)
                self._cache.retain(_weights_key(len(each.tokens), seed, self._resamples))
        if computed is None or self._cache is None:
            return computed or together([known[row] for row in range(len(scores))])
        parts = dict(known)
        for number, (row, (key, folder)) in enumerate(new.items()):
            parts[row] = part_of(computed, number)
            alone = [each.only([number]) for each in own]
            self._keep(key, folder, JudgedRow(scores[row], alone, parts[row]))
        return together([parts[row] for row in range(len(scores))]) if parts else computed

    def _keep(self, key: str, folder: Path, row: JudgedRow) -> None:
        """Keep what is known of an entry, unless its results have changed meanwhile."""
        if self._cache is None or self.key_of(folder) != key:
            return
        told = zip(row.scores.benchmarks.values(), row.outcomes, strict=True)
        packed = [
            (name, array.dtype.str, list(array.shape), array.tobytes())
            for name, array in arrays_of(row.analysis)
        ]
        record = _Row([_benchmark(score, outcomes) for score, outcomes in told], packed)
        self._cache.keep(key, msgspec.msgpack.encode(record))

    def _draw_weights(self, architectures: int, seed: int, resamples: int) -> NDArray[np.float32]:
        """Return what ``statistics.draw_weights`` returns, recalled where it is known."""
        if self._cache is None:
            return draw_weights(architectures, seed, resamples)
        key = _weights_key(architectures, seed, resamples)
        record = self._cache.find(key)
        if record is not None:
            counts = np.frombuffer(record, np.uint8).reshape(architectures, resamples)
            return counts.astype(np.float32)
        weights = draw_weights(architectures, seed, resamples)
        if weights.max(initial=0) <= np.iinfo(np.uint8).max:
            self._cache.keep(key, weights.astype(np.uint8).tobytes())
        return weights


def _weights_key(architectures: int, seed: int, resamples: int) -> str:
    return key_of("weights", architectures, str(seed), resamples)


def _benchmark(score: BenchmarkScore, outcomes: Outcomes) -> _Benchmark:
    return _Benchmark(
        tau=score.tau,
        answered=score.answered,
        failures=list(score.failures.items()),
        wall_time_s=score.wall_time_s,
        cpu_time_s=score.cpu_time_s,
        scores=outcomes.scores.tobytes(),
        statuses=outcomes.statuses.tobytes(),
        cpu_times=outcomes.cpu_time_s.tobytes(),
        reasons=[(*each, count) for each, count in outcomes.reasons[0].items()],
    )


def _score(each: _Benchmark) -> BenchmarkScore:
    failures = Counter(dict(each.failures)) if each.failures else Counter()
    return BenchmarkScore(each.tau, each.answered, failures, each.wall_time_s, each.cpu_time_s)


def arrays_of(analysis: Analysis) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield every array of an analysis under a name of its own."""
    for name in _ARRAYS:
        yield name, getattr(analysis, name)
    for measure in MEASURES:
        for of in _TOP:
            yield f"{measure} {of}", getattr(analysis.top[measure], of)


def _outcomes(row: _Benchmark, like: Outcomes) -> Outcomes:
    return Outcomes(
        benchmark=like.benchmark,
        tokens=like.tokens,
        accuracies=like.accuracies,
        unit=like.unit,
        ceiling=like.ceiling,
        scores=np.frombuffer(row.scores, np.float64)[None],
        statuses=np.frombuffer(row.statuses, np.uint8)[None],
        cpu_time_s=np.frombuffer(row.cpu_times, np.float32)[None],
        reasons=(
            Counter({(kind, text): count for kind, text, count in row.reasons})
            if row.reasons
            else _NO_REASONS,
        ),
    )


def _analysis(rows: Sequence[tuple[str, str, list[int], bytes]]) -> Analysis:
    arrays = {
        name: np.frombuffer(content, dtype).reshape(shape) for name, dtype, shape, content in rows
    }
    return Analysis(
        **{name: arrays[name] for name in _ARRAYS},
        top={
            measure: Measured(**{of: arrays[f"{measure} {of}"] for of in _TOP})
            for measure in MEASURES
        },
    )


def part_of(analysis: Analysis, row: int) -> Analysis:
    """Return the analysis of one submission."""
    return _built(lambda of: of[row : row + 1], [analysis])


def together(parts: Sequence[Analysis]) -> Analysis:
    """Return the analysis of submissions whose analyses stand apart, in that order."""
    return _built(lambda *of: np.concatenate(of), parts)


def _built(make: Any, parts: Sequence[Analysis]) -> Analysis:
    def top(measure: str) -> Measured:
        each = [part.top[measure] for part in parts]
        return Measured(**{of: make(*(getattr(one, of) for one in each)) for of in _TOP})

    arrays: dict[str, NDArray[Any]] = {
        name: make(*(getattr(part, name) for part in parts)) for name in _ARRAYS
    }
    return Analysis(**arrays, top={measure: top(measure) for measure in MEASURES})
