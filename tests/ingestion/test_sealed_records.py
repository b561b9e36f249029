"""Predictions on a platform: what memory holds stands in the files at the end."""

import msgspec

from zcnas.hosted.seals import sealed_lines
from zcnas.ingestion.sealed_records import SealedRecords
from zcnas.records import Prediction, read_predictions

KEY = bytes(range(32))
BENCHMARK = "nasbench201_cifar10"


def prediction(number, score=1.0):
    return Prediction(id=f"{number:08x}", status="ok", score=score)


def write_as_the_recorder_does(folder, predictions):
    path = folder / f"{BENCHMARK}.predictions.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(p) + b"\n" for p in predictions))
    return path


def test_records_changed_by_another_process_are_written_again_from_memory(tmp_path):
    records = SealedRecords(tmp_path, BENCHMARK, KEY)
    honest = [prediction(1, 0.5), prediction(2, 0.25)]
    for one in honest:
        records.add_prediction(one)
    assert records.settle() is False, "nothing was changed"
    path = write_as_the_recorder_does(tmp_path, [prediction(1, 99.0), prediction(2, 100.0)])
    assert records.settle() is True
    assert read_predictions(path) == honest
    path.unlink()
    path.mkdir()
    assert records.settle() is True
    assert sealed_lines(tmp_path, BENCHMARK, KEY) == [msgspec.json.encode(p) for p in honest]


def test_every_seal_is_on_disk_as_soon_as_its_prediction_is(tmp_path):
    records = SealedRecords(tmp_path, BENCHMARK, KEY)
    for number in range(1, 4):
        records.add_prediction(prediction(number))
        assert len(sealed_lines(tmp_path, BENCHMARK, KEY)) == number
    records.close()
