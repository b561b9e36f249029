"""Array files as NAS-Bench-360's loader reads them: windows of 52 moments of 16 electrodes."""

import numpy as np
import pytest

from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets import load_minibatch
from zcnas.datasets.ninapro import LABELS, WINDOWS
from zcnas.errors import InputDataError

BENCHMARK = BENCHMARKS["nasbench201_ninapro"]
RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(18, 52, 16)).astype(np.float32)


@pytest.fixture
def write(tmp_path, trust):
    """A function that writes windows and labels, arrays or bytes, as the published files."""
    (tmp_path / "ninapro").mkdir()

    def write_files(windows=VALUES, labels=None):
        labels = np.arange(18) if labels is None else labels
        for name, value in ((WINDOWS, windows), (LABELS, labels)):
            if isinstance(value, bytes):
                (tmp_path / name).write_bytes(value)
            else:
                np.save(tmp_path / name, value, allow_pickle=True)
        trust(tmp_path)
        return tmp_path

    return write_files


@pytest.mark.parametrize("stored", [VALUES, VALUES.transpose(0, 2, 1)], ids=["52x16", "16x52"])
def test_windows_become_images_of_electrodes_by_moments_in_either_order(write, stored):
    batch = load_minibatch(BENCHMARK, 18, 1, write(stored))
    assert batch.source == "published files of ninapro"
    assert batch.inputs.shape == (18, 1, 16, 52)
    assert sorted(batch.targets) == list(range(18))
    for window, gesture in zip(batch.inputs, batch.targets, strict=True):
        assert (VALUES[gesture] == window[0].T).all()


@pytest.mark.parametrize(
    ("windows", "labels", "message"),
    [
        (np.zeros((18, 10, 200)), None, r"shape \(18, 10, 200\) for 18 labels; expected numbers"),
        (VALUES[:3], None, r"shape \(3, 16, 52\) for 18 labels"),
        (VALUES, np.arange(18) + 1, "labels from 1 to 18; expected 0 to 17"),
        (VALUES, np.arange(18) / 2, "labels of type float64"),
        (np.full_like(VALUES, np.nan), None, "contains NaN or infinite values"),
        (np.array([{"a": 1}]), None, "not an array file .*allow_pickle"),
        (b"", None, "not an array file"),
        (b"PK\x03\x04", None, "not an array file"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused(write, windows, labels, message):
    with pytest.raises(InputDataError, match=message):
        load_minibatch(BENCHMARK, 4, 1, write(windows, labels))


@pytest.mark.parametrize("kept", [5, 60, 1000])
def test_a_truncated_file_is_refused(write, kept):
    whole = (write() / WINDOWS).read_bytes()
    with pytest.raises(InputDataError, match="ninapro_train.npy is not an array file"):
        load_minibatch(BENCHMARK, 4, 1, write(whole[:kept]))


def test_a_file_that_is_not_the_published_one_is_refused_by_its_checksum(tmp_path):
    (tmp_path / "ninapro").mkdir()
    np.save(tmp_path / WINDOWS, VALUES)
    with pytest.raises(InputDataError, match="but the published file has d4c33785587983348e6091e"):
        load_minibatch(BENCHMARK, 4, 1, tmp_path)


def test_a_missing_label_file_is_refused_with_its_path(write):
    folder = write()
    (folder / LABELS).unlink()
    with pytest.raises(InputDataError, match="cannot read .*label_train.npy"):
        load_minibatch(BENCHMARK, 4, 1, folder)
