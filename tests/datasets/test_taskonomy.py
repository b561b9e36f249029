"""A Taskonomy folder as TransNAS-Bench-101's loader reads it, with views of 32×32 pixels."""

import json
import pickle

import numpy as np
import pytest
from PIL import Image

from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets import load_minibatch
from zcnas.datasets.taskonomy import DOMAINS, IMAGES, NORMALISATION, PERMUTATIONS, SELECTIONS, SPLIT
from zcnas.errors import InputDataError

TEMPLATE = "hanson/{domain}/point_0_view_%d_domain_{domain}"
COUNT = 4


def colour(view):
    """The colour that all of a view's picture has."""
    return np.array([20 * view + 10, 100, 250 - 20 * view], dtype=np.uint8)


def path_of(folder, view, domain, ending):
    name = (TEMPLATE % view).replace("{domain}", domain)
    return folder / IMAGES / f"{name}.{ending}"


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for domain in {"rgb", *DOMAINS.values()}:
        (tmp_path / IMAGES / "hanson" / domain).mkdir(parents=True)
    (tmp_path / SPLIT).parent.mkdir()
    (tmp_path / SPLIT).write_text(json.dumps({"filename_list": ["hanson.json"]}))
    views = [TEMPLATE % view + (".png" if view % 2 else "") for view in range(COUNT)]
    (tmp_path / IMAGES / "hanson.json").write_text(json.dumps(views))
    orders = np.stack([rng.permutation(9) for _ in range(1000)])
    np.save(tmp_path / PERMUTATIONS, orders)
    for task, (classes, kept) in {"class_object": (1000, 100), "class_scene": (365, 63)}.items():
        selected = np.zeros(classes)
        selected[1 : 2 * kept : 2] = 1  # every second class from 1 on
        np.save(tmp_path / SELECTIONS[task], selected)
        for view in range(COUNT):
            probabilities = np.zeros(classes)
            probabilities[[0, 1, 3]] = 0.5, 0.1, 0.4 * view
            np.save(path_of(tmp_path, view, task, "npy"), probabilities)
    for view in range(COUNT):
        flat = np.broadcast_to(colour(view), (32, 32, 3))
        Image.fromarray(flat).save(path_of(tmp_path, view, "rgb", "png"))
        normals = np.broadcast_to(np.array([0, 255, 51], np.uint8), (32, 32, 3))
        Image.fromarray(normals).save(path_of(tmp_path, view, "normal", "png"))
        labels = np.repeat(np.array([0, 1, 2, 17], np.uint8), 8)[:, None].repeat(32, axis=1)
        Image.fromarray(labels).save(path_of(tmp_path, view, "segmentsemantic", "png"))
        np.save(path_of(tmp_path, view, "room_layout", "npy"), np.arange(9) / 2 + view)
    return tmp_path


def load(task, folder, batch_size=COUNT, space="transbench101_micro"):
    return load_minibatch(BENCHMARKS[f"{space}_{task}"], batch_size, 1, folder)


def views_of(batch, task):
    """Which view each input shows, told by its red."""
    mean, deviation = NORMALISATION.get(task, ((0, 0, 0), (1, 1, 1)))
    red = batch.inputs.reshape(len(batch.inputs), -1)[:, 0] * deviation[0] + mean[0]
    return [round((float(value) * 255 - 10) / 20) for value in red]


@pytest.mark.parametrize("space", ["transbench101_micro", "transbench101_macro"])
@pytest.mark.parametrize("task", DOMAINS)
def test_every_task_has_the_shapes_its_dataset_states(folder, task, space):
    batch = load(task, folder, space=space)
    dataset = BENCHMARKS[f"{space}_{task}"].dataset
    assert batch.source == "published files of taskonomydata_mini"
    assert batch.inputs.shape == (COUNT, *dataset.input_shape)
    assert batch.inputs.dtype == np.float32
    assert batch.targets.shape == (COUNT, *dataset.target_shape)
    assert batch.targets.dtype == (
        np.int64 if dataset.target in ("permutation", "segmentation") else np.float32
    )
    assert sorted(views_of(batch, task)) == list(range(COUNT))


def test_kept_probabilities_are_divided_by_their_sum(folder):
    batch = load("class_object", folder)
    for view, target in zip(views_of(batch, "class_object"), batch.targets, strict=True):
        assert target[:2] == pytest.approx(np.array([0.1, 0.4 * view]) / (0.1 + 0.4 * view))
        assert target.sum() == pytest.approx(1)


def test_the_autoencoders_target_is_its_input(folder):
    batch = load("autoencoder", folder)
    assert np.abs(batch.targets - batch.inputs).max() < 1e-6
    for view, target in zip(views_of(batch, "autoencoder"), batch.targets, strict=True):
        assert target[:, 7, 200] == pytest.approx(colour(view) / 255 * 2 - 1, abs=1e-6)


def test_normals_reach_from_minus_one_to_one(folder):
    target = load("normal", folder).targets[0]
    assert target[:, 100, 100] == pytest.approx([-1, 1, -0.6], abs=1e-6)


def test_segments_count_from_0_and_the_unlabelled_are_of_the_first_class(folder):
    target = load("segmentsemantic", folder).targets[0]
    assert [int(target[row, 0]) for row in (0, 64, 128, 192)] == [0, 0, 1, 16]


def test_a_room_is_nine_numbers_as_published(folder):
    batch = load("room_layout", folder)
    for view, target in zip(views_of(batch, "room_layout"), batch.targets, strict=True):
        assert target == pytest.approx(np.arange(9) / 2 + view)


def test_jigsaws_tiles_lie_in_the_order_their_label_stands_for(folder):
    shades = np.arange(9, dtype=np.uint8).reshape(3, 3) * 28
    for view in range(COUNT):
        picture = np.kron(shades, np.ones((96, 96), np.uint8))
        rgb = np.stack([picture] * 3, axis=-1)
        Image.fromarray(rgb).save(path_of(folder, view, "rgb", "png"))
    batch = load("jigsaw", folder)
    orders = np.load(folder / PERMUTATIONS)
    for tiles, label in zip(batch.inputs, batch.targets, strict=True):
        middles = np.rint(tiles[:, 0, 32, 32] * 255 / 28)
        assert list(middles) == list(orders[label])


def test_the_seed_decides_which_views_and_orders(folder):
    benchmark = BENCHMARKS["transbench101_micro_jigsaw"]
    first, again, other = (load_minibatch(benchmark, 3, s, folder) for s in (1, 1, 2))
    assert (first.inputs == again.inputs).all()
    assert (first.targets == again.targets).all()
    assert not (first.targets == other.targets).all()


def test_a_broken_picture_is_refused_with_its_path(folder):
    path = path_of(folder, 2, "rgb", "png")
    for kept in (0, 20, len(path.read_bytes()) - 20):
        path.write_bytes(path.read_bytes()[:kept])
        with pytest.raises(InputDataError, match="view_2_domain_rgb.png is a damaged picture"):
            load("autoencoder", folder)


def test_a_missing_picture_is_refused_with_the_archive_it_is_in(folder):
    path_of(folder, 1, "normal", "png").unlink()
    message = "missing; unpack .* of domain 'normal' again .*unverified"
    with pytest.raises(InputDataError, match=message):
        load("normal", folder)


@pytest.mark.parametrize(
    ("task", "array", "message"),
    [
        ("class_object", np.ones(365), r"shape \(365,\); expected 1000 finite numbers"),
        (
            "class_scene",
            np.zeros(365),
            "does not contain probabilities: over the 63 classes used, the sum is 0",
        ),
        ("room_layout", np.arange(8.0), "expected 9 finite numbers"),
        ("room_layout", np.full(9, np.nan), "expected 9 finite numbers"),
    ],
)
def test_a_target_of_another_form_is_refused(folder, task, array, message):
    np.save(path_of(folder, 0, task, "npy"), array)
    with pytest.raises(InputDataError, match=message):
        load(task, folder)


def test_a_target_that_is_a_pickle_is_refused(folder, malicious_pickle):
    path_of(folder, 0, "room_layout", "npy").write_bytes(malicious_pickle)
    with pytest.raises(InputDataError, match="not an array file"):
        load("room_layout", folder)


def test_a_map_of_other_classes_is_refused(folder):
    path = path_of(folder, 0, "segmentsemantic", "png")
    Image.fromarray(np.full((32, 32), 18, np.uint8)).save(path)
    with pytest.raises(InputDataError, match="not a map of 17 classes: mode L, values up to 18"):
        load("segmentsemantic", folder)
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(path)
    with pytest.raises(InputDataError, match="not a map of 17 classes: mode RGB"):
        load("segmentsemantic", folder)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (SPLIT, "{", "is not JSON"),
        (SPLIT, '["hanson.json"]', "is not a split of TransNAS-Bench-101"),
        (SPLIT, '{"filename_list": []}', "is not a split of TransNAS-Bench-101"),
        (SPLIT, '{"filename_list": ["../secret.json"]}', "is not a split of TransNAS-Bench-101"),
        (SPLIT, '{"filename_list": ["ihlen.json"]}', "cannot read .*ihlen.json"),
        (f"{IMAGES}/hanson.json", '{"a": 1}', "hanson.json is not a list of views"),
        (f"{IMAGES}/hanson.json", '["/etc/passwd"]', "hanson.json is not a list of views"),
    ],
)
def test_a_list_of_another_form_is_refused(folder, name, text, message):
    (folder / name).write_text(text)
    with pytest.raises(InputDataError, match=message):
        load("autoencoder", folder)


@pytest.mark.parametrize(
    ("task", "name", "array", "message"),
    [
        ("jigsaw", PERMUTATIONS, np.zeros((1000, 9)), "expected 1000 permutations of 0 to 8"),
        ("jigsaw", PERMUTATIONS, np.tile(np.arange(9), (10, 1)), r"shape \(10, 9\); expected 1000"),
        ("class_scene", SELECTIONS["class_scene"], np.ones(365), "selects 365 of 365 .* 63 of 365"),
    ],
)
def test_a_table_of_another_form_is_refused(folder, task, name, array, message):
    np.save(folder / name, array)
    with pytest.raises(InputDataError, match=message):
        load(task, folder)


def test_a_missing_list_is_refused_with_where_to_learn_of_it(folder):
    (folder / SPLIT).unlink()
    with pytest.raises(InputDataError, match="cannot read .*train_filenames.*zcnas data"):
        load("normal", folder)


def test_fewer_views_than_the_batch_are_refused(folder):
    with pytest.raises(InputDataError, match="the batch size is 5, but"):
        load("normal", folder, batch_size=5)


def test_a_selection_that_is_a_pickled_object_is_refused(folder):
    (folder / SELECTIONS["class_object"]).write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(InputDataError, match="class_object_selected.npy is not an array file"):
        load("class_object", folder)
