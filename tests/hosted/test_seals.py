"""Seals: whatever a submission does to the files, only the recorder's own lines are taken."""

import hashlib
import hmac
import random

import pytest

from zcnas.hosted.seals import derive_key, next_seal, read_key, sealed_lines

KEY = b"k" * 32
LINES = [b'{"id":"0000000%d","status":"ok","score":%d}' % (n, n) for n in range(4)]


@pytest.fixture
def sealed(tmp_path):
    seals, previous = [], ""
    for line in LINES:
        previous = next_seal(KEY, "b", previous, line)
        seals.append(previous)

    def write(lines=LINES, seals=seals):
        (tmp_path / "b.predictions.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
        (tmp_path / "b.seals").write_text("".join(f"{seal}\n" for seal in seals))
        return tmp_path

    return write, seals


def test_the_first_seal_is_the_published_hmac_of_benchmark_and_line():
    content = b"b\n\n" + LINES[0]
    assert next_seal(KEY, "b", "", LINES[0]) == hmac.digest(KEY, content, "sha256").hex()


def test_sealed_lines_are_taken_whole(sealed):
    write, _ = sealed
    assert sealed_lines(write(), "b", KEY) == LINES


def test_nothing_that_is_changed_swapped_repeated_or_added_is_taken(sealed):
    write, seals = sealed
    rng = random.Random(1)
    forged = b'{"id":"00000001","status":"ok","score":99}'
    attacks = {
        "changed": ([LINES[0], forged, *LINES[2:]], seals, 1),
        "swapped": ([LINES[1], LINES[0], *LINES[2:]], [seals[1], seals[0], *seals[2:]], 0),
        "repeated": ([*LINES, LINES[3]], [*seals, seals[3]], 4),
        "added": ([*LINES, forged], [*seals, f"{rng.getrandbits(256):064x}"], 4),
        "without seals": (LINES, [], 0),
        "with foreign seals": (LINES, ["é"] * 4, 0),
    }
    for name, (lines, stored, kept) in attacks.items():
        assert sealed_lines(write(lines, stored), "b", KEY) == LINES[:kept], name


def test_a_seal_of_one_benchmark_is_none_of_another(sealed, tmp_path):
    write, _ = sealed
    write()
    (tmp_path / "c.predictions.jsonl").write_bytes((tmp_path / "b.predictions.jsonl").read_bytes())
    (tmp_path / "c.seals").write_bytes((tmp_path / "b.seals").read_bytes())
    assert sealed_lines(tmp_path, "c", KEY) == []


def test_a_run_that_was_stopped_between_line_and_seal_keeps_the_lines_before(sealed):
    write, seals = sealed
    assert sealed_lines(write(LINES, seals[:3]), "b", KEY) == LINES[:3]


def test_without_a_key_every_line_is_taken(sealed):
    write, _ = sealed
    assert sealed_lines(write(LINES, []), "b", None) == LINES


def test_the_key_depends_on_every_secret_and_on_where_one_ends(tmp_path):
    keys = {derive_key(parts) for parts in ([b"ab", b"c"], [b"a", b"bc"], [b"ab"], [b"abc"])}
    assert len(keys) == 4
    (tmp_path / "seal.key").write_text(derive_key([b"x"]))
    expected = hashlib.sha256(hashlib.sha256(b"x").digest()).digest()
    assert read_key(tmp_path) == expected
    assert read_key(tmp_path / "elsewhere") is None
