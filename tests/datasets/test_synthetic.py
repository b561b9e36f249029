import numpy as np
import pytest

from zcnas.benchmarks import BENCHMARKS, DATASETS
from zcnas.datasets import load_minibatch
from zcnas.datasets.synthetic import SOURCE, SPECTRAL_EXPONENT, synthetic_minibatch

CIFAR10 = DATASETS["cifar10"]


def batch_of(size, dataset=CIFAR10, seed=0):
    return synthetic_minibatch(dataset, size, np.random.default_rng(seed))


@pytest.mark.parametrize("name", ["cifar10", "cifar100", "ImageNet16-120"])
def test_images_have_the_datasets_shape_and_normalised_channels(name):
    dataset = DATASETS[name]
    batch = batch_of(64, dataset)
    assert batch.inputs.shape == (64, *dataset.input_shape)
    assert (batch.inputs.dtype, batch.targets.dtype) == (np.float32, np.int64)
    assert 0 <= batch.targets.min() <= batch.targets.max() < dataset.num_classes
    np.testing.assert_allclose(batch.inputs.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(batch.inputs.std(axis=(0, 2, 3)), 1, atol=1e-5)


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
