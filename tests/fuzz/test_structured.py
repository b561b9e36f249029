"""Two thousand inputs of the long run, spread over all readers."""

import pytest

from . import structured
from .readers import READERS, feed

INPUTS = 2000


@pytest.mark.parametrize("name", READERS)
def test_a_reader_gives_a_value_or_one_of_our_errors(name, tmp_path):
    reader = READERS[name]
    refused = 0
    for number in range(INPUTS // len(READERS)):
        content = structured.generate(name, number, reader.generator, reader.valid)
        refused += bool(feed(name, content, tmp_path / "input")[0])
    assert refused > 0, "what is damaged is refused, with a message"


FOUND = {"tables": (453, 2704, 2796, 6082, 6128, 6538)}
"""Inputs that a long run has found to end in an error that was none of ours."""


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_once_is_refused(name, tmp_path):
    reader = READERS[name]
    for number in FOUND[name]:
        content = structured.generate(name, number, reader.generator, reader.valid)
        assert feed(name, content, tmp_path / "input")[0]


def test_an_input_is_its_number():
    reader = READERS["zips"]
    one, other = (
        [
            structured.generate("zips", number, reader.generator, reader.valid)
            for number in (3, 3, 4)
        ]
        for _ in range(2)
    )
    assert one == other
    assert one[0] == one[1] != one[2]
