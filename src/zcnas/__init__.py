"""A competition harness for zero-cost NAS predictors, and its parts for research.

    import zcnas

    benchmark = zcnas.benchmark("nasbench201_cifar10")
    network = benchmark.build(benchmark.sample(1)[0])
    scores = zcnas.evaluate(network, *benchmark.minibatch(), ["synflow", "nwot"])

``import zcnas`` loads nothing: each name below is imported from its room on first use, so a script
that needs no torch never waits for it. Inside the library a room imports from the room that owns a
name, never from here (``wings.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zcnas.benchmarks import BENCHMARKS as BENCHMARKS
    from zcnas.benchmarks import DATASETS as DATASETS
    from zcnas.benchmarks import Benchmark as Benchmark
    from zcnas.benchmarks import Dataset as Dataset
    from zcnas.benchmarks import PublishedDataset as PublishedDataset
    from zcnas.benchmarks import SearchSpace as SearchSpace
    from zcnas.benchmarks import Spec as Spec
    from zcnas.benchmarks import get_benchmark as get_benchmark
    from zcnas.benchmarks import get_dataset as get_dataset
    from zcnas.datasets import Minibatch as Minibatch
    from zcnas.datasets import load_minibatch as load_minibatch
    from zcnas.errors import ZcnasError as ZcnasError
    from zcnas.judging.metrics import kendall_tau as kendall_tau
    from zcnas.judging.statistics import tau_interval as tau_interval
    from zcnas.organiser.cli.trying import try_file as try_file
    from zcnas.organiser.results.frames import ResultFrames as ResultFrames
    from zcnas.organiser.results.frames import results as results
    from zcnas.participant.tried import TriedPredictor as TriedPredictor
    from zcnas.participant.tried import try_predictor as try_predictor
    from zcnas.phases import Phase as Phase
    from zcnas.phases import load_phase as load_phase
    from zcnas.phases import load_phases as load_phases
    from zcnas.proxies import PROXIES as PROXIES
    from zcnas.proxies import evaluate as evaluate
    from zcnas.proxies import get_proxy as get_proxy
    from zcnas.proxies.proxy import Proxy as Proxy
    from zcnas.search_spaces import SEARCH_SPACES as SEARCH_SPACES
    from zcnas.search_spaces import all_search_spaces as all_search_spaces
    from zcnas.search_spaces import build_network as build_network
    from zcnas.search_spaces import get_search_space as get_search_space
    from zcnas.search_spaces import parse_spec as parse_spec
    from zcnas.searches import search as search
    from zcnas.tables import Table as Table
    from zcnas.tables import load_table as load_table
    from zcnas.tables.frames import scores as scores
    from zcnas.tables.notebook import ResearchBenchmark as ResearchBenchmark
    from zcnas.tables.notebook import benchmark as benchmark
    from zcnas.tables.notebook import tau as tau

__version__ = "0.2.0"

_HOMES = {
    "all_search_spaces": "zcnas.search_spaces",
    "Benchmark": "zcnas.benchmarks",
    "benchmark": "zcnas.tables.notebook",
    "BENCHMARKS": "zcnas.benchmarks",
    "build_network": "zcnas.search_spaces",
    "Dataset": "zcnas.benchmarks",
    "DATASETS": "zcnas.benchmarks",
    "evaluate": "zcnas.proxies",
    "get_benchmark": "zcnas.benchmarks",
    "get_dataset": "zcnas.benchmarks",
    "get_proxy": "zcnas.proxies",
    "get_search_space": "zcnas.search_spaces",
    "kendall_tau": "zcnas.judging.metrics",
    "load_minibatch": "zcnas.datasets",
    "load_phase": "zcnas.phases",
    "load_phases": "zcnas.phases",
    "load_table": "zcnas.tables",
    "Minibatch": "zcnas.datasets",
    "parse_spec": "zcnas.search_spaces",
    "Phase": "zcnas.phases",
    "PROXIES": "zcnas.proxies",
    "Proxy": "zcnas.proxies.proxy",
    "PublishedDataset": "zcnas.benchmarks",
    "ResearchBenchmark": "zcnas.tables.notebook",
    "ResultFrames": "zcnas.organiser.results.frames",
    "results": "zcnas.organiser.results.frames",
    "scores": "zcnas.tables.frames",
    "search": "zcnas.searches",
    "SEARCH_SPACES": "zcnas.search_spaces",
    "SearchSpace": "zcnas.benchmarks",
    "Spec": "zcnas.benchmarks",
    "Table": "zcnas.tables",
    "tau": "zcnas.tables.notebook",
    "tau_interval": "zcnas.judging.statistics",
    "TriedPredictor": "zcnas.participant.tried",
    "try_file": "zcnas.organiser.cli.trying",
    "try_predictor": "zcnas.participant.tried",
    "ZcnasError": "zcnas.errors",
}
"""Every public name and the module that defines it."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(
            f"zcnas has no attribute '{name}'; its names: {', '.join(sorted(_HOMES))}"
        )
    from zcnas.plugins import load_object

    home = _HOMES[name]
    try:
        value = load_object(f"{home}:{name}")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("zcnas."):
            raise
        raise ImportError(
            f"zcnas.{name} is not part of this program: {error.name} is not shipped here; "
            "install the whole package with `pip install zcnas`",
            name=home,
        ) from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
