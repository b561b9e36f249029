"""The recorded baselines: their scores give their recorded taus, and a score stands among them."""

from pathlib import Path

import msgspec
import pytest

from zcnas.judging.metrics import kendall_tau
from zcnas.participant.baselines import SCORES, baseline_contenders, read_scores
from zcnas.participant.standing import RECORD, read_baselines, standing_of
from zcnas.words.records import Architecture, read_input, read_predictions, read_reference

ROOT = Path(__file__).resolve().parents[2]
KEYS = ("nasbench201_cifar10", "nasbench201_cifar100", "nasbench201_imagenet16_120")
INPUTS = {key: read_input(ROOT / "starting_kit" / "input_data" / f"{key}.json") for key in KEYS}


def test_recorded_scores_give_the_recorded_taus_digit_for_digit(tmp_path):
    board = {entry.submission: entry for entry in read_baselines(ROOT / RECORD).entries}
    contenders = baseline_contenders(read_scores(ROOT / SCORES), INPUTS, tmp_path)
    assert {"nwot", "params", "synflow"} <= {each.name for each in contenders}
    for each in contenders:
        for key in KEYS:
            told = read_predictions(each.folder / f"{key}.predictions.jsonl")
            truth = read_reference(ROOT / "reference_data" / "practice" / f"{key}.json").accuracies
            tau = kendall_tau([line.value for line in told], [truth[line.id] for line in told], 0.0)
            assert tau == board[each.name].kendall_tau[key], (each.name, key)
        assert each.method == board[each.name].method


def test_of_other_architectures_no_baseline_is_told(tmp_path):
    data = INPUTS["nasbench201_cifar10"]
    drawn = (Architecture("0123456789abcdef", data.architectures[0].spec),)
    other = {data.benchmark: msgspec.structs.replace(data, architectures=drawn)}
    assert baseline_contenders(read_scores(ROOT / SCORES), other, tmp_path) == []


@pytest.mark.parametrize(
    ("tau", "rank", "above", "below"),
    [
        (0.99, 1, None, "vote"),
        (0.6160, 2, "vote", "nwot"),
        (-0.9, 19, "plain", None),
    ],
)
def test_a_score_stands_between_the_weakest_better_and_the_strongest_other(tau, rank, above, below):
    standing = standing_of(dict.fromkeys(KEYS, tau), read_baselines(ROOT / RECORD))
    assert standing.rank == rank
    assert (standing.next_above and standing.next_above.name) == above
    assert (standing.best_below and standing.best_below.name) == below


def test_on_other_benchmarks_there_is_no_standing():
    assert standing_of({"nasbench101_cifar10": 0.5}, read_baselines(ROOT / RECORD)) is None
