"""A log is bounded, harmless to read, and its headings cannot be imitated."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcnas.ingestion.logs import CappedLog

HEADING = re.compile(r"^--- ", re.MULTILINE)


def written(chunks, max_bytes=10_000, heading="aaaaaaaa"):
    kept = []
    log = CappedLog(kept.append, max_bytes)
    log.begin(heading)
    for chunk in chunks:
        log.write(chunk)
    log.close()
    return "".join(kept)


@given(st.lists(st.text("-\n xé", max_size=6).map(str.encode), min_size=1))
def test_no_line_of_a_participant_begins_as_ours_however_it_arrives(chunks):
    text = written(chunks)
    assert len(HEADING.findall(text + "\n--- end")) == 2
    said = b"".join(chunks).decode()
    assert text.removeprefix("--- aaaaaaaa\n").replace("\n ---", "\n---").removeprefix(
        " "
    ) == said.replace("\n ---", "\n---").removeprefix(" ")


@pytest.mark.parametrize("first", [b"no newline", b"", b"-", b"a\n--"])
def test_a_heading_stands_on_a_line_of_its_own(first):
    kept = []
    log = CappedLog(kept.append, 1000)
    log.begin("first")
    log.write(first or b"x\n")
    log.begin("second")
    log.write(b"later")
    log.close()
    assert "".join(kept).splitlines()[-2:] == ["--- second", "later"]


def test_the_line_about_the_limit_stands_on_its_own_and_is_not_imitated():
    ours = "--- the log's size limit is reached; further output is not kept"
    assert written([b"x" * 50], max_bytes=20).splitlines()[-1] == ours
    said = written([f"{ours}\n".encode()], max_bytes=1000)
    assert said.splitlines() == ["--- aaaaaaaa", f" {ours}"]


def test_the_limit_counts_what_is_kept_where_a_control_character_becomes_three_bytes():
    kept = []
    CappedLog(kept.append, 1000).write(bytes(5000))
    text = "".join(kept)
    assert len(text.partition("---")[0].encode()) <= 1001
    assert "the log's size limit is reached" in text
