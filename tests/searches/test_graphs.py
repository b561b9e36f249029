"""Cells as graphs: paths drawn by hand, counted by a formula, and equal for equal cells."""

import random

import numpy as np
import pytest

from zcnas.errors import SearchError
from zcnas.search_spaces import get_search_space
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.search_spaces.nasbench301.spec import NasBench301Spec
from zcnas.searches.candidates import Candidates
from zcnas.searches.graphs import matrices, operation_graph

CELL_201 = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|"
CELL_101 = "0110/0011/0001/0000:input,conv3x3-bn-relu,maxpool3x3,output"


def graph_of(space, text):
    return operation_graph(space, get_search_space(space).spec.parse(text))


def test_operations_on_edges_become_vertices():
    graph = graph_of("nasbench201", CELL_201)
    assert graph.labels == (
        "input", "nor_conv_3x3", "skip_connect", "avg_pool_3x3", "nor_conv_1x1", "output",
    )  # fmt: skip
    assert sorted(graph.edges) == [(0, 1), (0, 3), (1, 2), (2, 4), (3, 5), (4, 5)]


def test_paths_are_those_of_the_drawing():
    assert graph_of("nasbench201", CELL_201).paths() == {
        ("avg_pool_3x3",),
        ("nor_conv_3x3", "skip_connect", "nor_conv_1x1"),
    }
    assert graph_of("nasbench101", CELL_101).paths() == {
        ("conv3x3-bn-relu",),
        ("conv3x3-bn-relu", "maxpool3x3"),
        ("maxpool3x3",),
    }


def test_a_cell_whose_output_nothing_reaches_has_no_path():
    nothing = NasBench201Spec(("none",) * 6)
    assert operation_graph("nasbench201", nothing).paths() == frozenset()


def test_all_cells_of_nasbench201_have_84_paths_together():
    """Four operations that make something, on one, two or three edges: 4 + 4² + 4³."""
    every = Candidates("nasbench201", tuple(map(str, NasBench201Spec.enumerate())))
    assert every.path_encoding.shape == (5**6, 4 + 4**2 + 4**3)
    longest = NasBench201Spec(("nor_conv_3x3",) * 6)
    assert every.path_encoding[every.place_of[str(longest)]].sum() == 3


def test_a_darts_architecture_is_both_cells_side_by_side():
    graph = operation_graph("nasbench301", NasBench301Spec.sample(random.Random(0)))
    assert len(graph.labels) == 2 + 2 * (2 + 8)
    assert all(source < target for source, target in graph.edges)
    assert {path[0].split()[0] for path in graph.paths()} == {"normal", "reduction"}


def test_matrices_are_padded_to_the_largest_graph():
    graphs = [graph_of("nasbench201", CELL_201), graph_of("nasbench201", CELL_201)]
    graphs[1] = operation_graph("nasbench201", NasBench201Spec(("skip_connect",) * 6))
    adjacency, labels = matrices(graphs)
    assert adjacency.shape == (2, 8, 8)
    assert adjacency.sum(axis=(1, 2)).tolist() == [6, 10]
    assert np.array_equal(labels.sum(axis=2).sum(axis=1), [6, 8])


def test_a_space_without_graphs_is_named_with_those_that_have():
    chain = Candidates("transbench101_macro", ("64-4141-basic",))
    with pytest.raises(SearchError, match="no graph of operations here; .*: nasbench101, nasben"):
        _ = chain.path_encoding
