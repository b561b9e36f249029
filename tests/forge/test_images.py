import numpy as np
import pytest

from zcnas.errors import InputDataError
from zcnas.forge.images import own
from zcnas.forge.images.clutter import make_clutter
from zcnas.forge.images.gaussian import make_gaussian


@pytest.fixture(scope="module")
def clutter():
    return make_clutter(np.random.default_rng(1), 12, 3)


def test_clutter_is_the_same_for_one_seed_and_another_for_another(clutter):
    again, other = (make_clutter(np.random.default_rng(seed), 12, 3) for seed in (1, 2))
    assert np.array_equal(clutter.validation.pixels, again.validation.pixels)
    assert not np.array_equal(clutter.validation.labels, other.validation.labels)


def test_clutter_shows_ten_classes_about_as_often(clutter):
    assert clutter.train.pixels.shape == (12_000, 3, 12, 12)
    assert clutter.train.pixels.dtype == np.uint8
    shares = np.bincount(clutter.train.labels) / len(clutter.train.labels)
    assert shares == pytest.approx(0.1, abs=0.02)


def test_a_digit_cannot_be_told_by_brightness_but_by_its_form(clutter):
    """Clutter hides what is easy: class means of brightness differ by less than the noise."""
    brightness = clutter.train.pixels.mean(axis=(1, 2, 3))
    means = [brightness[clutter.train.labels == label].mean() for label in range(10)]
    assert np.ptp(means) < brightness.std() / 3


def test_larger_images_and_grey_ones_can_be_made():
    images = make_clutter(np.random.default_rng(0), 20, 1)
    assert images.train.pixels.shape == (12_000, 1, 20, 20)


def test_synthetic_labels_depend_on_networks_not_on_brightness():
    images = make_gaussian(np.random.default_rng(0), 8, 3, 5)
    assert set(np.unique(images.train.labels)) == set(range(5))
    assert images.train.pixels.mean() == pytest.approx(127.5, abs=1)


def test_own_arrays_are_split_class_by_class(tmp_path):
    labels = np.repeat([0, 1, 2], (40, 20, 12))
    pixels = np.arange(72 * 64, dtype=np.uint32).astype(np.uint8).reshape(72, 8, 8)
    np.savez(tmp_path / "own.npz", images=pixels, labels=labels)
    images = own.split(own.read_own(tmp_path / "own.npz"), np.random.default_rng(0))
    assert np.bincount(images.validation.labels).tolist() == [10, 5, 3]
    assert len(images.train.labels) == 54
    assert images.classes == 3


def test_own_folders_are_read_in_the_order_of_names(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for label, name in enumerate(("cat", "dog")):
        (tmp_path / name).mkdir()
        for number in range(8):
            colour = (100 * label, number, 0)
            image.new("RGB", (8, 8), colour).save(tmp_path / name / f"{number}.png")
    found = own.read_own(tmp_path)
    assert found.labels.tolist() == [0] * 8 + [1] * 8
    assert found.pixels[11, :, 0, 0].tolist() == [100, 3, 0]
    image.new("RGB", (9, 9)).save(tmp_path / "dog" / "9.png")
    with pytest.raises(InputDataError, match=r"9\.png is 9×9, but .*0\.png is 8×8; scale"):
        own.read_own(tmp_path)
    (tmp_path / "dog" / "9.png").write_bytes(b"no image")
    with pytest.raises(InputDataError, match=r"9\.png cannot be read as an image"):
        own.read_own(tmp_path)


@pytest.mark.parametrize(
    ("images", "labels", "problem"),
    [
        (np.zeros((16, 8, 8), np.uint8), np.zeros(16, int), "images of one class only"),
        (np.zeros((16, 8, 9), np.uint8), np.arange(16) % 2, "8×9; they must be square"),
        (np.zeros((16, 99, 99), np.uint8), np.arange(16) % 2, "8 to 64 pixels a side"),
        (np.zeros((16, 8, 8)), np.arange(16) % 2, "expected uint8"),
        (np.zeros((15, 8, 8), np.uint8), np.arange(15) % 2, "class 1 of .* has 7 images"),
        (np.zeros((16, 8, 8), np.uint8), np.arange(16) - 1, "negative labels"),
    ],
)
def test_own_arrays_that_cannot_be_used_are_refused(tmp_path, images, labels, problem):
    np.savez(tmp_path / "own.npz", images=images, labels=labels)
    with pytest.raises(InputDataError, match=problem):
        own.read_own(tmp_path / "own.npz")


def test_what_is_not_there_or_no_array_file_is_refused(tmp_path):
    with pytest.raises(InputDataError, match="there are no images at"):
        own.read_own(tmp_path / "nowhere")
    with pytest.raises(InputDataError, match="has no images"):
        own.read_own(tmp_path)
    (tmp_path / "own.npz").write_bytes(b"text")
    with pytest.raises(InputDataError, match=r"is not an \.npz file .*it is another kind of file"):
        own.read_own(tmp_path / "own.npz")
