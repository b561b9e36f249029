"""Text made safe to print, and counts with their nouns."""

from __future__ import annotations

import pytest

from zcnas.text import plural, printable


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 submissions"), (1, "1 submission"), (2, "2 submissions")],
)
def test_only_a_count_of_one_takes_the_singular(count, expected):
    assert plural(count, "submission") == expected


def test_an_irregular_plural_is_used_as_given():
    assert plural(2, "process", "processes") == "2 processes"
    assert plural(1, "process", "processes") == "1 process"


def test_an_escape_sequence_is_replaced_and_newlines_are_kept():
    assert printable("a\x1b[31mb\n\tc") == "a\N{REPLACEMENT CHARACTER}[31mb\n\tc"
