"""A submission tried in this process: no fork, no limits, so debuggers, prints and tracebacks work.

The seeds, the minibatch and the network are those of a run, so a score here is the score there.
What differs: nothing is confined, and what one query leaves behind, the next one sees. Imports
nothing that only Linux has.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from zcnas.benchmarks import Benchmark, get_benchmark
from zcnas.datasets import Minibatch
from zcnas.errors import InputDataError
from zcnas.participant.meter import Meter, PartUse
from zcnas.participant.networks import made_up_labels, networks_of, phase_of
from zcnas.phases import Phase
from zcnas.search_spaces import build_network, get_search_space, parse_spec
from zcnas.words.combined import combine_seed, in_order
from zcnas.words.labels import SUFFIX, Labels, labels_path, read_labels
from zcnas.words.parts import PLAIN
from zcnas.words.records import Architecture, BenchmarkInput, Parts, read_input
from zcnas.words.resources import public_halves
from zcnas.words.seeds import derive_seed
from zcnas.words.tracks import FEW_LABELS, ZERO_SHOT
from zcnas.worker.contract import (
    combine_caller,
    fit_caller,
    query_caller,
    to_parts,
    to_score,
    to_scores,
)
from zcnas.worker.faults import classify, describe
from zcnas.worker.seeding import seed_everything

BUILD = "building the network"
OWN = "own code"
PRACTICE = "practice"


@dataclass(frozen=True)
class Tried:
    """What became of one network.

    Attributes:
        benchmark: The benchmark's key.
        architecture: The network's id and spec.
        score: The score; None if it failed, and of named numbers until they are combined.
        numbers: What it answered, if that is named numbers; empty otherwise.
        status: As in a run.
        message: Why it failed; "" if it did not.
        error: The exception, with its traceback.
        parts: What each part has used.
    """

    benchmark: str
    architecture: Architecture
    score: float | None
    status: str = "ok"
    message: str = ""
    error: BaseException | None = None
    parts: Mapping[str, PartUse] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)


class Trial:
    """A predictor on one benchmark, set up as in a run.

    Args:
        predictor: An instance of the participant's class.
        data: The benchmark's architectures, batch size and seed.
        minibatch: What the benchmark's dataloader yields.
        folder: Where the participant's files are, to name their own line in a failure.
        labels: What ``fit`` is given, if the predictor's track has one; made up if left out.

    Attributes:
        kept_networks: How many labelled networks ``fit`` keeps alive, which a run warns of.
    """

    def __init__(
        self,
        predictor: Any,
        data: BenchmarkInput,
        minibatch: Minibatch,
        folder: Path,
        labels: Labels | None = None,
    ) -> None:
        from zcnas.worker.dataloader import make_dataloader

        self.data = data
        self.benchmark: Benchmark = get_benchmark(data.benchmark)
        self.minibatch = minibatch
        self.set_up = Meter()
        self._kind = type(predictor)
        self._folder = folder
        dataloader = make_dataloader(minibatch.inputs, minibatch.targets, minibatch.further())
        self._dataloader = dataloader
        self._labels = labels or made_up_labels(self.benchmark)
        self.kept_networks = 0
        with self.set_up:
            self._prepare(predictor, self.set_up)
        self._combines = combine_caller(predictor) is not None
        self._ask = query_caller(predictor, dataloader)

    def query(self, architecture: Architecture, *, catch: bool = True) -> Tried:
        """Ask for one network's score, as a run would.

        Args:
            architecture: Which one.
            catch: Return what the predictor raises; otherwise it is raised.
        """
        meter = Meter()
        data = self.data
        seed_everything(derive_seed(data.eval_seed, data.benchmark, architecture.spec))
        try:
            with meter:
                with meter.part(BUILD):
                    spec = parse_spec(self.benchmark.search_space, architecture.spec)
                    network = build_network(spec, self.benchmark)
                with meter.part(OWN), meter.passes():
                    answer = self._ask(network)
            numbers: dict[str, float] = {}
            if isinstance(answer, dict):
                numbers = to_parts(answer, combines=self._combines)
            score = None if numbers else to_score(answer)
        except Exception as error:
            if not catch:
                raise
            return Tried(
                benchmark=data.benchmark,
                architecture=architecture,
                score=None,
                status=classify(error),
                message=describe(error, self._folder),
                error=error,
                parts=meter.parts,
            )
        return Tried(data.benchmark, architecture, score, parts=meter.parts, numbers=numbers)

    def queries(self, number: int) -> tuple[Tried, ...]:
        """Return what becomes of the first networks, named numbers combined."""
        return self.combine([self.query(each) for each in self.data.architectures[:number]])

    def combine(self, tried: Sequence[Tried], *, catch: bool = True) -> tuple[Tried, ...]:
        """Return networks with the scores that ``combine`` of a new instance makes of them.

        Args:
            tried: What became of them; where nobody answered with named numbers, nothing changes.
            catch: Fail every answer by what the predictor raises; otherwise it is raised.
        """
        if not any(each.numbers for each in tried):
            return tuple(tried)
        answered = [each for each in tried if each.status == "ok"]
        numbers: dict[str, Parts] = {
            each.architecture.id: dict(each.numbers or {PLAIN: each.score or 0.0})
            for each in answered
        }
        ordered = in_order(numbers, self.data)
        try:
            predictor = self._kind()
            self._prepare(predictor, Meter())
            seed_everything(combine_seed(self.data))
            scores = to_scores(predictor.combine(list(ordered.values())), len(ordered))
        except Exception as error:
            if not catch:
                raise
            status, message = classify(error), f"in combine: {describe(error, self._folder)}"
            return tuple(
                replace(each, score=None, status=status, message=message, error=error)
                if each in answered
                else each
                for each in tried
            )
        found = dict(zip(ordered, scores, strict=True))
        return tuple(
            replace(each, score=found[each.architecture.id]) if each in answered else each
            for each in tried
        )

    def _prepare(self, predictor: Any, meter: Meter) -> None:
        """Set a predictor up as in a run."""
        seed_everything(derive_seed(self.data.eval_seed, self.data.benchmark, "pre_process"))
        if hasattr(predictor, "set_ss_type"):
            with meter.part("set_ss_type"):
                predictor.set_ss_type(get_search_space(self.benchmark.search_space).name_2022)
        if hasattr(predictor, "pre_process"):
            with meter.part("pre_process"):
                predictor.pre_process()
        if track_of_predictor(predictor) == FEW_LABELS:
            with meter.part("fit"), meter.passes():
                self._fit(predictor)

    def _fit(self, predictor: Any) -> None:
        """Show a predictor the labelled networks, as the worker does in a run."""
        from zcnas.worker.labelled import LabelledNetworks

        key, seed = self.data.benchmark, self.data.eval_seed
        told = self._labels.labels
        networks = LabelledNetworks(
            self.benchmark, [(each.spec, derive_seed(seed, key, each.spec)) for each in told]
        )
        seed_everything(derive_seed(seed, key, "fit"))
        fit_caller(predictor, self._dataloader)(networks, [float(each.accuracy) for each in told])
        gc.collect()
        self.kept_networks = networks.alive()


def track_of_predictor(predictor: Any) -> str:
    """Return the track that an instance's class, or the module around it, states."""
    module = sys.modules.get(type(predictor).__module__)
    track = getattr(predictor, "track", None) or getattr(module, "track", None)
    return track if isinstance(track, str) else ZERO_SHOT


def practice_inputs() -> tuple[dict[str, BenchmarkInput], dict[str, Labels]]:
    """Return the visible halves of the practice phase by benchmark, and its labels.

    Raises:
        InputDataError: A file is malformed.
    """
    folder, _ = public_halves(PRACTICE)
    files = [path for path in sorted(folder.glob("*.json")) if not path.name.endswith(SUFFIX)]
    inputs = {path.stem: read_input(path) for path in files}
    told = {key: labels_path(folder, key) for key in inputs}
    return inputs, {key: read_labels(path) for key, path in told.items() if path.is_file()}


def data_for(
    benchmark: str, phases: Mapping[str, Phase], practice: Mapping[str, BenchmarkInput]
) -> BenchmarkInput:
    """Return a benchmark's architectures: the practice phase's, or two random ones.

    Args:
        benchmark: Its key.
        phases: The competition's phases, for the batch size.
        practice: The visible halves of the practice phase.

    Raises:
        PhaseError: The benchmark is unknown.
    """
    found = get_benchmark(benchmark)
    if found.key in practice:
        return practice[found.key]
    return networks_of(found, phase_of(found.key, phases).batch_size_of(found))


def find_architecture(data: BenchmarkInput, wanted: str) -> Architecture:
    """Return an architecture by its id, the beginning of one, or its spec; the first for "".

    Raises:
        InputDataError: Neither names one.
        InvalidArchitecture: It looks like a spec and is none.
    """
    if not wanted:
        return data.architectures[0]
    found = [each for each in data.architectures if each.id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if set(wanted) <= set("0123456789abcdef"):
        known = ", ".join(each.id for each in data.architectures[:3])
        many = "several architectures" if found else "no architecture"
        raise InputDataError(
            f"{many} of {data.benchmark} have an id that begins with '{wanted}'; ids are for "
            f"example {known}, and a spec of {data.search_space} will do as well"
        )
    spec = str(parse_spec(data.search_space, wanted))
    return next(
        (each for each in data.architectures if each.spec == spec), Architecture("0" * 8, spec)
    )
