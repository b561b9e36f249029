"""The page of published proxies shows what was measured, of the samples as they are."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest
from scipy.stats import kendalltau, spearmanr

from zcnas.submissions import digest_of
from zcnas.words.records import read_reference

ROOT = Path(__file__).resolve().parents[1]
_SPEC = importlib.util.spec_from_file_location(
    "record_published", ROOT / "timings" / "record_published.py"
)
recording = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = recording
_SPEC.loader.exec_module(recording)
RECORD = recording.read_record()
PAGE = (ROOT / "docs" / "published_proxies.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|", PAGE, flags=re.MULTILINE))


def correlations(name, measure):
    """Return a measure of agreement with the accuracies on every benchmark."""
    found = []
    for key, recorded in RECORD.scores.baselines[name].items():
        truth = read_reference(ROOT / "reference_data" / "practice" / f"{key}.json").accuracies
        accuracies = [truth[token] for token in RECORD.scores.architectures[key]]
        scores = [float(score) for score in recorded.scores]  # an infinity is recorded as text
        found.append(measure(scores, accuracies)[0])
    return found


def test_the_page_names_every_sample_of_a_later_paper_and_its_measured_tau():
    shown = {name: tau for name, tau in ROWS.items() if tau != "not measured"}
    assert shown == {
        name: f"{sum(taus) / len(taus):.4f}"
        for name in RECORD.scores.baselines
        for taus in [correlations(name, kendalltau)]
    }
    board = (ROOT / "docs" / "baselines.md").read_text(encoding="utf-8")
    samples = [each.name for each in (ROOT / "starting_kit" / "submissions").iterdir()]
    assert {n for n in samples if f"`{n}`" not in board} - {"submissions.csv"} == set(ROWS)


@pytest.mark.parametrize("name", RECORD.scores.baselines)
def test_what_was_scored_is_the_sample_as_it_is(name):
    assert digest_of(ROOT / "starting_kit" / "submissions" / name) == RECORD.sha256[name]


def test_every_measured_proxy_ranks_in_the_published_direction():
    for name in RECORD.scores.baselines:
        assert min(correlations(name, kendalltau)) > 0.3, name


def test_meco_agrees_with_its_papers_figure_on_cifar10():
    """Spearman 0.89 over all of NATS-Bench-TSS; 100 architectures leave about ±0.03."""
    (first, *_) = correlations("meco", spearmanr)
    assert first == pytest.approx(0.89, abs=0.03)
    assert f"ours is {first:.3f}" in PAGE
