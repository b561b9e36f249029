import json
import math

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from zcnas.analyses import entropy, run
from zcnas.analyses.information import curve, draw_sample, learning_curve, zen_with_sentinel
from zcnas.analyses.study import load_study
from zcnas.benchmarks import get_benchmark
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec

RNG = np.random.default_rng(2)


def test_a_thousand_architectures_have_24_bins():
    assert entropy.number_of_bins(1000) == 24


def test_conditional_entropy_is_entropy_minus_sklearns_mutual_information():
    truth, given = RNG.integers(0, 6, 300), RNG.integers(0, 4, 300)
    given[:150] = truth[:150] % 4
    bits = mutual_info_score(truth, given) / math.log(2)
    assert entropy.conditional(truth, given) == pytest.approx(entropy.entropy(truth) - bits)


def test_four_equal_bins_are_two_bits_and_a_copy_leaves_none():
    codes = np.arange(400) % 4
    assert entropy.entropy(codes) == pytest.approx(2)
    assert entropy.conditional(codes, codes) == pytest.approx(0)


def test_subsets_agree_with_the_joint_of_their_members():
    codes = [RNG.integers(0, 3, 100) for _ in range(4)]
    truth = RNG.integers(0, 5, 100)
    table = entropy.all_subsets(codes, [truth])
    assert len(table) == 15
    together = np.array(
        [f"{a}{b}{c}" for a, b, c in zip(codes[0], codes[2], codes[3], strict=True)]
    )
    expected = entropy.conditional(truth, np.unique(together, return_inverse=True)[1])
    assert table[0b1101] == pytest.approx((expected,))
    assert entropy.greedy(codes, truth)[0] == min(range(4), key=lambda i: table[1 << i])


def test_bins_of_equal_width_and_of_equal_shares_worked_by_hand():
    values = np.array([0.0, 1.0, 2.0, 10.0, np.nan, -np.inf])
    assert entropy.discretise(values, 2, "equal-width").tolist() == [1, 1, 1, 2, 0, 1]
    assert entropy.discretise(values, 2, "percentile").tolist() == [1, 1, 2, 2, 0, 1]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Six hundred cells: one proxy knows the accuracy, five are noise."""
    folder = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(0)
    cells = [cell for cell in NasBench201Spec.enumerate() if cell.ops[3] != "none"][:600]
    accuracy = 30 + rng.permutation(600) / 10
    columns = {name: rng.normal(size=600) for name in ("snip", "plain", "grasp", "fisher", "jacov")}
    columns["zen"] = accuracy * 2
    rows = {
        str(cell.to_naslib()): {
            "val_accuracy": accuracy[place],
            **{name: {"score": column[place]} for name, column in columns.items()},
        }
        for place, cell in enumerate(cells)
    }
    (folder / "zc_nasbench201.json").write_text(json.dumps({"cifar10": rows}))
    return load_study(get_benchmark("nasbench201_cifar10"), folder)


def test_a_copy_of_the_accuracy_tells_more_than_a_bit_and_noise_nothing_above_the_null(study):
    sample = draw_sample(study)
    table = curve(study, sample, "equal-width")
    assert table["added by greedy"].iloc[0] == "zen"
    assert table["above_null"].iloc[0] > 1
    noise = study.__class__(
        study.benchmark, study.table, {k: v for k, v in study.scores.items() if k != "zen"}
    )
    assert curve(noise, sample, "equal-width")["above_null"].abs().max() < 0.1


def test_unseen_architectures_gain_from_the_copy_and_lose_from_noise(study):
    gains = learning_curve(study, draw_sample(study))["gain"]
    assert gains.iloc[0] > 1
    noise = np.random.default_rng(1).normal(size=(600, 3))
    truth = entropy.discretise(np.arange(600.0), 24, "equal-width")
    assert entropy.cross_validated_gain(noise, truth, 0) <= 0


@pytest.mark.real_table
def test_zen_with_the_sentinel_is_figure_11s_on_two_datasets(data_folder):
    for dataset, printed in (("cifar100", 2.82), ("imagenet16_120", 3.72)):
        found = zen_with_sentinel(load_study(get_benchmark(f"nasbench201_{dataset}"), data_folder))
        assert found == pytest.approx(printed, abs=0.1)


def test_the_result_says_from_which_k_nothing_is_left(tmp_path, benchmark, cells, write_table):
    noise = np.random.default_rng(0).normal(size=(2, 40)).tolist()
    scores = {"snip": noise[0], "params": noise[1]}
    write_table(tmp_path, cells, list(range(40)), scores)
    table = run("information", [benchmark], tmp_path).table("exhausted")
    assert set(table.columns) >= {"benchmark", "binning", "k with at most 0.1 left"}
