"""Files as NAS-Bench-201's loader reads them: pickled dicts, labels 1 to 1000, planes in rows."""

import pickle

import numpy as np
import pytest

from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets import load_minibatch
from zcnas.datasets.imagenet16 import FILES
from zcnas.errors import InputDataError

BENCHMARK = BENCHMARKS["nasbench201_imagenet16_120"]
MEAN = np.array([122.68, 116.66, 104.01]).reshape(3, 1, 1)
DEVIATION = np.array([63.22, 61.26, 65.09]).reshape(3, 1, 1)


@pytest.fixture
def folder(tmp_path, trust):
    """Ten files of twelve images, of which the red corner of image n of file m is 12 m + n."""
    (tmp_path / "ImageNet16").mkdir()
    for number, name in enumerate(FILES):
        data = np.zeros((12, 768), dtype=np.uint8)
        data[:, 0] = 12 * number + np.arange(12)
        # Of every file, six labels are among the first 120 classes: 1, 120 and four between.
        labels = [1, 120, 121, 1000, 500, 2, 50, 119, 121, 600, 3, 700]
        content = {"data": data, "labels": labels, "mean": np.zeros(768)}
        (tmp_path / name).write_bytes(pickle.dumps(content, protocol=4))
    trust(tmp_path)
    return tmp_path


def test_only_the_first_120_classes_count_and_labels_start_at_0(folder):
    batch = load_minibatch(BENCHMARK, 60, 1, folder)
    assert batch.source == "published files of ImageNet16"
    assert batch.inputs.shape == (60, 3, 16, 16)
    corners = np.rint(batch.inputs[:, 0, 0, 0] * DEVIATION[0].item() + MEAN[0].item())
    expected = {0: 0, 1: 119, 5: 1, 6: 49, 7: 118, 10: 2}
    assert {int(corner) % 12: int(t) for corner, t in zip(corners, batch.targets, strict=True)} == (
        expected
    )
    with pytest.raises(InputDataError, match="the batch size is 61, but"):
        load_minibatch(BENCHMARK, 61, 1, folder)


def test_pixels_are_normalised_by_the_published_mean_and_deviation(folder):
    batch = load_minibatch(BENCHMARK, 1, 1, folder)
    blue = batch.inputs[0, 2]
    assert blue == pytest.approx(np.full((16, 16), -104.01 / 65.09), rel=1e-5)


def test_strings_pickled_by_python_2_are_understood(folder, trust):
    content = {b"data": np.zeros((2, 768), dtype=np.uint8), b"labels": [1, 2]}
    (folder / FILES[0]).write_bytes(pickle.dumps(content, protocol=2))
    trust(folder)
    assert load_minibatch(BENCHMARK, 56, 1, folder).inputs.shape == (56, 3, 16, 16)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps({"labels": [1]}), "train_data_batch_2 is not an ImageNet16 file"),
        (pickle.dumps({"data": np.zeros((1, 768), np.uint8)})[:-30], "not an ImageNet16 file"),
        (pickle.dumps([1, 2]), "not an ImageNet16 file"),
        (
            pickle.dumps({"data": np.zeros((1, 3072), np.uint8), "labels": [1]}),
            r"shape \(1, 3072\) for 1 labels; expected uint8 of shape \(N, 768\). Is it another",
        ),
        (
            pickle.dumps({"data": np.zeros((1, 768), np.uint8), "labels": [0]}),
            "labels from -1 to -1; expected 0 to 999",
        ),
    ],
)
def test_a_damaged_or_foreign_file_is_refused(folder, trust, content, message):
    (folder / FILES[1]).write_bytes(content)
    trust(folder)
    with pytest.raises(InputDataError, match=message):
        load_minibatch(BENCHMARK, 4, 1, folder)


def test_a_truncated_file_is_refused_by_its_checksum(folder):
    path = folder / FILES[9]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputDataError, match=r"train_data_batch_10 \(100 bytes\) has the MD5"):
        load_minibatch(BENCHMARK, 4, 1, folder)


def test_a_pickle_that_wants_to_run_code_is_refused(folder, trust, malicious_pickle):
    (folder / FILES[0]).write_bytes(malicious_pickle)
    trust(folder)
    with pytest.raises(InputDataError, match="it names posix.system, which is not allowed"):
        load_minibatch(BENCHMARK, 4, 1, folder)


def test_a_missing_file_is_refused_with_its_path(folder):
    (folder / FILES[4]).unlink()
    with pytest.raises(InputDataError, match="cannot read .*train_data_batch_5"):
        load_minibatch(BENCHMARK, 4, 1, folder)
