"""Text made safe to print, and counts with their nouns."""

from __future__ import annotations

import re
import unicodedata

import pytest

from zcnas.words.text import legible, plural, printable, spreadsheet_text


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


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("synflow", "synflow"),
        ("модель-7", "модель-7"),
        ("Größe ½ naïve", "Größe ½ naïve"),
        ("τ", "τ"),
        ("syn\u200bflow", "syn\ufffdflow"),
        ("syn\u3164flow\u2800", "syn\ufffdflow\ufffd"),
        ("synfl\u043ew", "synfl\u043e<U+043E>w"),
        ("\u0441\u043e\u0440\u0435", "\u0441<U+0441>\u043e<U+043E>\u0440<U+0440>\u0435<U+0435>"),
        ("syn\uff46low", "syn\uff46<U+FF46>low"),
        ("rank 1\r\nrank 2", "rank 1\ufffd rank 2"),
    ],
)
def test_look_alike_and_invisible_characters_of_a_name_are_shown_as_such(name, shown):
    assert legible(name) == shown


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹢", "⁺"])
@pytest.mark.parametrize("before", ["", ";", "name;", "a, ", "a;\t", "a|"])
def test_no_part_of_a_text_is_a_formula_in_any_country(before, sign):
    """After every separator a spreadsheet may split at, the first character is no sign."""
    text = spreadsheet_text(f"{before}{sign}1+1")
    for cell in re.split(r"[;,|\t\n]", text):
        first = unicodedata.normalize("NFKC", cell.strip()[:1])
        assert first not in ("=", "+", "-", "@")
    assert spreadsheet_text("plain-name; a=b") == "plain-name; a=b"
