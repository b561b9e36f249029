"""A submission tried in this process: no fork, no limits, so debuggers, prints and tracebacks work.

The seeds, the minibatch and the network are those of a run, so a score here is the score there.
What differs: nothing is confined, and what one query leaves behind, the next one sees. Imports
nothing that only Linux has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zcnas.benchmarks import Benchmark, get_benchmark
from zcnas.datasets import Minibatch, load_minibatch
from zcnas.errors import InputDataError
from zcnas.participant.meter import Meter, PartUse
from zcnas.participant.networks import networks_of, phase_of
from zcnas.phases import Phase
from zcnas.records import Architecture, BenchmarkInput
from zcnas.search_spaces import build_network, get_search_space, parse_spec
from zcnas.seeds import derive_seed
from zcnas.worker.contract import query_caller, to_score
from zcnas.worker.faults import classify, describe
from zcnas.worker.seeding import seed_everything

BUILD = "building the network"
OWN = "own code"


@dataclass(frozen=True)
class Tried:
    """What became of one network.

    Attributes:
        benchmark: The benchmark's key.
        architecture: The network's id and spec.
        score: The score; None if it failed.
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


class Trial:
    """A predictor on one benchmark, set up as in a run.

    Args:
        predictor: An instance of the participant's class.
        data: The benchmark's architectures, batch size and seed.
        images: The folder with datasets' published files; None for synthetic images.
        folder: Where the participant's files are, to name their own line in a failure.
    """

    def __init__(
        self, predictor: Any, data: BenchmarkInput, images: Path | None, folder: Path
    ) -> None:
        from zcnas.worker.dataloader import make_dataloader

        self.data = data
        self.benchmark: Benchmark = get_benchmark(data.benchmark)
        self.minibatch: Minibatch = load_minibatch(
            self.benchmark, data.batch_size, data.eval_seed, images
        )
        self.set_up = Meter()
        self._folder = folder
        minibatch = self.minibatch
        dataloader = make_dataloader(minibatch.inputs, minibatch.targets, minibatch.further())
        seed_everything(derive_seed(data.eval_seed, data.benchmark, "pre_process"))
        with self.set_up:
            if hasattr(predictor, "set_ss_type"):
                with self.set_up.part("set_ss_type"):
                    predictor.set_ss_type(get_search_space(self.benchmark.search_space).name_2022)
            if hasattr(predictor, "pre_process"):
                with self.set_up.part("pre_process"):
                    predictor.pre_process()
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
            score = to_score(answer)
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
        return Tried(data.benchmark, architecture, score, parts=meter.parts)

    def queries(self, number: int) -> Iterator[Tried]:
        """Yield what becomes of the first networks, one after the other."""
        for architecture in self.data.architectures[:number]:
            yield self.query(architecture)


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
