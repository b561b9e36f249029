"""Checks for a plugin's own tests: does it keep the contract that our search spaces keep?

    from zcnas import testing

    def test_the_search_space_conforms():
        testing.check_search_space("toyspace")

    def test_the_table_conforms():
        testing.check_table("toyspace", "toyspace_cifar10")

Each function raises ``AssertionError`` with all findings, so any test runner shows them; pytest is
not needed. Networks are built and run on random images of the dataset's shape, which takes a minute
at most.
"""

from __future__ import annotations

import itertools
import math
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from zcnas import plugins
from zcnas.benchmarks import Benchmark, SearchSpace, Spec, get_benchmark, key_of
from zcnas.errors import InvalidArchitecture
from zcnas.proxies import get_proxy
from zcnas.search_spaces import get_search_space
from zcnas.tables import load_table
from zcnas.words.wings import WORDS

SAMPLES = 20
ENUMERATED = 20_000
"""How many architectures of a space are checked; a larger space is checked in part."""
BATCH_SIZE = 2


def check_search_space(key: str) -> None:
    """Check the record, the specs and the networks of a search space.

    Raises:
        AssertionError: Something is wrong; the message lists all of it.
        PhaseError: The search space is unknown.
        PluginError: It cannot be loaded.
    """
    space = get_search_space(key)
    benchmarks = [get_benchmark(key_of(key, dataset)) for dataset in space.datasets]
    _report(
        key,
        itertools.chain(
            _record_problems(space),
            _spec_problems(space),
            _enumeration_problems(space),
            *(_network_problems(space, benchmark) for benchmark in benchmarks),
        ),
    )


def check_table(source: str, benchmark: str, folder: Path | None = None) -> None:
    """Check that a table covers its search space, if that is small, and nothing else.

    Raises:
        AssertionError: Something is wrong; the message lists all of it.
        TableError: The table cannot be read, or contains a value that is not finite.
    """
    _report(source, _table_problems(source, get_benchmark(benchmark), folder))


def check_proxy(name: str, benchmark: str = "nasbench201_cifar10") -> None:
    """Check that a proxy returns a deterministic number and leaves the network unchanged.

    Raises:
        AssertionError: Something is wrong; the message lists all of it.
        ProxyError: The proxy is unknown, or undefined for the benchmark.
    """
    _report(name, _proxy_problems(name, get_benchmark(benchmark)))


def _report(name: str, problems: Iterator[str]) -> None:
    found = list(problems)
    if found:
        raise AssertionError(f"{name} does not conform:" + "".join(f"\n  - {p}" for p in found))


def _record_problems(space: SearchSpace) -> Iterator[str]:
    if not space.datasets:
        yield "datasets is empty, so the search space has no benchmark"
    plugin = plugins.find_plugin("search_spaces", space.key, ())
    if plugin is not None:
        yield from _import_problems(plugin.reference.partition(":")[0])
        names = [name for name, _ in plugins.shipped_files(plugin.distribution)]
        network = space.network.partition(":")[0].replace(".", "/")
        if not {f"{network}.py", f"{network}/__init__.py"} & set(names):
            yield f"{space.network} is not in a package that ships to submissions"


def _import_problems(module: str) -> Iterator[str]:
    """Yield what a record's module imports that is missing in the scoring program."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        yield f"importing {module} alone fails: {done.stderr.strip().splitlines()[-1]}"
    loaded = done.stdout.split()
    if "torch" in loaded:
        yield f"importing {module} imports torch; only the network's module may"
    rooms = {name.split(".")[1] for name in loaded if name.startswith("zcnas.")}
    for room in sorted(rooms - set(WORDS)):
        yield (
            f"importing {module} imports zcnas.{room}, which the scoring program lacks; "
            f"allowed: {', '.join(f'zcnas.{word}' for word in WORDS)}"
        )


def _samples(space: SearchSpace, seed: int = 0) -> list[Spec]:
    rng = random.Random(seed)
    return [space.spec.sample(rng) for _ in range(SAMPLES)]


def _spec_problems(space: SearchSpace) -> Iterator[str]:
    for spec in _samples(space):
        again = space.spec.parse(f" {spec}\n")
        if (again, hash(again), str(again)) != (spec, hash(spec), str(spec)):
            yield f"'{spec}' does not parse to the value it was written from"
        neighbours = list(spec.neighbours())
        if spec in neighbours or len(set(neighbours)) != len(neighbours):
            yield f"the neighbours of '{spec}' include itself, or one architecture twice"
        if any(space.spec.parse(str(neighbour)) != neighbour for neighbour in neighbours):
            yield f"a neighbour of '{spec}' does not parse to the value it was written from"
        if space.pattern is not None and not re.search(space.pattern, f"x {spec} x"):
            yield f"the pattern {space.pattern} does not find '{spec}'"
    if _samples(space, 1) != _samples(space, 1):
        yield "sample draws different architectures under the same seed"
    for text in ("", "nonsense", "(1, 2)"):
        try:
            yield f"'{text}' parses to the architecture '{space.spec.parse(text)}'"
        except InvalidArchitecture as error:
            if space.key not in str(error):
                yield f"the error for '{text}' does not name the search space: {error}"


def _enumeration_problems(space: SearchSpace) -> Iterator[str]:
    first = list(itertools.islice(space.spec.enumerate(), ENUMERATED))
    if first != list(itertools.islice(space.spec.enumerate(), ENUMERATED)):
        yield "enumerate changes its order from call to call"
    if len(set(first)) != len(first):
        yield "enumerate yields an architecture more than once"
    if len(set(map(str, first))) != len(set(first)):
        yield "two architectures have the same canonical string"
    if len(first) < ENUMERATED and not set(_samples(space)) <= set(first):
        yield "sample draws an architecture that enumerate does not yield"


def _network_problems(space: SearchSpace, benchmark: Benchmark) -> Iterator[str]:
    import torch

    dataset, build = benchmark.dataset, space.network_builder()
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(build(_samples(space)[0], dataset).state_dict())
    if any(not torch.equal(states[0][name], states[1][name]) for name in states[0]):
        yield f"{benchmark.key}: the same seed gives different initial weights"
    if all(torch.equal(states[0][name], states[2][name]) for name in states[0]):
        yield f"{benchmark.key}: different seeds give the same initial weights"
    for spec in _samples(space)[:3]:
        network = build(spec, dataset)
        if not network.training or network.num_classes != dataset.num_classes:
            yield f"{benchmark.key}: '{spec}' is not in train mode, or num_classes is wrong"
        answer = network(torch.randn(BATCH_SIZE, *dataset.input_shape))
        if dataset.target_shape == () and answer.shape != (BATCH_SIZE, dataset.num_classes):
            yield f"{benchmark.key}: '{spec}' answers {tuple(answer.shape)}, not (B, K)"
            continue
        if dataset.target_shape == ():
            loss = network.get_loss_fn()(answer, torch.zeros(BATCH_SIZE, dtype=torch.long))
            loss.backward()
            gradients = [p.grad for p in network.parameters() if p.grad is not None]
            finite = all(bool(torch.isfinite(gradient).all()) for gradient in gradients)
            if loss.shape != () or not bool(torch.isfinite(loss)) or not gradients or not finite:
                yield f"{benchmark.key}: the loss of '{spec}' is not a finite scalar that trains"


def _table_problems(source: str, benchmark: Benchmark, folder: Path | None) -> Iterator[str]:
    table = load_table(benchmark, source, folder)
    space = get_search_space(benchmark.search_space)
    if table.benchmark != benchmark.key or table.source != source:
        yield f"it says it is {table.source} for {table.benchmark}"
    if not re.fullmatch("[0-9a-f]{64}", table.sha256):
        yield f"its sha256 is '{table.sha256}', not 64 hex digits"
    if len(set(table.means().values())) < 2:
        yield "all its accuracies are equal, so no ranking can be judged"
    for text in table.accuracies:
        try:
            if str(space.spec.parse(text)) != text:
                yield f"'{text}' is not a canonical string"
        except InvalidArchitecture as error:
            yield str(error)
    everything = list(itertools.islice(space.spec.enumerate(), ENUMERATED))
    missing = [str(spec) for spec in everything if str(spec) not in table.accuracies]
    if missing and len(everything) < ENUMERATED:
        yield f"it lacks {len(missing)} of {len(everything)} architectures, such as '{missing[0]}'"


def _proxy_problems(name: str, benchmark: Benchmark) -> Iterator[str]:
    import torch

    proxy, space = get_proxy(name), get_search_space(benchmark.search_space)
    torch.manual_seed(0)
    network = space.network_builder()(_samples(space)[0], benchmark.dataset)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    inputs = torch.randn(4, *benchmark.dataset.input_shape)
    targets = torch.arange(4) % benchmark.dataset.num_classes
    torch.manual_seed(1)
    value = proxy.score(network, inputs, targets)
    torch.manual_seed(1)
    again = proxy.score(network, inputs, targets)
    if not isinstance(value, float) or math.isnan(value):
        yield f"its score is {value!r}, not a number"
    elif value != again:
        yield f"its score is {value} and then {again} for the same network and images"
    if any(not torch.equal(network.state_dict()[key], before[key]) for key in before):
        yield "it changes the network's weights or buffers"
    if not network.training or any(p.grad is not None for p in network.parameters()):
        yield "it leaves the network in another mode, or with gradients"
