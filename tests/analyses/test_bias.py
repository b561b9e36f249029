import json

import numpy as np
import pytest

from zcnas.analyses import run
from zcnas.analyses.bias import PARAMETERS
from zcnas.analyses.features import MEASURES, encode
from zcnas.analyses.removal import remove
from zcnas.benchmarks import get_benchmark
from zcnas.search_spaces import parse_spec

CELL = "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|skip_connect~2|"
PAIR = "|sep_conv_3x3~0|skip_connect~1|" + "+|max_pool_3x3~0|dil_conv_5x5~1|" * 3
SPECS = {
    "nasbench201": (CELL, (2 - 1, 5, 2)),
    "nasbench101": ("0110/0001/0001/0000:input,conv3x3-bn-relu,maxpool3x3,output", (0, 4, 0)),
    "nasbench301": (f"{PAIR};{PAIR}", (2 * (4 - 3), 16, 2)),
    "transbench101_micro": ("64-41414-0_12_310", (2, 4, 2)),
}


@pytest.mark.parametrize("space", SPECS)
def test_the_biases_of_a_cell_counted_by_hand(space):
    text, counted = SPECS[space]
    assert tuple(measure(parse_spec(space, text)) for measure in MEASURES.values()) == counted


@pytest.mark.parametrize("space", [*SPECS, "transbench101_macro"])
def test_two_architectures_have_two_encodings_of_zeros_and_ones(space):
    texts = {"transbench101_macro": ["64-1234-basic", "64-12341-basic"],
             "nasbench101": [SPECS["nasbench101"][0], "01/00:input,output"],
             "nasbench201": [CELL, CELL.replace("none", "skip_connect")],
             "nasbench301": [f"{PAIR};{PAIR}", f"{PAIR};{PAIR.replace('sep', 'dil')}"],
             "transbench101_micro": ["64-41414-0_12_310", "64-41414-0_12_311"]}[space]  # fmt: skip
    first, second = encode(space, [parse_spec(space, text) for text in texts])
    assert len(first) == len(second)
    assert first.tolist() != second.tolist()
    assert set(first) | set(second) == {0, 1}


def test_a_proxy_that_is_truth_times_its_bias_is_cured_by_the_right_constant():
    rng = np.random.default_rng(0)
    bias = rng.integers(0, 8, 500).astype(float)
    accuracy = rng.uniform(1, 2, 500)
    scores = accuracy * (bias + 3.0)
    removal = remove(scores, bias, accuracy, np.ones(500), np.corrcoef(bias, accuracy)[0, 1])
    before, after = removal.outcomes["original"], removal.outcomes["performance"]
    assert before[1] > 0.8
    assert after[0] == 3.0
    assert after[2] == pytest.approx(1)
    assert abs(removal.outcomes["minimise"][1]) < 0.005
    assert removal.outcomes["equalise"][0] == pytest.approx(3.0, abs=0.5)


def test_no_constant_lies_on_a_pole():
    bias = np.arange(12.0)
    removal = remove(bias + 1, bias, bias**2, np.ones(12), 0.5)
    assert all(np.isfinite(outcome[1:]).all() for outcome in removal.outcomes.values())
    assert not {outcome[0] for outcome in removal.outcomes.values()} & set(-bias)


def test_one_sentinel_decides_the_published_figure_and_not_ours(
    tmp_path, benchmark, cells, write_table
):
    sizes = [MEASURES["cell size"](cell) for cell in cells]
    scores = [float(size) for size in sizes]
    smallest = int(np.argmin(sizes))
    scores[smallest] = -1e8
    write_table(tmp_path, cells, range(40), {"zen": scores, "params": list(range(40))})
    table = run("bias", [benchmark], tmp_path).table("biases")
    row = table[(table["proxy"] == "zen") & (table["bias"] == "cell size")].iloc[0]
    assert row["correlation"] == pytest.approx(1)
    alone = np.zeros(40)
    alone[smallest] = -1
    assert row["as published"] == pytest.approx(np.corrcoef(alone, sizes)[0, 1], abs=1e-4)


def test_a_column_of_ones_own_is_compared_where_parameters_are_known(
    tmp_path, benchmark, cells, write_table
):
    """NAS-Bench-201 has accuracies of 15,625 cells and parameters of 1,104."""
    sizes = list(range(1, 41))
    write_table(tmp_path, cells, sizes, {"params": sizes, "zen": sizes})
    path = tmp_path / "zc_nasbench201.json"
    rows = json.loads(path.read_text())
    for row in list(rows["cifar10"].values())[30:]:
        del row["params"]
        row["val_accuracy"] = 0
    path.write_text(json.dumps(rows))
    mine = tmp_path / "mine.csv"
    lines = [f"{cell},{size**2}" for cell, size in zip(cells, sizes, strict=True)]
    mine.write_text("\n".join(["architecture,mine", *lines]))
    table = run("bias", [benchmark], tmp_path, mine).table("removal")
    row = table[
        (table["proxy"] == "mine")
        & (table["bias"] == PARAMETERS)
        & (table["strategy"] == "equalise")
    ].iloc[0]
    assert (row["C"], row["bias after"]) == (0, pytest.approx(1)), "b² / b, and accuracy is b"


@pytest.mark.real_table
def test_table_4s_synflow_is_near_on_cifar100(data_folder):
    table = run("bias", [get_benchmark("nasbench201_cifar100")], data_folder).table("removal")
    rows = table[(table["proxy"] == "synflow") & (table["bias"] == "cell size")]
    assert len(rows) == 4
    for column in ("bias", "performance"):
        difference = rows[f"{column} after"] - rows[f"paper's {column}"]
        assert difference.abs().max() <= 0.06
