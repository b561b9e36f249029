"""Files in the published Python format, written here as its description says."""

import pickle

import numpy as np
import pytest

from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets import load_minibatch
from zcnas.datasets.cifar import CIFAR10_DEVIATION, CIFAR10_MEAN
from zcnas.errors import InputDataError

CIFAR10 = BENCHMARKS["nasbench201_cifar10"]
CIFAR100 = BENCHMARKS["nasbench201_cifar100"]


def planes(images):
    """(N, 32, 32, 3) to the format's rows: 1024 red values, then green, then blue."""
    rows = [
        np.concatenate([image[:, :, channel].ravel() for channel in range(3)]) for image in images
    ]
    return np.stack(rows)


def write_cifar10(folder, images, labels):
    target = folder / "cifar-10-batches-py"
    target.mkdir()
    for number, (part, part_labels) in enumerate(
        zip(np.array_split(images, 5), np.array_split(labels, 5), strict=True), start=1
    ):
        content = {
            b"batch_label": b"training batch",
            b"labels": [int(label) for label in part_labels],
            b"data": planes(part),
            b"filenames": [b"x.png"] * len(part),
        }
        (target / f"data_batch_{number}").write_bytes(pickle.dumps(content, protocol=2))


@pytest.fixture
def cifar10_folder(tmp_path, trust):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (50, 32, 32, 3), dtype=np.uint8)
    labels = rng.integers(0, 10, 50)
    write_cifar10(tmp_path, images, labels)
    trust(tmp_path)
    return tmp_path, images, labels


def test_the_minibatch_holds_different_published_images_with_their_labels(cifar10_folder):
    folder, images, labels = cifar10_folder
    batch = load_minibatch(CIFAR10, 20, 3, folder)
    assert batch.source == "published files of cifar-10-batches-py"
    assert batch.inputs.shape == (20, 3, 32, 32)
    assert (batch.inputs.dtype, batch.targets.dtype) == (np.float32, np.int64)
    pixels = np.rint(
        (batch.inputs.transpose(0, 2, 3, 1) * CIFAR10_DEVIATION + CIFAR10_MEAN) * 255
    ).astype(np.uint8)
    found = [next(i for i in range(50) if (images[i] == image).all()) for image in pixels]
    assert len(set(found)) == 20
    assert [labels[index] for index in found] == list(batch.targets)


def test_the_seed_decides_which_images(cifar10_folder):
    folder, _, _ = cifar10_folder
    first, again, other = (load_minibatch(CIFAR10, 20, seed, folder).inputs for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_cifar100_has_fine_labels(tmp_path, trust):
    (tmp_path / "cifar-100-python").mkdir()
    images = np.zeros((8, 32, 32, 3), dtype=np.uint8)
    content = {b"data": planes(images), b"fine_labels": [99] * 8, b"coarse_labels": [1] * 8}
    (tmp_path / "cifar-100-python" / "train").write_bytes(pickle.dumps(content, protocol=2))
    trust(tmp_path)
    assert list(load_minibatch(CIFAR100, 4, 1, tmp_path).targets) == [99] * 4


@pytest.mark.real_table
def test_real_images_pass_through_the_published_format_and_are_about_normal(
    tmp_path, data_folder, trust
):
    with np.load(data_folder / "cifar10_100_images.npz") as real:
        write_cifar10(tmp_path, real["images"], real["labels"])
    trust(tmp_path)
    batch = load_minibatch(CIFAR10, 100, 1, tmp_path)
    assert np.abs(batch.inputs.mean(axis=(0, 2, 3))).max() < 0.2
    assert np.abs(batch.inputs.std(axis=(0, 2, 3)) - 1).max() < 0.2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps({b"labels": [1]}), "not a CIFAR file in the published Python format"),
        (pickle.dumps({b"data": np.zeros((1, 3072)), b"labels": [1]}), "float64 data of shape"),
        (
            pickle.dumps({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]}),
            r"shape \(2, 3072\) for 1 labels",
        ),
        (
            pickle.dumps({b"data": np.zeros((1, 3072), np.uint8), b"labels": [10]}),
            "labels from 10 to 10; expected 0 to 9",
        ),
        (pickle.dumps({b"data": 1})[:-3], "not a CIFAR file"),
        (b"", "not a CIFAR file"),
        (b"\x80\x02garbage", "not a CIFAR file"),
    ],
)
def test_a_damaged_or_malicious_file_is_refused(cifar10_folder, content, message, trust):
    folder, _, _ = cifar10_folder
    (folder / "cifar-10-batches-py" / "data_batch_3").write_bytes(content)
    trust(folder)
    with pytest.raises(InputDataError, match=message):
        load_minibatch(CIFAR10, 4, 1, folder)


def test_a_pickle_that_wants_to_run_code_is_refused(cifar10_folder, malicious_pickle, trust):
    folder, _, _ = cifar10_folder
    (folder / "cifar-10-batches-py" / "data_batch_3").write_bytes(malicious_pickle)
    trust(folder)
    with pytest.raises(InputDataError, match="it names posix.system, which is not allowed"):
        load_minibatch(CIFAR10, 4, 1, folder)


def test_a_file_that_is_not_the_published_one_is_refused_by_its_checksum(cifar10_folder):
    folder, _, _ = cifar10_folder
    path = folder / "cifar-10-batches-py" / "data_batch_4"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputDataError, match="data_batch_4 .* has the MD5 .* but the published"):
        load_minibatch(CIFAR10, 4, 1, folder)


def test_a_missing_batch_is_refused_with_its_path(cifar10_folder):
    folder, _, _ = cifar10_folder
    (folder / "cifar-10-batches-py" / "data_batch_2").unlink()
    with pytest.raises(InputDataError, match="cannot read .*data_batch_2.*zcnas data"):
        load_minibatch(CIFAR10, 4, 1, folder)


def test_fewer_images_than_the_batch_are_refused(cifar10_folder):
    folder, _, _ = cifar10_folder
    with pytest.raises(InputDataError, match="the batch size is 51, but"):
        load_minibatch(CIFAR10, 51, 1, folder)
