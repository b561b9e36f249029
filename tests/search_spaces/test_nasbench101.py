import itertools
import random

import networkx
import pytest
import torch

from zcnas.benchmarks import DATASETS
from zcnas.errors import InvalidArchitecture
from zcnas.search_spaces.nasbench101 import graph
from zcnas.search_spaces.nasbench101.network import Cell, build, channels_of_vertices
from zcnas.search_spaces.nasbench101.spec import MAX_EDGES, MAX_VERTICES, OPS, NasBench101Spec

CONV3X3, CONV1X1, POOL = OPS

# The cell of the publication's documentation: an Inception-like module.
#   four branches from input to output: 1×1; 3×3; 3×3 then 3×3; pool.
INCEPTION_MATRIX = (
    (0, 1, 1, 1, 0, 1, 0),
    (0, 0, 0, 0, 0, 0, 1),
    (0, 0, 0, 0, 0, 0, 1),
    (0, 0, 0, 0, 1, 0, 0),
    (0, 0, 0, 0, 0, 0, 1),
    (0, 0, 0, 0, 0, 0, 1),
    (0, 0, 0, 0, 0, 0, 0),
)
INCEPTION = NasBench101Spec(
    INCEPTION_MATRIX, ("input", CONV1X1, CONV3X3, CONV3X3, CONV3X3, POOL, "output")
)


def _as_graph(spec):
    drawn = networkx.DiGraph()
    drawn.add_nodes_from((vertex, {"op": op}) for vertex, op in enumerate(spec.ops))
    drawn.add_edges_from(
        (source, target)
        for source, row in enumerate(spec.matrix)
        for target, entry in enumerate(row)
        if entry
    )
    return drawn


def _isomorphic(a, b):
    return networkx.is_isomorphic(_as_graph(a), _as_graph(b), lambda x, y: x["op"] == y["op"])


def _redrawn(spec, rng):
    """Return an isomorphic drawing: a random topological order of the inner vertices."""
    drawn = _as_graph(spec)
    last = len(spec.ops) - 1
    order, placed = [0], {0}
    while len(order) < last:
        ready = [
            v for v in range(1, last) if v not in placed and set(drawn.predecessors(v)) <= placed
        ]
        order.append(rng.choice(ready))
        placed.add(order[-1])
    order.append(last)
    matrix = tuple(tuple(spec.matrix[a][b] for b in order) for a in order)
    return NasBench101Spec(matrix, tuple(spec.ops[v] for v in order))


def _every_drawing(vertices):
    """Yield every cell of V vertices in every drawing, by brute force."""
    pairs = list(itertools.combinations(range(vertices), 2))
    for bits in itertools.product((0, 1), repeat=len(pairs)):
        rows = [[0] * vertices for _ in range(vertices)]
        for (source, target), bit in zip(pairs, bits, strict=True):
            rows[source][target] = bit
        matrix = tuple(map(tuple, rows))
        if len(graph.used_vertices(matrix)) == vertices and sum(bits) <= MAX_EDGES:
            for ops in itertools.product(OPS, repeat=vertices - 2):
                yield NasBench101Spec(matrix, ("input", *ops, "output"))


def test_the_space_has_423624_cells():
    sizes = [
        sum(len(s.labellings) for s in graph.skeletons(vertices, MAX_EDGES, len(OPS)))
        for vertices in range(2, MAX_VERTICES + 1)
    ]
    assert sizes == [1, 6, 84, 2_441, 62_010, 359_082]
    assert sum(sizes) == 423_624


def test_small_cells_are_enumerated_as_brute_force_finds_them_by_hash():
    drawings = itertools.chain.from_iterable(map(_every_drawing, (2, 3, 4)))
    by_hash = {spec.module_hash() for spec in drawings}
    small = list(itertools.islice(NasBench101Spec.enumerate(), 1 + 6 + 84))
    assert {spec.module_hash() for spec in small} == by_hash
    assert len(by_hash) == 91
    assert all(spec.canonical() == spec for spec in small)


def test_no_two_enumerated_cells_of_four_vertices_are_isomorphic():
    cells = list(itertools.islice(NasBench101Spec.enumerate(), 7, 7 + 84))
    assert not any(_isomorphic(a, b) for a, b in itertools.combinations(cells, 2))


def test_isomorphic_drawings_share_hash_and_canonical_drawing_and_others_do_not():
    rng = random.Random(1)
    for _ in range(60):
        spec, other = NasBench101Spec.sample(rng), NasBench101Spec.sample(rng)
        twin = _redrawn(spec, rng)
        assert _isomorphic(spec, twin)
        assert twin.module_hash() == spec.module_hash()
        assert twin.canonical() == spec.canonical() == spec
        assert (other.module_hash() == spec.module_hash()) == _isomorphic(spec, other)


def test_idle_vertices_are_pruned_and_the_order_of_the_others_kept():
    # 0 → 2 → 3 is the only path; 1 has no way out of the input, 4 none to the output 5.
    matrix = [
        [0, 0, 1, 0, 0, 0],
        [0, 0, 1, 0, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 0, 0, 1, 1],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]
    pruned = NasBench101Spec.pruned(matrix, ["input", POOL, CONV1X1, CONV3X3, POOL, "output"])
    assert str(pruned) == f"0100/0010/0001/0000:input,{CONV1X1},{CONV3X3},output"


def test_naslib_numbers_convert_there_and_back():
    spec = NasBench101Spec.from_naslib((0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 4, 1))
    assert str(spec) == f"011/001/000:input,{CONV3X3},output"
    assert NasBench101Spec.from_naslib(spec.to_naslib()) == spec
    assert NasBench101Spec.from_naslib(INCEPTION.to_naslib()) == INCEPTION


def test_channels_are_split_as_the_publication_describes():
    # Three vertices share 128 channels: 43, 43, 42; 3×3 before the third is as wide as it.
    assert channels_of_vertices(INCEPTION_MATRIX, 64, 128)[1:] == [32, 32, 32, 32, 32, 128]
    three = ((0, 1, 1, 1, 0), (0, 0, 0, 0, 1), (0, 0, 0, 0, 1), (0, 0, 0, 0, 1), (0,) * 5)
    assert channels_of_vertices(three, 64, 128) == [64, 43, 43, 42, 128]
    # 1 feeds 2 and 3, which share 7 channels as 4 and 3: it is as wide as the wider.
    fork = ((0, 1, 0, 0, 0), (0, 0, 1, 1, 0), (0, 0, 0, 0, 1), (0, 0, 0, 0, 1), (0,) * 5)
    assert channels_of_vertices(fork, 64, 7) == [64, 4, 4, 3, 7]
    assert channels_of_vertices(((0, 1), (0, 0)), 64, 128) == [64, 128]


def test_a_cell_of_pools_computes_what_its_drawing_says():
    # input → pool → output and input → output, with the projections made identities.
    spec = NasBench101Spec.parse(f"011/001/000:input,{POOL},output")
    cell = Cell(spec, 4, 4).eval()
    with torch.no_grad():
        for projection in cell.projections.values():
            projection[0].weight.copy_(torch.eye(4)[:, :, None, None])
    features = torch.rand(2, 4, 5, 5)
    scale = (1 + 1e-5) ** -0.5  # BatchNorm with running variance 1
    pooled = torch.nn.functional.max_pool2d(features * scale, 3, stride=1, padding=1)
    torch.testing.assert_close(cell(features), pooled + features * scale)


def test_the_smallest_network_has_the_parameters_of_the_formula():
    network = build(NasBench101Spec.parse("01/00:input,output"), DATASETS["cifar10"])
    stem = 3 * 9 * 128 + 2 * 128
    widths = [(128, 128)] * 3 + [(128, 256)] + [(256, 256)] * 2 + [(256, 512)] + [(512, 512)] * 2
    projections = sum(a * b + 2 * b for a, b in widths)
    classifier = 512 * 10 + 10
    assert sum(p.numel() for p in network.parameters()) == stem + projections + classifier


def test_neighbours_differ_by_one_edit():
    spec = NasBench101Spec.parse(f"010/001/000:input,{POOL},output")
    reached = {str(neighbour) for neighbour in spec.neighbours()}
    assert f"010/001/000:input,{CONV3X3},output" in reached  # another operation
    assert f"011/001/000:input,{POOL},output" in reached  # an edge more
    assert f"0100/0010/0001/0000:input,{POOL},{CONV1X1},output" not in reached  # two edits
    # A vertex more, beside the edge input → pool.
    wider = NasBench101Spec.parse(f"0110/0010/0001/0000:input,{CONV1X1},{POOL},output")
    assert str(wider.canonical()) in reached
    assert str(spec) in {str(neighbour) for neighbour in wider.neighbours()}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("010/001/000:input,sep,output", r"unknown nasbench101 operation 'sep'; known .*conv3x3"),
        (f"01/00:{POOL},output", r"go from 'input' to 'output'"),
        (f"000/001/000:input,{POOL},output", r"vertices \[0, 1, 2\] .* lie on no path"),
        (f"011/000/000:input,{POOL},output", r"vertices \[1\] .*NasBench101Spec\.pruned"),
        (f"010/101/000:input,{POOL},output", r"entry 1 at row 1, column 0"),
        ("0:input", r"1 vertices: .*2 to 7 are allowed"),
        ("/".join(["0" * 8] * 8) + f":input,{','.join([POOL] * 6)},output", r"8 vertices"),
        ("01/00:input,output,output", r"needs a square matrix of that size"),
        ("01/0:input,output", r"rows of \[2, 1\]"),
        ("input,output", r"the form is the rows of the adjacency matrix"),
    ],
)  # fmt: skip
def test_a_cell_outside_the_space_is_refused_with_the_reason(text, message):
    with pytest.raises(InvalidArchitecture, match=message):
        NasBench101Spec.parse(text)


def test_ten_edges_are_too_many():
    rows = [[0] * 5 for _ in range(5)]
    for source, target in itertools.combinations(range(5), 2):
        rows[source][target] = 1
    with pytest.raises(InvalidArchitecture, match=r"with 10 edges: .*at most 9 are allowed"):
        NasBench101Spec.pruned(rows, ["input", POOL, POOL, POOL, "output"])


def test_a_matrix_without_a_path_cannot_be_pruned():
    with pytest.raises(InvalidArchitecture, match=r"no path leads from input to output"):
        NasBench101Spec.pruned([[0, 1, 0], [0, 0, 0], [0, 0, 0]], ["input", POOL, "output"])


@pytest.mark.parametrize("numbers", [(), (0, 1, 0, 0, 0), (0, 1, 0, 0, 0, 5)])
def test_other_numbers_than_naslibs_are_refused(numbers):
    with pytest.raises(InvalidArchitecture, match=r"allowed are V² zeros and ones"):
        NasBench101Spec.from_naslib(numbers)
