"""Seals: a key that both programs hold, and a chain that no line can leave or enter."""

import hmac

import pytest

from zcnas.errors import OrganiserError
from zcnas.hosted.seals import KEY_FILE, Seals, read_key, take_key

KEY = b"k" * 32


def test_a_seal_is_the_published_hmac_of_the_previous_seal_and_the_line():
    seals = Seals(KEY)
    first = hmac.digest(KEY, b"\none", "sha256").hex().encode()
    assert seals.next(b"one") == first
    assert seals.next(b"two") == hmac.digest(KEY, first + b"\ntwo", "sha256").hex().encode()


def test_a_line_bears_its_seal_under_the_same_key_only():
    seal = Seals(KEY).next(b"one")
    assert Seals(KEY).bears(b"one", seal)
    assert not Seals(b"l" * 32).bears(b"one", seal)
    assert not Seals(KEY).bears(b"two", seal)
    assert not Seals(KEY).bears(b"one", "é".encode())


def test_the_key_is_read_as_it_was_written_and_taken_once(tmp_path):
    (tmp_path / KEY_FILE).write_text("ab" * 32 + "\n")
    assert read_key(tmp_path) == bytes.fromhex("ab" * 32)
    assert take_key(tmp_path) == bytes.fromhex("ab" * 32)
    assert not (tmp_path / KEY_FILE).exists()


@pytest.mark.parametrize("content", [None, "", "ab" * 31, "no hexadecimal", "ab" * 33])
def test_a_lost_or_spoilt_key_is_an_error_that_says_what_to_do(tmp_path, content):
    if content is not None:
        (tmp_path / KEY_FILE).write_text(content)
    with pytest.raises(OrganiserError, match="build the bundle again"):
        read_key(tmp_path)
