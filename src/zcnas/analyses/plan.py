"""Which architectures our own table is to hold next, in which order.

1. NAS-Bench-201: the 6,466 cells that are not isomorphic, on its three datasets;
2. NAS-Bench-101: 1,000 cells drawn uniformly from its export;
3. NAS-Bench-301: every tabled architecture;
4. each TransNAS-Bench-101 benchmark: 150, evenly over the order of their accuracies.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zcnas.benchmarks import BENCHMARKS, Benchmark
from zcnas.search_spaces.four_node_cell import EDGES
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.tables import load_table
from zcnas.words.seeds import derive_token

UNIFORM_101 = 1000
STRATIFIED = 150
ORDER = ("nasbench201", "nasbench101", "nasbench301", "transbench101_micro", "transbench101_macro")
MAIN_201 = ("cifar10", "cifar100", "ImageNet16-120")
_NOTHING = "#"


def planned_benchmarks() -> list[Benchmark]:
    """Return the benchmarks of the plan, in its order."""
    return [
        benchmark
        for space in ORDER
        for benchmark in BENCHMARKS.values()
        if benchmark.search_space == space
        and (space != "nasbench201" or benchmark.dataset.name in MAIN_201)
    ]


def planned_architectures(benchmark: Benchmark, folder: Path | None) -> list[str]:
    """Return the architectures of a benchmark that the plan names, in the order to compute them.

    Raises:
        TableError: A table that the plan draws from is missing or damaged.
    """
    space = benchmark.search_space
    if space == "nasbench201":
        return _shuffled([str(cell) for cell in distinct_cells()], space)
    table = "nasbench101" if space == "nasbench101" else "nas_bench_suite_zero"
    accuracies = load_table(benchmark, table, folder).means()
    if space == "nasbench101":
        return _shuffled(list(accuracies), space)[:UNIFORM_101]
    if space == "nasbench301":
        return _shuffled(list(accuracies), space)
    return stratified(sorted(accuracies, key=lambda a: accuracies[a]), STRATIFIED)


def stratified(ordered: Sequence[str], count: int) -> list[str]:
    """Return ``count`` entries at even distances, in an order that is spread out at any time."""
    size = min(count, len(ordered))
    places = [round(place * (len(ordered) - 1) / max(size - 1, 1)) for place in range(size)]
    spread = sorted(range(size), key=lambda place: int(f"{place:08b}"[::-1], 2))
    return [ordered[places[place]] for place in spread]


def distinct_cells() -> list[NasBench201Spec]:
    """Return one cell of each of the publication's classes of isomorphic cells: 6,466.

    An operation on nothing is nothing, a skip connection is its source, and the order of a sum is
    free. The strings compared are those of the publication, whose sums count their empty terms
    and are sorted as text; without empty terms 5,390 classes are left.

    Reference: Dong and Yang, "NAS-Bench-201", ICLR 2020, arXiv:2001.00326 (the count).
    """
    found: dict[str, NasBench201Spec] = {}
    for cell in NasBench201Spec.enumerate():
        found.setdefault(topology(cell), cell)
    return list(found.values())


def topology(cell: NasBench201Spec) -> str:
    """Return the publication's string of a cell's function, equal for isomorphic cells."""
    nodes = ["0"]
    for target in (1, 2, 3):
        terms = []
        for (source, node), op in zip(EDGES, cell.ops, strict=True):
            if node == target:
                empty = op == "none" or nodes[source] == _NOTHING
                applied = nodes[source] if op == "skip_connect" else f"({nodes[source]})@{op}"
                terms.append(_NOTHING if empty else applied)
        nodes.append("+".join(sorted(terms)))
    return nodes[-1]


def _shuffled(architectures: list[str], name: str) -> list[str]:
    return sorted(architectures, key=lambda text: derive_token("our scores", name, text))
