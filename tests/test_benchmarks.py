import math

import pytest

from zcnas.benchmarks import BENCHMARKS, DATASETS, get_benchmark
from zcnas.errors import PhaseError


def test_there_are_28_benchmarks_as_in_the_publication():
    counts = {}
    for benchmark in BENCHMARKS.values():
        counts[benchmark.search_space] = counts.get(benchmark.search_space, 0) + 1
    assert counts == {
        "nasbench101": 1,
        "nasbench201": 6,
        "nasbench301": 4,
        "transbench101_micro": 10,
        "transbench101_macro": 7,
    }


def test_keys_are_lower_case_file_names_of_at_most_36_characters():
    for key, benchmark in BENCHMARKS.items():
        assert benchmark.key == key
        assert len(key) <= 36
        assert key.replace("_", "").isalnum()
        assert key == key.lower()


def test_a_key_joins_space_and_dataset():
    assert get_benchmark("nasbench201_imagenet16_120").dataset.name == "ImageNet16-120"


def test_an_unknown_key_lists_the_known_ones():
    with pytest.raises(PhaseError, match=r"unknown benchmark 'x'; .*nasbench201_cifar10"):
        get_benchmark("x")


def test_target_shapes_follow_the_kind_of_target():
    shapes = {name: dataset.target_shape for name, dataset in DATASETS.items()}
    assert shapes["cifar10"] == shapes["jigsaw"] == ()
    assert shapes["class_scene"] == (63,)
    assert shapes["class_object"] == (100,)
    assert shapes["room_layout"] == (9,)
    assert shapes["autoencoder"] == shapes["normal"] == (3, 256, 256)
    assert shapes["segmentsemantic"] == (256, 256)


def test_nine_jigsaw_tiles_hold_the_pixels_of_a_192_square():
    assert math.prod(DATASETS["jigsaw"].input_shape) == 3 * 192 * 192
