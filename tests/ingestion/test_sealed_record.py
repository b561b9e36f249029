"""The record of a run on a platform: what memory holds stands in the file at the end."""

import os

from tests.sealed_runs import ROOT, start_of
from zcnas.hosted.run_record import Answer, Ended, read_run_record
from zcnas.hosted.seals import KEY_BYTES
from zcnas.ingestion.sealed_record import SealedRecord, sealed_record
from zcnas.phases import load_phase
from zcnas.words.records import Prediction

KEY = bytes(range(KEY_BYTES))
START = start_of(load_phase(ROOT / "reference_data" / "phases.toml", "practice"), {})


def answer(number, score=1.0):
    prediction = Prediction(id=f"{number:08x}", status="ok", score=score)
    return Answer(benchmark="nasbench201_cifar10", prediction=prediction)


def test_a_record_changed_by_another_process_is_written_again_from_memory(tmp_path):
    path, owner = tmp_path / "run.sealed", tmp_path / f"submission-{'ab' * 32}"
    for attack in (
        lambda: path.write_text("forged"),
        path.unlink,
        lambda: (path.unlink(), path.mkdir()),
        lambda: (path.unlink(), path.symlink_to("/etc/passwd")),
        lambda: (path.unlink(), os.mkfifo(path)),
        lambda: (owner.unlink(), owner.symlink_to("/etc/passwd")),
    ):
        with sealed_record(tmp_path, KEY) as record:
            record.belongs_to(START)
            for line in (answer(1, 0.5), answer(2, 0.25), Ended(wall_time_s=1)):
                record.add(line)
            attack()
        found = read_run_record(tmp_path, KEY)
        assert [each.score for each in found.answers["nasbench201_cifar10"]] == [0.5, 0.25]


def test_nothing_is_written_through_a_link_that_another_process_planted(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("kept")
    (tmp_path / "run.sealed").symlink_to(precious)
    with sealed_record(tmp_path, KEY) as record:
        record.add(START)
    assert precious.read_text() == "kept"


def test_an_untouched_record_is_not_written_again(tmp_path):
    record = SealedRecord(tmp_path, KEY)
    record.add(START)
    assert record.settle() is False


def test_every_line_is_on_disk_as_soon_as_it_is_sealed(tmp_path):
    record = SealedRecord(tmp_path, KEY)
    for number, line in enumerate((START, answer(1), answer(2)), start=1):
        record.add(line)
        assert (tmp_path / "run.sealed").read_bytes().count(b"\n") == number
    record.settle()
