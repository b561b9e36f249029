"""A gzipped pickle with the keys NAS-Bench-360's loader reads."""

import gzip
import pickle

import numpy as np
import pytest

from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets import load_minibatch
from zcnas.datasets.spherical import FILE
from zcnas.errors import InputDataError

BENCHMARK = BENCHMARKS["nasbench201_scifar100"]


def content(count=40):
    rng = np.random.default_rng(0)
    half = {
        "images": rng.integers(0, 256, (count, 3, 60, 60), dtype=np.uint8),
        "labels": np.arange(count) % 100,
    }
    return {"train": half, "test": half}


@pytest.fixture
def write(tmp_path):
    """A function that writes an object, or a pickle's bytes, as the published file."""
    (tmp_path / "spherical").mkdir()

    def write_file(value, protocol=4):
        pickled = value if isinstance(value, bytes) else pickle.dumps(value, protocol=protocol)
        (tmp_path / FILE).write_bytes(gzip.compress(pickled, 1))
        return tmp_path

    return write_file


@pytest.mark.parametrize("protocol", [2, 4])
def test_the_minibatch_holds_the_training_images_normalised_by_their_own_moments(write, protocol):
    whole = content()
    batch = load_minibatch(BENCHMARK, 40, 1, write(whole, protocol))
    assert batch.source == "published files of spherical"
    assert np.abs(batch.inputs.mean(axis=(0, 2, 3))).max() < 1e-5
    assert np.abs(batch.inputs.std(axis=(0, 2, 3)) - 1).max() < 1e-5
    images = whole["train"]["images"]
    spread = images.reshape(40, 3, -1).transpose(1, 0, 2).reshape(3, -1)
    for picture, label in zip(batch.inputs, batch.targets, strict=True):
        back = picture * spread.std(axis=1)[:, None, None] + spread.mean(axis=1)[:, None, None]
        assert np.abs(back - images[label]).max() < 0.01


def test_images_stored_as_floats_up_to_255_are_the_same_images(write):
    whole = content()
    as_bytes = load_minibatch(BENCHMARK, 8, 1, write(whole)).inputs
    whole["train"]["images"] = whole["train"]["images"].astype(np.float32)
    assert (load_minibatch(BENCHMARK, 8, 1, write(whole)).inputs == as_bytes).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": np.zeros((40, 3, 32, 32), np.uint8)}, r"expected uint8 of shape \(N, 3, 60"),
        ({"images": np.full((40, 3, 60, 60), -1.0)}, "float64 data"),
        ({"labels": np.arange(40) + 61}, "labels from 61 to 100; expected 0 to 99"),
        ({"labels": None}, "is not a gzipped Spherical CIFAR-100"),
    ],
)
def test_another_datasets_file_is_refused(write, changes, message):
    whole = content()
    whole["train"] = {**whole["train"], **changes}
    with pytest.raises(InputDataError, match=message):
        load_minibatch(BENCHMARK, 4, 1, write(whole))


@pytest.mark.parametrize("value", [{"test": {}}, {"train": [1]}, [1, 2], pickle.dumps({})[:-1]])
def test_another_pickle_is_refused_and_the_message_says_what_is_unverified(write, value):
    with pytest.raises(InputDataError, match=r"not a gzipped Spherical CIFAR-100 .*unverified"):
        load_minibatch(BENCHMARK, 4, 1, write(value))


def test_a_pickle_that_wants_to_run_code_is_refused(write, malicious_pickle):
    with pytest.raises(InputDataError, match="it names posix.system, which is not allowed"):
        load_minibatch(BENCHMARK, 4, 1, write(malicious_pickle))


@pytest.mark.parametrize("kept", [0, 5, 2000, -4])
def test_a_truncated_file_is_refused(write, kept):
    path = write(content()) / FILE
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputDataError, match="not a gzipped Spherical CIFAR-100"):
        load_minibatch(BENCHMARK, 4, 1, path.parents[1])


def test_a_file_that_is_not_gzipped_is_refused(write):
    path = write(content()) / FILE
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(InputDataError, match="Not a gzipped file"):
        load_minibatch(BENCHMARK, 4, 1, path.parents[1])
