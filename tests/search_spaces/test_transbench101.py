import random

import pytest
import torch

from zcnas.benchmarks import DATASETS
from zcnas.errors import InvalidArchitecture
from zcnas.search_spaces.layers import FactorizedReduce
from zcnas.search_spaces.transbench101_macro.network import build as build_macro
from zcnas.search_spaces.transbench101_macro.spec import TransBench101MacroSpec
from zcnas.search_spaces.transbench101_micro.network import Cell
from zcnas.search_spaces.transbench101_micro.network import build as build_micro
from zcnas.search_spaces.transbench101_micro.spec import TransBench101MicroSpec

ZERO = TransBench101MicroSpec.parse("64-41414-0_00_000")


def _parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def _block(channels_in, channels_out, has_shortcut):
    """Parameters of a residual block's two 3×3 convolutions, its shortcut and the BatchNorms."""
    shortcut = channels_in * channels_out + 2 * channels_out if has_shortcut else 0
    first = 9 * channels_in * channels_out + 2 * channels_out
    return first + 9 * channels_out**2 + 2 * channels_out + shortcut


def test_the_two_notations_of_six_numbers_are_told_apart():
    # Edges by target and zero, identity, 1×1, 3×3, against by source and identity, zero, 3×3, 1×1.
    spec = TransBench101MicroSpec.parse("64-41414-3_10_230")
    assert spec.to_numbers() == (3, 1, 0, 2, 3, 0)
    assert spec.to_naslib() == (2, 0, 3, 1, 2, 1)
    for cell in TransBench101MicroSpec.enumerate():
        assert TransBench101MicroSpec.from_numbers(cell.to_numbers()) == cell
        assert TransBench101MicroSpec.from_naslib(cell.to_naslib()) == cell


def test_a_macro_code_drops_naslibs_zeros():
    spec = TransBench101MacroSpec.from_naslib((1, 2, 3, 4, 0, 0))
    assert str(spec) == "64-1234-basic"
    assert spec.to_naslib() == (1, 2, 3, 4, 0, 0)
    assert (spec.reductions, spec.doublings) == (2, 2)


def test_macro_lengths_are_drawn_as_often_as_they_exist():
    """Σ C(L, 1..4) · Σ C(L, 1..3) = 210, 750 and 2,296 skeletons of 4, 5 and 6 modules."""
    rng = random.Random(0)
    lengths = [len(TransBench101MacroSpec.sample(rng).modules) for _ in range(6000)]
    for length, count in ((4, 210), (5, 750), (6, 2_296)):
        assert lengths.count(length) / 6000 == pytest.approx(count / 3_256, abs=0.02)


def test_a_network_of_zeros_has_the_stem_and_the_head_only():
    stem = 3 * 9 * 32 + 2 * 32 + 32 * 9 * 64 + 2 * 64
    for name, head in (("class_scene", 512 * 63 + 63), ("jigsaw", 9 * 512 * 1000 + 1000)):
        assert _parameters(build_micro(ZERO, DATASETS[name])) == stem + head
    small = 3 * 9 * 64 + 2 * 64 + 256 * 10 + 10
    assert _parameters(build_micro(ZERO, DATASETS["svhn"])) == small


def test_a_skeletons_parameters_follow_from_its_code():
    network = build_macro(TransBench101MacroSpec.parse("64-1234-basic"), DATASETS["room_layout"])
    stem = 3 * 9 * 32 + 2 * 32 + 32 * 9 * 64 + 2 * 64
    blocks = [(64, 64, False)] * 2 + [(64, 128, True), (128, 128, False)]
    blocks += [(128, 128, True), (128, 128, False), (128, 256, True), (256, 256, False)]
    head = 256 * 9 + 9
    assert _parameters(network) == stem + sum(_block(*block) for block in blocks) + head


@pytest.mark.parametrize("task", [name for name, d in DATASETS.items() if d.target != "label"])
def test_every_task_answers_in_the_shape_of_its_targets_and_its_loss_takes_them(task):
    """Images a quarter as wide stand for 256×256."""
    dataset = DATASETS[task]
    network = build_macro(TransBench101MacroSpec.parse("64-4334-basic"), dataset)
    torch.manual_seed(0)
    *tiles, _, height, width = dataset.input_shape
    answer = network(torch.randn(2, *tiles, 3, height // 4, width // 4))
    targets = {
        "permutation": lambda: torch.tensor([3, 999]),
        "soft_label": lambda: torch.softmax(torch.randn(2, dataset.num_classes), dim=1),
        "layout": lambda: torch.randn(2, 9),
        "segmentation": lambda: torch.randint(0, 17, (2, 64, 64)),
        "image": lambda: torch.randn(2, 3, 64, 64).tanh(),
        "normal": lambda: torch.randn(2, 3, 64, 64).tanh(),
    }[dataset.target]()
    if dataset.target in ("image", "normal", "segmentation"):
        assert answer.shape == (2, dataset.num_classes, 64, 64)
    else:
        assert answer.shape == (2, dataset.num_classes)
    loss = network.get_loss_fn()(answer, targets)
    loss.backward()
    assert loss.shape == ()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


@pytest.mark.parametrize("reductions", [1, 2, 3, 4])
@pytest.mark.parametrize("task", ["autoencoder", "normal", "segmentsemantic"])
def test_decoders_give_back_the_full_image_after_any_number_of_reductions(task, reductions):
    modules = (4,) + (3,) * (reductions - 1) + (1,) * (4 - reductions)
    dataset = DATASETS[task]
    with torch.device("meta"):
        network = build_macro(TransBench101MacroSpec(modules), dataset)
        answer = network(torch.empty(2, 3, 256, 256))
    assert answer.shape == (2, dataset.num_classes, 256, 256)


def test_images_come_back_between_minus_one_and_one():
    network = build_macro(TransBench101MacroSpec.parse("64-3334-basic"), DATASETS["normal"])
    assert network(10 * torch.randn(2, 3, 64, 64)).abs().max() <= 1


def test_the_soft_loss_of_a_hard_label_is_cross_entropy_up_to_its_constant():
    network = build_micro(ZERO, DATASETS["class_object"])
    logits, labels = torch.randn(4, 100), torch.tensor([1, 5, 7, 99])
    loss = network.get_loss_fn()(logits, torch.nn.functional.one_hot(labels, 100).float())
    hard = torch.nn.functional.cross_entropy(logits, labels)
    assert float(loss) == pytest.approx(float(hard), abs=0.05)
    sure = torch.full((1, 100), -100.0)
    sure[0, 0] = 100.0
    wrong = torch.nn.functional.one_hot(torch.tensor([1]), 100).float()
    assert float(network.get_loss_fn()(sure, wrong)) == pytest.approx(11.5129, abs=1e-3)


def test_a_jigsaw_sees_nine_tiles_in_their_order():
    torch.manual_seed(0)
    spec = TransBench101MacroSpec.parse("64-1114-basic")
    network = build_macro(spec, DATASETS["jigsaw"]).eval()
    tiles = torch.randn(1, 9, 3, 16, 16)
    swapped = tiles[:, [1, 0, *range(2, 9)]]
    assert not torch.allclose(network(tiles), network(swapped))
    features = torch.cat([network.encoder(tiles[:, i]) for i in range(9)], dim=1)
    torch.testing.assert_close(network(tiles), network.decoder(features))


def test_a_reduction_cell_halves_the_side_and_doubles_the_channels_even_of_zeros():
    for cell_spec in (ZERO, TransBench101MicroSpec.parse("64-41414-1_23_012")):
        for side in (8, 15):
            cell = Cell(cell_spec, 4, reduces=True, affine_skip=True)
            halved = (side + 1) // 2
            assert cell(torch.randn(2, 4, side, side)).shape == (2, 8, halved, halved)


def test_zero_passes_no_information_but_a_gradient():
    cell = Cell(ZERO, 4, reduces=True, affine_skip=True)
    features = torch.randn(2, 4, 8, 8, requires_grad=True)
    cell(features).sum().backward()
    assert torch.equal(cell(features), torch.zeros(2, 8, 4, 4))
    assert torch.equal(features.grad, torch.zeros_like(features))


def test_a_factorized_reduction_sees_even_and_odd_pixels():
    layer = FactorizedReduce(1, 2).eval()
    with torch.no_grad():
        layer.even.weight.fill_(1.0)
        layer.odd.weight.fill_(1.0)
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    even, odd = layer(image)[0]
    torch.testing.assert_close(even, image[0, 0, ::2, ::2], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(odd, image[0, 0, 1::2, 1::2], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("64-41414-4_00_000", r"the form is 64-41414-a_bc_def with digits from 0 to 3"),
        ("64-41414-0_00_0000", r"'64-41414-0_00_0000' is not"),
        ("64-1234-basic", r"is not a transbench101_micro architecture"),
    ],
)
def test_a_code_that_is_no_cell_is_refused(text, message):
    with pytest.raises(InvalidArchitecture, match=message):
        TransBench101MicroSpec.parse(text)


@pytest.mark.parametrize(
    ("ops", "message"),
    [(("zero",) * 5, r"has 6 operations, not 5"), (("pool",) * 6, r"unknown .* 'pool'; known")],
)
def test_ops_that_are_no_cell_are_refused(ops, message):
    with pytest.raises(InvalidArchitecture, match=message):
        TransBench101MicroSpec(ops)


@pytest.mark.parametrize("numbers", [(0,) * 5, (0, 0, 0, 0, 0, 4)])
@pytest.mark.parametrize("read", ["from_numbers", "from_naslib"])
def test_numbers_that_are_no_cell_are_refused(read, numbers):
    with pytest.raises(InvalidArchitecture, match=r"allowed are 6 numbers from 0 to 3"):
        getattr(TransBench101MicroSpec, read)(numbers)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("64-124-basic", r"has 3 modules; allowed are 4 to 6"),
        ("64-1111234-basic", r"has 7 modules; allowed are 4 to 6"),
        ("64-1112-basic", r"has 0 modules that halve .*; allowed are 1 to 4"),
        ("64-333334-basic", r"has 6 modules that halve .*; allowed are 1 to 4"),
        ("64-1113-basic", r"has 0 modules that double .*; allowed are 1 to 3"),
        ("64-2224-basic", r"has 4 modules that double .*; allowed are 1 to 3"),
        ("64-1250-basic", r"the form is 64-<digits>-basic"),
    ],
)
def test_a_code_that_is_no_skeleton_is_refused(text, message):
    with pytest.raises(InvalidArchitecture, match=message):
        TransBench101MacroSpec.parse(text)


@pytest.mark.parametrize("numbers", [(1, 2, 3, 4), (0, 1, 2, 3, 4, 0), (1, 2, 3, 4, 0, 0, 0)])
def test_zeros_that_do_not_fill_up_are_refused(numbers):
    with pytest.raises(InvalidArchitecture, match=r"filled up with zeros to 6"):
        TransBench101MacroSpec.from_naslib(numbers)


def test_an_unknown_module_is_refused():
    with pytest.raises(InvalidArchitecture, match=r"known modules: 1 plain"):
        TransBench101MacroSpec((1, 2, 3, 5))
