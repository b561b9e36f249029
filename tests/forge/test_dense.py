"""Forged benchmarks whose networks reconstruct images or segment them."""

import itertools
import random

import numpy as np
import pytest
import torch
from scipy import ndimage
from sklearn.metrics import jaccard_score

from tests.forge.test_benchmark import CELLS, PHASE
from zcnas.benchmarks import get_benchmark
from zcnas.datasets.forged import write_images
from zcnas.datasets.frozen import load_minibatch_beside
from zcnas.errors import PhaseError
from zcnas.forge.images.clutter import INK, make_clutter
from zcnas.forge.images.splits import ForgedImages, Split
from zcnas.forge.measures import MeanIou, MeanSsim, ssim
from zcnas.forge.train import Recipe, to_tensors, train
from zcnas.organiser.both_halves import read_both_halves
from zcnas.organiser.draw import sample_phase
from zcnas.phases import load_phase
from zcnas.proxies import evaluate
from zcnas.search_spaces import build_network, get_search_space, parse_spec
from zcnas.tables.forged import ForgedTable, write_table

SPACE = "transbench101_micro"


@pytest.fixture(scope="module")
def maps():
    return make_clutter(np.random.default_rng(1), 12, 3, "segmentation")


def test_a_key_tells_what_is_asked_of_an_image():
    segment = get_benchmark(f"{SPACE}_forged_a_seg").dataset
    assert (segment.target, segment.num_classes, segment.target_shape) == (
        "segmentation", 11, (12, 12),
    )  # fmt: skip
    reconstruct = get_benchmark(f"{SPACE}_forged_a_recs16").dataset
    assert (reconstruct.target, reconstruct.target_shape) == ("image", (3, 16, 16))


def test_a_space_without_decoders_has_no_dense_benchmark():
    with pytest.raises(PhaseError, match="unknown benchmark 'nasbench201_forged_a_seg'"):
        get_benchmark("nasbench201_forged_a_seg")


@pytest.mark.parametrize("code", ["rec", "segs16w4n2"])
def test_a_small_dense_network_answers_in_the_shape_of_its_targets(code):
    benchmark = get_benchmark(f"{SPACE}_forged_a_{code}")
    network = build_network(get_search_space(SPACE).spec.sample(random.Random(3)), benchmark)
    dataset = benchmark.dataset
    answer = network(torch.zeros(2, *dataset.input_shape))
    assert answer.shape == (2, dataset.num_classes, *dataset.input_shape[1:])
    answer.sum().backward()
    assert all(each.grad is not None for each in network.parameters())


def test_a_small_decoder_is_in_proportion_to_the_published_one():
    """Behind 32 channels instead of 512: a sixteenth of 1024, and 32 at least."""
    network = build_network(parse_spec(SPACE, CELLS[0]), get_benchmark(f"{SPACE}_forged_a_seg"))
    widths = (32, 64, 32, 32, 32, 32, 32, 32)
    layers = sum(a * b * 9 + 3 * b for a, b in itertools.pairwise(widths))
    assert sum(p.numel() for p in network.decoder.parameters()) == layers + 32 * 11 * 9 + 11


def test_maps_show_where_the_digits_are_that_labels_name(maps):
    labels = make_clutter(np.random.default_rng(1), 12, 3)
    assert np.array_equal(maps.train.pixels, labels.train.pixels)
    shown = maps.train.labels.max(axis=(1, 2))
    assert np.array_equal(shown, 1 + labels.train.labels)
    assert set(np.unique(maps.train.labels[0])) == {0, shown[0]}
    on = maps.validation.labels > 0
    assert 0.05 < on.mean() < 0.3
    brightness = maps.validation.pixels.mean(axis=1) / 255
    ground = np.array([image[~inked].mean() for image, inked in zip(brightness, on, strict=True)])
    digit = np.array([image[inked].mean() for image, inked in zip(brightness, on, strict=True)])
    assert np.abs(digit - ground).mean() > 0.25 * INK, "a digit differs from its ground"


def test_mean_iou_is_the_jaccard_score_over_all_batches():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 4, 5, 5, generator=generator)
    targets = torch.randint(0, 3, (6, 5, 5), generator=generator)
    measure = MeanIou()
    for part in (slice(0, 4), slice(4, 6)):
        measure.add(logits[part], targets[part])
    answers = logits.argmax(dim=1).flatten()
    expected = jaccard_score(targets.flatten(), answers, average="macro")
    assert measure.percent() == pytest.approx(100 * expected)


def test_ssim_is_that_of_its_publication():
    """The formula, with Gaussian windows from SciPy: 11 wide, deviation 1.5, zeros beyond."""
    generator = np.random.default_rng(0)
    a, b = generator.random((2, 16, 16))
    blur = lambda x: ndimage.gaussian_filter(x, 1.5, mode="constant", radius=5)  # noqa: E731
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b, both = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2, blur(a * b)
    expected = (2 * mean_a * mean_b + 1e-4) * (2 * (both - mean_a * mean_b) + 9e-4)
    expected /= (mean_a**2 + mean_b**2 + 1e-4) * (var_a + var_b + 9e-4)
    first, second = (torch.from_numpy(each).float()[None, None] for each in (a, b))
    assert float(ssim(first, second)) == pytest.approx(expected.mean(), rel=1e-4)
    measure = MeanSsim()
    measure.add(2 * first - 1, 2 * first - 1)
    assert measure.percent() == pytest.approx(100)


def test_what_is_no_number_or_the_opposite_has_an_ssim_of_nothing():
    images = torch.randn(2, 3, 12, 12).clamp(-1, 1)
    for answers in (torch.full_like(images, float("nan")), -images):
        measure = MeanSsim()
        measure.add(answers, images)
        assert measure.percent() == 0


@pytest.mark.parametrize("target", ["segmentation", "image"])
def test_a_dense_task_is_learned(target):
    """Dark and bright pixels are of classes of their own: a convolution of 1×1 can tell."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (192, 3, 8, 8), np.uint8)
    labels = np.digitize(pixels.mean(axis=1), (115, 140)).astype(np.int64)
    split = [Split(pixels[part], labels[part]) for part in (slice(0, 128), slice(128, 192))]
    data = to_tensors(ForgedImages(*split, 2, "small", target))
    if target == "image":
        assert torch.equal(data.train, data.train_targets)
        assert data.train.abs().max() <= 1
    torch.manual_seed(0)
    network = torch.nn.Conv2d(3, 3, 1)
    before = train(network, data, Recipe(1, peak_rate=1e-6), 0)
    after = train(network, data, Recipe(60, batch_size=16, peak_rate=0.5), 0)
    assert after.accuracy > before.accuracy + 25
    assert after.loss < before.loss


@pytest.mark.parametrize("code", ["rec", "seg"])
def test_a_dense_benchmark_is_drawn_and_asked_of_proxies_like_any_other(code, maps, tmp_path):
    key = f"{SPACE}_forged_a_{code}"
    write_images(
        tmp_path, f"forged_a_{code}", maps.train.pixels[:99], maps.train.labels[:99],
        maps.mean, maps.deviation, "forged: digits in clutter",
    )  # fmt: skip
    accuracies = {cell: (50.0 + n, 51.0 + n) for n, cell in enumerate(CELLS)}
    write_table(
        tmp_path,
        ForgedTable(
            benchmark=key, metric="validation mean IoU after 400 steps", images="", steps=400,
            seed_tau=(0.7, 0.6, 0.8), accuracies=accuracies, losses={},
        ),
    )  # fmt: skip
    path = tmp_path / "phases.toml"
    path.write_text(PHASE.replace(f"{SPACE}_forged_a", key))
    inputs, references = tmp_path / "in", tmp_path / "ref"
    sample_phase(load_phase(path, "secret"), "a", tmp_path, inputs, references)
    data, reference = read_both_halves(inputs, references, key)
    assert reference.metric == "validation mean IoU after 400 steps"
    minibatch = load_minibatch_beside(inputs, data)
    assert not minibatch.synthetic
    targets = torch.from_numpy(minibatch.targets)
    if code == "rec":
        assert np.array_equal(minibatch.targets, minibatch.inputs)
        assert np.abs(minibatch.inputs).max() <= 1
    else:
        assert targets.shape == (16, 12, 12)
        assert targets.dtype == torch.int64
    network = build_network(parse_spec(SPACE, data.architectures[0].spec), get_benchmark(key))
    scores = evaluate(network, torch.from_numpy(minibatch.inputs), targets, ("nwot", "snip"))
    assert all(np.isfinite(score) for score in scores.values())
