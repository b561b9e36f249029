"""Every reader of bytes from outside gives a value or one of our errors, whatever it is fed."""

from __future__ import annotations

import io
import shutil
import time
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zcnas.errors import ZcnasError
from zcnas.submissions import open_submission, pack_submission
from zcnas.worker.channel import MAX_ANSWER_BYTES, Answer

from .valid import READERS, SOURCE

HANG_S = 60

HOSTILE = (
    *(b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"NaN", b"Infinity", b"1e999", b"-0", b"null", b"{}"),
    *(b'"', b"\\", b"[" * 3000, b'{"a":' * 3000, b"9" * 5000, b"\n\n", b"../", b"\x1b[2J", b"[[["),
    *(
        b'"\\ud800"',
        b"true",
        b" " * 100,
        b"=",
        b"'''",
        b"[x]\n",
        b"# ",
        b"PK\x05\x06",
        b"PK\x01\x02",
    ),
)


@st.composite
def damaged(draw: st.DrawFn, valid: bytes) -> bytes:
    """Return a valid file with up to six wounds."""
    content = bytearray(valid)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 40))
        kind = draw(st.sampled_from(("flip", "cut", "double", "insert", "swap", "end")))
        if kind == "flip" and at < len(content):
            content[at] = draw(st.integers(0, 255))
        elif kind == "cut":
            del content[at : at + length]
        elif kind == "double":
            content[at:at] = content[at : at + length * 20]
        elif kind == "insert":
            content[at:at] = draw(st.sampled_from(HOSTILE))
        elif kind == "swap":
            content[at : at + length] = draw(st.binary(max_size=40))
        elif kind == "end":
            del content[at:]
    return bytes(content)


def is_refused(action) -> bool:
    """Return whether a reader refused its input with one of our errors; all others go up."""
    begin = time.monotonic()
    try:
        action()
    except ZcnasError as error:
        return bool(str(error))
    finally:
        assert time.monotonic() - begin < HANG_S
    return False


@pytest.mark.parametrize("name", READERS)
def test_a_reader_gives_a_value_or_one_of_our_errors(name, tmp_path):
    read, valid = READERS[name]
    path = tmp_path / "file"
    path.write_bytes(valid)
    read(path)

    @settings(settings.get_profile("fuzz"))
    @given(st.one_of(damaged(valid), damaged(valid), st.binary(max_size=300)))
    def feed(content):
        path.write_bytes(content)
        is_refused(lambda: read(path))

    feed()


@settings(settings.get_profile("any_machine"), max_examples=300)
@given(st.binary(max_size=MAX_ANSWER_BYTES))
def test_an_answer_of_the_worker_is_an_answer_or_a_fault(content):
    is_refused(lambda: Answer.decode(content))


SEGMENTS = st.one_of(
    st.sampled_from(
        (
            *("..", ".", "", "predictor.py", "submission.py", "metadata", "__MACOSX", "a", "A"),
            *("._x", "x" * 300, "é", "e\u0301", "con", "\x1b[2J", "\0", "\\", "C:", "\u202e"),
        )
    ),
    st.text(max_size=8),
)
NAMES = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)
CONTENTS = st.one_of(
    st.just(SOURCE),
    st.binary(max_size=200),
    st.just(b"\0" * 3_000_000),
    st.sampled_from(HOSTILE),
)


@st.composite
def zips(draw: st.DrawFn) -> bytes:
    """Return a zip of strange entries, sometimes damaged."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if draw(st.booleans()):
            archive.writestr(draw(st.sampled_from(("predictor.py", "top/predictor.py"))), SOURCE)
        for _ in range(draw(st.integers(0, 4))):
            entry = zipfile.ZipInfo("x")
            entry.filename = draw(NAMES).replace("\ud800", "") or "x"
            entry.external_attr = draw(
                st.sampled_from((0, 0o100644 << 16, 0o120777 << 16, 0o40755 << 16, 0o60600 << 16))
            )
            entry.compress_type = draw(
                st.sampled_from((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
            )
            content = draw(CONTENTS)
            try:
                archive.writestr(entry, content)
            except (UnicodeEncodeError, ValueError):
                continue
    whole = buffer.getvalue()
    if draw(st.booleans()):
        return whole
    return draw(st.one_of(damaged(whole), st.binary(max_size=200)))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_is_unpacked_into_its_target_or_refused(tmp_path):
    where = tmp_path / "where"
    path = where / "mine.zip"

    @settings(settings.get_profile("fuzz"))
    @given(zips())
    def feed(content):
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir()
        path.write_bytes(content)
        refused = is_refused(lambda: open_submission(path, where / "target"))
        assert {entry.name for entry in where.iterdir()} <= {"mine.zip", "target"}
        assert refused != (where / "target").exists()
        for entry in where.rglob("*"):
            assert entry.resolve().is_relative_to(where.resolve())
            assert not entry.is_symlink()
        if not refused:
            pack_submission(path, where / "packed.zip")
            again = open_submission(where / "packed.zip", where / "again")
            assert again.sha256 == open_submission(path, where / "twice").sha256

    feed()
    assert {entry.name for entry in tmp_path.iterdir()} == {"where"}
