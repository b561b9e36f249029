"""The record of a run: whatever is done to the file, only what ingestion sealed is believed."""

import random
from pathlib import Path

import msgspec
import pytest

from tests.sealed_runs import start_of, write_run
from zcnas.errors import OrganiserError
from zcnas.hosted.run_record import (
    Answer,
    Failed,
    Printed,
    Refused,
    check_start,
    read_run_record,
)
from zcnas.phases import load_phase
from zcnas.words.records import Prediction

ROOT = Path(__file__).resolve().parents[2]
KEY = b"k" * 32
PHASE = load_phase(ROOT / "reference_data" / "phases.toml", "practice")
FILES = {"phase.json": "a1" * 32, "b.json": "b2" * 32}
START = start_of(PHASE, FILES)
ANSWERS = [
    Answer(benchmark="b", prediction=Prediction(id=f"0000000{n}", status="ok", score=n))
    for n in range(4)
]


@pytest.fixture
def lines(tmp_path):
    """The bytes of an honest record's lines."""
    return write_run(tmp_path, KEY, [START, *ANSWERS]).read_bytes().splitlines(keepends=True)


def read(folder, lines):
    (folder / "run.sealed").write_bytes(b"".join(lines))
    return read_run_record(folder, KEY)


def test_an_honest_record_is_read_whole(tmp_path):
    said = [Printed(benchmark="b", text=text) for text in ("hello ", "world\n")]
    write_run(tmp_path, KEY, [START, *said, *ANSWERS])
    record = read_run_record(tmp_path, KEY)
    assert record.start == START
    assert record.answers == {"b": [answer.prediction for answer in ANSWERS]}
    assert record.logs == {"b": "hello world\n"}
    assert record.refusal == ""


def test_nothing_that_is_changed_swapped_repeated_added_or_left_out_is_believed(tmp_path, lines):
    forged = lines[2].replace(b'"score":1', b'"score":9')
    seal = f"{random.Random(1).getrandbits(256):064x}".encode()
    assert forged != lines[2]
    attacks = {
        "changed": ([*lines[:2], forged, *lines[3:]], 3),
        "swapped": ([lines[0], lines[2], lines[1], *lines[3:]], 2),
        "repeated": ([*lines[:3], lines[2], *lines[3:]], 4),
        "left out": ([*lines[:2], *lines[3:]], 3),
        "without its start": (lines[1:], 1),
        "without seals": ([line[65:] for line in lines], 1),
        "added": ([*lines, seal + lines[2][64:]], 7),
        "another encoding": ([*lines[:2], "é ".encode() + lines[2][65:], *lines[3:]], 3),
    }
    for changed, number in attacks.values():
        with pytest.raises(OrganiserError, match=f"line {number} of run.sealed does not bear"):
            read(tmp_path, changed)


def test_lines_of_another_run_do_not_fit(tmp_path, lines):
    other = write_run(
        tmp_path, KEY, [start_of(PHASE, FILES, submission_sha256="cd" * 32), *ANSWERS]
    )
    theirs = other.read_bytes().splitlines(keepends=True)
    with pytest.raises(OrganiserError, match="line 2 of run.sealed"):
        read(tmp_path, [theirs[0], *lines[1:]])


def test_a_record_that_came_with_another_submission_is_not_taken_for_its_own(tmp_path):
    theirs = write_run(tmp_path, KEY, [START, *ANSWERS]).read_bytes()
    for digest in ("cd" * 32, ""):
        write_run(tmp_path, KEY, [start_of(PHASE, FILES, submission_sha256=digest), *ANSWERS])
        (tmp_path / "run.sealed").write_bytes(theirs)
        with pytest.raises(OrganiserError, match="it is the record of another submission"):
            read_run_record(tmp_path, KEY)
        (tmp_path / f"submission-{'ab' * 32}").touch()
        with pytest.raises(OrganiserError, match="it is the record of another submission"):
            read_run_record(tmp_path, KEY)


def test_another_bundles_key_is_told_from_a_changed_file(tmp_path):
    write_run(tmp_path, b"l" * 32, [START, *ANSWERS])
    with pytest.raises(OrganiserError, match="another bundle's ingestion program wrote it"):
        read_run_record(tmp_path, KEY)


@pytest.mark.parametrize("kept", [1, 3, 5])
def test_a_record_without_its_sealed_last_line_is_of_a_killed_run(tmp_path, lines, kept):
    (tmp_path / f"submission-{'ab' * 32}").unlink()  # which a run writes at its end
    with pytest.raises(OrganiserError, match=f"stopped from outside after {kept - 1} answers"):
        read(tmp_path, lines[:kept])
    with pytest.raises(OrganiserError, match=f"stopped from outside after {kept - 1} answers"):
        read(tmp_path, [*lines[:kept], lines[kept][:-5]])


def test_no_record_an_empty_one_and_a_link_say_what_is_missing(tmp_path, lines):
    with pytest.raises(OrganiserError, match="ingestion was stopped early"):
        read(tmp_path, [])
    (tmp_path / "elsewhere").write_bytes(b"".join(lines))
    (tmp_path / "run.sealed").unlink()
    with pytest.raises(OrganiserError, match=r"ingestion left no run\.sealed"):
        read_run_record(tmp_path, KEY)
    (tmp_path / "run.sealed").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OrganiserError, match=r"ingestion left no run\.sealed"):
        read_run_record(tmp_path, KEY)


def test_a_fault_of_the_machine_is_told_in_ingestions_own_words(tmp_path):
    for lines in (
        [Failed(reason="no disk left")],
        [START, ANSWERS[0], Failed(reason="no disk left")],
    ):
        write_run(tmp_path, KEY, lines, ended=False)
        with pytest.raises(OrganiserError, match="ingestion failed: no disk left"):
            read_run_record(tmp_path, KEY)


def test_a_refusal_is_part_of_a_whole_record(tmp_path):
    write_run(tmp_path, KEY, [START, Refused(reason="no predictor")])
    assert read_run_record(tmp_path, KEY).refusal == "no predictor"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"phase": "final"}, "is of phase 'final', and this is phase 'practice'"),
        ({"limits": msgspec.structs.replace(PHASE.limits, query_cpu_s=99)}, "query_cpu_s=99"),
        ({"files": {**FILES, "phase.json": "00" * 32}}, "another phase.json than"),
        ({"files": {**FILES, "b.json": "00" * 32}}, "another b.json than"),
        ({"files": {**FILES, "b.minibatch.npz": "00" * 32}}, "another b.minibatch.npz than"),
        ({"files": {"phase.json": FILES["phase.json"]}}, "another b.json than"),
    ],
)
def test_a_run_of_something_else_says_what_differs(changes, said):
    check_start(START, PHASE, FILES)
    with pytest.raises(OrganiserError, match=said):
        check_start(start_of(PHASE, FILES, **changes), PHASE, FILES)
