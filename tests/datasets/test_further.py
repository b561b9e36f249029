"""The minibatches after the first one: how many, of what, and at what price."""

import time

import numpy as np
import pytest

from zcnas.benchmarks import BENCHMARKS, DATASETS
from zcnas.datasets import load_minibatch
from zcnas.datasets.minibatch import Images, draw_further, further_minibatches
from zcnas.datasets.synthetic import SyntheticImages

ONE_OF_EACH = {benchmark.dataset.name: benchmark for benchmark in BENCHMARKS.values()}


@pytest.mark.parametrize(("batch_size", "count"), [(64, 2), (256, 2), (32, 2), (31, 3), (1, 64)])
def test_there_are_two_minibatches_and_64_images_at_least(batch_size, count):
    assert 1 + further_minibatches(batch_size) == count


@pytest.mark.parametrize("name", DATASETS)
def test_every_dataset_has_further_images_of_its_shape_and_kind_as_bytes(name):
    benchmark = ONE_OF_EACH[name]
    first = load_minibatch(benchmark, 16, 1, None)
    further = first.further()
    assert len(further) == 48
    inputs, targets = (
        np.stack([part.unpack(index) for index in range(0, 48, 7)])
        for part in (further.inputs, further.targets)
    )
    assert (inputs.dtype, inputs.shape[1:]) == (np.float32, first.inputs.shape[1:])
    assert (targets.dtype, targets.shape[1:]) == (first.targets.dtype, first.targets.shape[1:])
    assert further.inputs.codes.dtype == np.uint8
    assert abs(inputs.mean()) < 0.4
    assert 0.6 < inputs.std() < 1.4


def test_further_images_are_the_same_for_the_same_seed_and_others_for_another():
    benchmark = BENCHMARKS["nasbench201_cifar10"]
    one, again, other = (
        load_minibatch(benchmark, 8, seed, None).further().inputs.codes for seed in (1, 1, 2)
    )
    assert (one == again).all()
    assert (one != other).any()


def test_further_images_show_the_classes_of_the_first_minibatch():
    made = SyntheticImages(DATASETS["cifar100"])
    first = made.draw(64, np.random.default_rng(0))
    later = made.draw(640, np.random.default_rng(1))
    assert set(later.targets) == set(first.targets)

    def mean_of(batch, label):
        return batch.inputs[batch.targets == label].mean(axis=0).ravel()

    pairs = [(mean_of(first, label), mean_of(later, label)) for label in set(first.targets)]
    same = np.mean([np.corrcoef(one, other)[0, 1] for one, other in pairs])
    crossed = np.mean([np.corrcoef(pairs[i][0], pairs[i - 1][1])[0, 1] for i in range(len(pairs))])
    assert same > 0.4 > abs(crossed) + 0.2


def test_a_label_of_jigsaw_stands_for_one_order_in_every_minibatch():
    """Smooth seams between the tiles of one place and its right neighbour, as the label says."""
    made = SyntheticImages(DATASETS["jigsaw"])
    first, later = (made.draw(24, np.random.default_rng(seed)) for seed in (0, 1))

    def neighbours(tiles):
        seams = np.abs(tiles[:, None, :, :, -1] - tiles[None, :, :, :, 0]).mean(axis=(2, 3))
        return {divmod(place, 9) for place in seams.ravel().argsort()[:6]}

    common = 0
    for tiles, label in zip(later.inputs, later.targets, strict=True):
        known = neighbours(first.inputs[first.targets == label][0])
        common += len(known & neighbours(tiles))
    assert common > 24 * 6 / 2


def test_published_images_are_drawn_for_every_minibatch_on_its_own():
    pixels = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1) * np.ones((1, 3, 4, 4), np.uint8)
    images = Images(pixels, np.arange(6), (0.0,) * 3, (1.0,) * 3, "six")
    further = draw_further(images, 6, np.random.default_rng(0))
    labels = further.targets.codes.reshape(10, 6)
    assert (np.sort(labels, axis=1) == np.arange(6)).all()
    assert len({tuple(row) for row in labels}) > 1
    np.testing.assert_array_equal(
        np.rint([further.inputs.unpack(i).mean() * 255 for i in range(60)]), labels.ravel()
    )


def test_nothing_is_made_before_it_is_asked_for_and_then_once(monkeypatch):
    drawn = []
    draw = SyntheticImages.draw
    monkeypatch.setattr(
        SyntheticImages, "draw", lambda self, *a: (drawn.append(a), draw(self, *a))[1]
    )
    minibatch = load_minibatch(BENCHMARKS["nasbench201_cifar10"], 32, 1, None)
    assert len(drawn) == 1
    assert minibatch.further() is minibatch.further()
    assert len(drawn) == 2


def test_a_further_minibatch_of_large_images_costs_less_than_the_first():
    made = SyntheticImages(DATASETS["class_scene"])
    seconds = []
    for seed in (0, 1):
        begin = time.process_time()
        made.draw(8, np.random.default_rng(seed))
        seconds.append(time.process_time() - begin)
    assert seconds[1] < seconds[0]
