import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from zcnas.forge.images.splits import ForgedImages, Split
from zcnas.forge.train import Recipe, to_tensors, train


def images_of(count: int, side: int = 4) -> ForgedImages:
    """Return images whose class is which half is bright: a linear network can learn it."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 100, (2 * count, 1, side, side), np.uint8)
    labels = np.arange(2 * count) % 2
    pixels[labels == 0, :, : side // 2] += 100
    pixels[labels == 1, :, side // 2 :] += 100
    return ForgedImages(
        Split(pixels[:count], labels[:count]), Split(pixels[count:], labels[count:]), 2, "halves"
    )


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    layers = (nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten())
    return nn.Sequential(*layers, nn.Linear(64, 2))


@pytest.fixture(scope="module")
def data():
    return to_tensors(images_of(256))


def test_what_can_be_learned_is_learned(data):
    outcome = train(network(0), data, Recipe(60, batch_size=16), 0)
    assert outcome.accuracy > 95
    assert outcome.loss < 0.2


def test_labels_without_meaning_are_not(data):
    rng = np.random.default_rng(1)
    images = images_of(256)
    shuffled = Split(images.validation.pixels, rng.permutation(images.validation.labels))
    judged = to_tensors(ForgedImages(images.train, shuffled, 2, ""))
    assert train(network(0), judged, Recipe(60, batch_size=16), 0).accuracy == pytest.approx(
        50, abs=10
    )


def test_equal_seeds_give_equal_numbers_and_others_do_not(data):
    first, again, other = (train(network(seed), data, Recipe(5), seed) for seed in (0, 0, 1))
    assert (first.accuracy, first.loss) == (again.accuracy, again.loss)
    assert first.loss != other.loss


def test_inputs_are_normalised_by_the_training_images(data):
    assert float(data.train.mean()) == pytest.approx(0, abs=1e-5)
    assert float(data.train.std()) == pytest.approx(1, abs=1e-3)


def test_a_diverged_network_has_no_loss_and_is_wrong_or_right_by_luck(data):
    broken = network(0)
    with torch.no_grad():
        broken[-1].weight.fill_(float("nan"))
    outcome = train(broken, data, Recipe(1), 0)
    assert outcome.loss is None
    assert 0 <= outcome.accuracy <= 100


def test_norms_are_measured_with_the_final_weights(data):
    """With momentum zero running statistics would stay at 0 and 1, where they began."""
    learner = network(0)
    learner[1].momentum = 0.0
    train(learner, data, Recipe(3), 0)
    with torch.no_grad():
        features = learner[0](data.train)
    assert torch.allclose(learner[1].running_mean, features.mean(dim=(0, 2, 3)), atol=1e-4)


def test_narrow_strided_convolutions_are_trained_without_a_crash():
    """In a process of its own: in channels_last PyTorch 2.13 ends it within a few steps."""
    code = (
        "import torch; from torch import nn; from tests.forge.test_train import *\n"
        "layers = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 1, stride=2), nn.Flatten()\n"
        "network = nn.Sequential(*layers, nn.Linear(288, 2))\n"
        "train(network, to_tensors(images_of(256, 12)), Recipe(300, batch_size=64), 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
