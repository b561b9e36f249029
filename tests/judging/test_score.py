from pathlib import Path

import msgspec
import pytest

from zcnas.errors import PredictionError
from zcnas.judging.score import read_submission, score_benchmark, score_submission
from zcnas.phases import load_phase
from zcnas.words.records import Prediction, Reference, encode_score, read_reference

ROOT = Path(__file__).resolve().parents[2]
PRACTICE = load_phase(ROOT / "reference_data" / "phases.toml", "practice")
TRUTH = {f"{number:08x}": float(number) for number in range(6)}
REFERENCE = Reference(
    benchmark="nasbench201_cifar10",
    metric="m",
    unit="u",
    source="s",
    version="1",
    table_sha256="0",
    accuracies=TRUTH,
)


def predict(scores):
    return [
        Prediction(id=token, status="error", message="failed")
        if score is None
        else Prediction(id=token, status="ok", score=encode_score(score), wall_time_s=2.0)
        for token, score in scores.items()
    ]


def score(scores, failure_tau=0.0):
    return score_benchmark(predict(scores), REFERENCE, failure_tau)


def test_truth_as_predictions_gives_one():
    assert score(TRUTH).tau == pytest.approx(1.0)


def test_reversed_truth_gives_minus_one():
    assert score({token: -value for token, value in TRUTH.items()}).tau == pytest.approx(-1.0)


def test_constant_scores_give_the_stated_value():
    assert score(dict.fromkeys(TRUTH, 1.0)).tau == 0.0
    assert score(dict.fromkeys(TRUTH, 1.0), failure_tau=-0.1).tau == -0.1


def test_a_benchmark_in_which_everything_failed_gives_the_stated_value():
    result = score(dict.fromkeys(TRUTH, None), failure_tau=-0.1)
    assert result.tau == -0.1
    assert dict(result.failures) == {"error": 6}


def test_a_missing_prediction_counts_as_a_failure_and_n_stays():
    predictions = predict(TRUTH)
    without_best = score_benchmark(predictions[:-1], REFERENCE, 0.0)
    failed_best = score({**TRUTH, "00000005": None})
    assert without_best.tau == failed_best.tau < 1.0
    assert dict(without_best.failures) == {"missing": 1}


def test_the_order_of_the_predictions_does_not_matter():
    assert score_benchmark(predict(TRUTH)[::-1], REFERENCE, 0.0).tau == pytest.approx(1.0)


def test_predictions_of_another_draw_are_refused():
    stranger = Prediction(id="ffffffff", status="ok", score=1.0)
    with pytest.raises(PredictionError, match="1 predictions for nasbench201_cifar10 have ids"):
        score_benchmark([*predict(TRUTH), stranger], REFERENCE, 0.0)


@pytest.fixture
def practice_run(tmp_path):
    """Predictions of the practice phase that are its truth, but for one missing benchmark."""
    references = {
        key: read_reference(ROOT / "reference_data" / "practice" / f"{key}.json")
        for key in PRACTICE.benchmarks
    }
    for key in PRACTICE.benchmarks[:2]:
        lines = [msgspec.json.encode(line) for line in predict(references[key].accuracies)]
        (tmp_path / f"{key}.predictions.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return tmp_path, references


def test_a_benchmark_without_predictions_stays_in_the_mean(practice_run):
    folder, references = practice_run
    scores = score_submission(
        read_submission(folder, PRACTICE.benchmarks), references, PRACTICE.failure_tau
    )
    assert scores.score == pytest.approx(2 / 3)
    assert dict(scores.failures) == {"missing": 100}
