import numpy as np
import pytest

from zcnas.benchmarks import BENCHMARKS, DATASETS
from zcnas.datasets import load_minibatch
from zcnas.datasets.synthetic import SOURCE, SPECTRAL_EXPONENT, SyntheticImages

CIFAR10 = DATASETS["cifar10"]


def batch_of(size, dataset=CIFAR10, seed=0):
    return SyntheticImages(dataset).draw(size, np.random.default_rng(seed))


@pytest.mark.parametrize("name", ["cifar10", "cifar100", "ImageNet16-120"])
def test_images_have_the_datasets_shape_and_normalised_channels(name):
    dataset = DATASETS[name]
    batch = batch_of(64, dataset)
    assert batch.inputs.shape == (64, *dataset.input_shape)
    assert (batch.inputs.dtype, batch.targets.dtype) == (np.float32, np.int64)
    assert 0 <= batch.targets.min() <= batch.targets.max() < dataset.num_classes
    np.testing.assert_allclose(batch.inputs.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(batch.inputs.std(axis=(0, 2, 3)), 1, atol=1e-5)


@pytest.mark.parametrize("name", DATASETS)
def test_every_dataset_has_inputs_and_targets_of_its_shape_and_kind(name):
    dataset = DATASETS[name]
    batch = batch_of(4, dataset)
    assert batch.inputs.shape == (4, *dataset.input_shape)
    assert batch.targets.shape == (4, *dataset.target_shape)
    assert np.isfinite(batch.inputs).all()
    if dataset.target in ("label", "permutation", "segmentation"):
        assert batch.targets.dtype == np.int64
        assert 0 <= batch.targets.min() <= batch.targets.max() < dataset.num_classes
    else:
        assert batch.targets.dtype == np.float32
        assert np.isfinite(batch.targets).all()


def test_soft_labels_are_distributions_with_a_clear_class():
    targets = batch_of(50, DATASETS["class_object"]).targets
    np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-5)
    assert (targets.max(axis=1) >= 0.9).all()
    assert len(set(targets.argmax(axis=1))) > 20


def test_jigsaw_tiles_of_one_label_are_laid_in_one_order_and_show_one_image():
    """Put the tiles back by trying which neighbour fits best: seams vanish only in one order."""
    dataset = DATASETS["jigsaw"]
    batch = batch_of(3, dataset)

    def seam(left, right):
        return float(np.abs(left[:, :, -1] - right[:, :, 0]).mean())

    for tiles in batch.inputs:
        seams = sorted(
            seam(tiles[one], tiles[other]) for one in range(9) for other in range(9) if one != other
        )
        assert seams[5] < 0.5 * np.median(seams), "six pairs of tiles were neighbours"


def test_surface_normals_have_unit_length():
    targets = batch_of(2, DATASETS["normal"]).targets
    np.testing.assert_allclose(np.linalg.norm(targets, axis=1), 1, atol=1e-5)


def test_segments_use_every_class_equally():
    targets = batch_of(4, DATASETS["segmentsemantic"]).targets
    shares = np.bincount(targets.ravel(), minlength=17) / targets.size
    np.testing.assert_allclose(shares, 1 / 17, atol=0.01)


def test_labels_explain_half_of_the_variance():
    batch = batch_of(4000)
    means = np.stack([batch.inputs[batch.targets == label].mean(axis=0) for label in range(10)])
    explained = means[batch.targets].var() / batch.inputs.var()
    assert 0.4 < explained < 0.6


def test_neighbouring_pixels_and_colours_are_correlated_as_in_photographs():
    images = batch_of(500).inputs
    beside = np.corrcoef(images[:, :, :, :-1].ravel(), images[:, :, :, 1:].ravel())[0, 1]
    far = np.corrcoef(images[:, :, :, :16].ravel(), images[:, :, :, 16:].ravel())[0, 1]
    colours = np.corrcoef(images[:, 0].ravel(), images[:, 1].ravel())[0, 1]
    assert 0.9 < beside < 0.98
    assert 0.1 < far < 0.5
    assert 0.85 < colours < 0.95


def test_the_amplitude_falls_with_frequency_as_the_docstring_says():
    images = batch_of(500).inputs.astype(np.float64)
    power = (np.abs(np.fft.fft2(images)) ** 2).mean(axis=(0, 1))
    frequency = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.fftfreq(32)[None, :])
    inside = (frequency > 0.05) & (frequency < 0.5)
    slope = np.polyfit(np.log(frequency[inside]), np.log(power[inside]), 1)[0]
    assert slope == pytest.approx(-2 * SPECTRAL_EXPONENT, abs=0.2)  # power is amplitude squared


def test_the_same_seed_gives_the_same_bytes_and_each_benchmark_its_own():
    one, two = BENCHMARKS["nasbench201_cifar10"], BENCHMARKS["nasbench201_cifar100"]
    first, again = load_minibatch(one, 8, 1, None), load_minibatch(one, 8, 1, None)
    assert first.inputs.tobytes() == again.inputs.tobytes()
    assert first.inputs.tobytes() != load_minibatch(one, 8, 2, None).inputs.tobytes()
    assert first.inputs.tobytes() != load_minibatch(two, 8, 1, None).inputs.tobytes()


def test_a_folder_without_the_datasets_files_gives_the_fallback_and_says_so(tmp_path):
    assert load_minibatch(BENCHMARKS["nasbench201_cifar10"], 8, 1, tmp_path).source == SOURCE
