"""MATLAB files written by SciPy as the publisher's page describes them."""

import numpy as np
import pytest
from scipy.io import savemat

from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets import load_minibatch
from zcnas.datasets.svhn import DEVIATION, FILE, MEAN
from zcnas.errors import InputDataError

BENCHMARK = BENCHMARKS["nasbench201_svhn"]


def content(count=10):
    """X (32, 32, 3, N) and y (N, 1): image n is of digit n, and digit 0 has label 10."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (32, 32, 3, count), dtype=np.uint8)
    digits = np.where(np.arange(count) % 10 == 0, 10, np.arange(count) % 10).astype(np.uint8)
    return {"X": images, "y": digits.reshape(-1, 1)}


@pytest.fixture
def write(tmp_path, trust):
    """A function that writes variables, or bytes, as the published file."""
    (tmp_path / "svhn").mkdir()

    def write_file(variables):
        if isinstance(variables, bytes):
            (tmp_path / FILE).write_bytes(variables)
        else:
            savemat(tmp_path / FILE, variables, do_compression=True)
        trust(tmp_path)
        return tmp_path

    return write_file


def test_images_are_turned_and_label_10_is_the_digit_0(write):
    variables = content()
    batch = load_minibatch(BENCHMARK, 10, 1, write(variables))
    assert batch.source == "published files of svhn"
    assert sorted(batch.targets) == list(range(10))
    for pixels, digit in zip(batch.inputs, batch.targets, strict=True):
        image = np.rint((pixels.transpose(1, 2, 0) * DEVIATION + MEAN) * 255)
        assert (image == variables["X"][..., digit]).all()


def test_a_file_of_matlab_7_3_is_refused_with_the_version(write):
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    hdf5 = head.ljust(512, b"\x00") + b"\x89HDF\r\n\x1a\n" + bytes(64)
    with pytest.raises(
        InputDataError, match=r"is a MATLAB 7\.3 file, but the published one is ver"
    ):
        load_minibatch(BENCHMARK, 4, 1, write(hdf5))


def test_a_file_of_matlab_4_is_refused_with_the_version(tmp_path, trust):
    (tmp_path / "svhn").mkdir()
    savemat(tmp_path / FILE, {"X": np.zeros((3, 3))}, format="4")
    trust(tmp_path)
    with pytest.raises(InputDataError, match="is a MATLAB 4 file"):
        load_minibatch(BENCHMARK, 4, 1, tmp_path)


@pytest.mark.parametrize("length", [0, 50, 140, 400, 20000])
def test_a_truncated_file_is_refused(write, length):
    folder = write(content())
    with pytest.raises(InputDataError, match="not a MATLAB 5 file"):
        load_minibatch(BENCHMARK, 4, 1, write((folder / FILE).read_bytes()[:length]))


def test_format_1_and_other_variables_are_refused(write):
    with pytest.raises(
        InputDataError, match="no variable 'X'; it contains digitStruct. Is it another"
    ):
        load_minibatch(BENCHMARK, 4, 1, write({"digitStruct": np.zeros(3)}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X": np.zeros((32, 32, 3, 9), np.uint8)}, r"shape \(9, 3, 32, 32\) for 10 labels"),
        ({"X": np.zeros((32, 32, 3, 10))}, "float64 data"),
        ({"X": np.zeros((10, 3072), np.uint8)}, r"shape \(10, 3072\)"),
        ({"y": np.full((10, 1), 11, np.uint8)}, "labels from 11 to 11; expected 0 to 9"),
    ],
)
def test_another_datasets_file_is_refused(write, changes, message):
    with pytest.raises(InputDataError, match=message):
        load_minibatch(BENCHMARK, 4, 1, write({**content(), **changes}))


def test_a_file_that_is_not_the_published_one_is_refused_by_its_checksum(tmp_path):
    (tmp_path / "svhn").mkdir()
    savemat(tmp_path / FILE, content())
    with pytest.raises(InputDataError, match="MD5 .* but the published file has e26dedcc434d2e4c"):
        load_minibatch(BENCHMARK, 4, 1, tmp_path)


def test_a_file_that_ends_after_its_head_is_refused_as_empty(write):
    folder = write(content())
    with pytest.raises(InputDataError, match="no variable 'X'; it contains nothing"):
        load_minibatch(BENCHMARK, 4, 1, write((folder / FILE).read_bytes()[:128]))
