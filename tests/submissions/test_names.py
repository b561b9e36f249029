"""Different names stay different, fit every file system, and show what they hold."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zcnas.submissions import submission_name
from zcnas.submissions.names import clean_name, shown


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("😀", "😀"),
        ("🙂", "🙂"),
        ("👍🏽 team", "👍_ team"),
        ("日本語", "日本語"),
        ("हिन्दी", "हिन्दी"),
        ("שלום", "שלום"),
        ("e\u0301quipe", "\u00e9quipe"),
        ("ali\u200bce", "ali_ce"),
        ("\u202eecila", "_ecila"),
        ("a\ufe0fb", "a_b"),
        ("\u3164", "_"),
        ("a`b^c$d", "a_b_c_d"),
        ("a\udcffb", "a_b"),
        ("..hidden", "hidden"),
        (" - a", "a"),
    ],
)
def test_letters_and_symbols_stay_and_what_commands_or_hides_becomes_a_line(raw, name):
    assert clean_name(raw) == name


@pytest.mark.parametrize("char", ["x", "é", "語", "😀"])
def test_a_long_name_leaves_room_for_our_endings_in_255_bytes(char):
    name = clean_name(char * 255)
    assert set(name) == {char}
    assert len(name) <= 64
    assert len(f"submission-{name}.predictions.jsonl.partial".encode()) <= 255


@given(st.text())
@example("a.zip.ZIP.zip")
@example("." * 70 + "a")
@example("x" * 63 + " y")
def test_a_name_is_its_own_name_and_that_of_its_zip(raw):
    name = submission_name(Path("/", raw.replace("/", "").replace("\0", "")))
    assert submission_name(Path("/", name)) == name
    assert submission_name(Path("/", f"{name}.zip")) == name
    assert unicodedata.normalize("NFC", name) == name
    assert name.isprintable()
    assert not name.startswith((".", "-", " "))


def test_a_name_is_shown_with_what_hides_in_it():
    assert shown(Path("/in/😀 team")) == "😀 team"
    assert shown(Path("/in/ali\u200bce")) == "ali\\u200bce"
    assert shown(Path("/in/e\u0301quipe")) == "e\\u0301quipe"
    assert shown(Path("/in/a\nb")) == "a\\nb"
