"""Two thousand inputs of the long run, spread over all readers."""

import pytest

from . import structured
from .readers import READERS, feed

INPUTS = 2000


@pytest.mark.parametrize("name", READERS)
def test_a_reader_gives_a_value_or_one_of_our_errors(name, tmp_path):
    reader = READERS[name]
    outcomes = set()
    for number in range(INPUTS // len(READERS)):
        content = structured.generate(name, number, reader.generator, reader.valid)
        outcomes.add(feed(name, content, tmp_path / "input")[0])
    assert True in outcomes, "what is refused is refused with a message"


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
