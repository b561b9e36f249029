"""The page of one submission: its numbers, what it hides, what it escapes."""

import base64
import json
import re
import sys
import zlib

import msgspec
import pytest

from zcnas.judging.metrics import kendall_tau
from zcnas.judging.outcomes import Collector
from zcnas.pages.submission import About, submission_page
from zcnas.pages.views import pack_architectures
from zcnas.words.feedback import FEEDBACK


def page(phase, predictions, references, **changes):
    about = {"submission": "mine", "method": "my method", **changes.pop("about", {})}
    return submission_page(phase, About(**about), predictions, references, resamples=500, **changes)


def tables(html):
    """The tables of architectures, unpacked as the page's script does: names and rows."""
    packed = re.search(r'id="data">([^<]*)<', html)[1]
    content = json.loads(zlib.decompress(base64.b64decode(packed)))
    return [(each["names"], list(zip(*each["columns"], strict=True))) for each in content]


def test_the_page_shows_the_score_and_every_tau_with_an_interval(phase, references, predict):
    predictions = predict(2.0, 1)
    html = page(phase, predictions, references)
    taus = []
    for key, reference in references.items():
        by_id = {p.id: p.value for p in predictions[key]}
        truth = list(reference.accuracies.values())
        taus.append(kendall_tau([by_id[token] for token in reference.accuracies], truth))
        assert f"{taus[-1]:.4f}" in html
    assert f"{sum(taus) / 3:.4f}" in html
    assert len(re.findall(r"(?<!<small>)\[−?0\.\d{3}, −?0\.\d{3}\]", html)) == 4


@pytest.mark.parametrize("complete", [True, False])
def test_the_largest_scores_are_in_the_table_as_numbers(phase, references, predict, complete):
    largest = sys.float_info.max
    key = phase.benchmarks[0]
    first, second, *others = predict(2.0, 1)[key]
    first = msgspec.structs.replace(first, score=largest)
    second = msgspec.structs.replace(second, score=-largest)
    collector = Collector({key: references[key]}, 1)
    collector.add(0, {key: [first, second, *others]})
    packed = pack_architectures(collector.outcomes(), 0, complete=complete)
    (table,) = json.loads(zlib.decompress(base64.b64decode(packed)))
    scores = table["columns"][table["names"].index("score")]
    assert max(scores) == pytest.approx(largest, rel=1e-3)
    assert min(scores) == pytest.approx(-largest, rel=1e-3)


def test_every_architecture_is_in_the_table_with_its_own_score(phase, references, predict):
    predictions = predict(2.0, 1, failures=5)
    found = tables(page(phase, predictions, references))
    key = phase.benchmarks[0]
    names, rows = found[0]
    assert names == ["id", "accuracy (percent)", "score", "rank by score", "CPU s", "failure"]
    rows = {row[0]: row for row in rows}
    assert len(rows) == len(references[key].accuracies)
    for prediction in predictions[key]:
        _, accuracy, score, rank, cpu, failure = rows[prediction.id]
        assert accuracy == pytest.approx(references[key].accuracies[prediction.id], abs=1e-3)
        assert cpu == pytest.approx(prediction.cpu_time_s)
        if prediction.status == "ok":
            assert score == pytest.approx(prediction.value, rel=1e-7)
            assert failure is None
        else:
            assert (score, rank, failure) == (None, None, "error")
    accuracies = [row[1] for row in found[0][1]]
    assert accuracies == sorted(accuracies, reverse=True)


def test_what_a_participant_wrote_is_text(phase, references, predict, hostile):
    html = page(
        phase,
        predict(2.0, 1, failures=3, message=hostile),
        references,
        about={
            "submission": hostile,
            "method": hostile,
            "team": hostile,
            "message": hostile,
            "logs": {phase.benchmarks[0]: f"</pre>{hostile}\x1b[31m"},
        },
        baselines={hostile: dict.fromkeys(phase.benchmarks, 0.5)},
    )
    assert html.count("&lt;script&gt;alert(") >= 6
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "</pre>&lt;" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html, "no text turns the line around"


def test_a_page_asks_for_nothing_outside_itself(phase, references, predict):
    html = page(phase, predict(2.0, 1), references)
    assert not re.findall(r"""(?:src|href)=["'](?!#|data:,)""", html)
    assert "url(" not in html
    assert "@import" not in html


def test_scores_alone_come_rounded_and_without_what_gives_single_ranks_away(
    phase, references, predict
):
    predictions = predict(2.0, 1, failures=2, message="the message")
    about = {"logs": {phase.benchmarks[0]: "printed text"}}
    html = page(phase, predictions, references, about=about, feedback=FEEDBACK["score_only"])
    assert re.search(r">0\.\d{3}<", html)
    assert not re.search(r"0\.\d{4}", html)
    for hidden in ("the message", "printed text", 'id="data"', 'class="s"', "Spearman", "tau-a"):
        assert hidden not in html, hidden
    assert "raised an exception" in html


def test_a_hidden_phase_without_feedback_shows_no_number(phase, references, predict):
    html = page(phase, predict(2.0, 1, failures=2), references, feedback=FEEDBACK["none"])
    main = html.split("<main")[1]
    assert not re.search(r"\d", re.sub(r"<[^>]*>", "", main.split("</main>")[0]))
    assert "after its deadline" in main


def test_long_output_and_many_messages_stay_below_two_megabytes(phase, references, predict):
    predictions = predict(2.0, 1, failures=90)
    noisy = {
        key: [
            p if p.status == "ok" else type(p)(id=p.id, status="error", message=f"{p.id} " * 5000)
            for p in lines
        ]
        for key, lines in predictions.items()
    }
    logs = dict.fromkeys(phase.benchmarks, "line\n" * 1_000_000)
    html = page(phase, noisy, references, about={"logs": logs})
    assert len(html.encode()) < 2_000_000
    assert "characters left out" in html
    assert "other messages" in html


def test_a_benchmark_without_predictions_is_shown_as_missing(phase, references, predict):
    predictions = predict(2.0, 1)
    del predictions[phase.benchmarks[1]]
    html = page(phase, predictions, references)
    assert "has no prediction" in html
    assert "100 failed" in html


def test_infinite_scores_are_written_out(phase, references, predict):
    predictions = predict(2.0, 1)
    key = phase.benchmarks[0]
    first = predictions[key][0]
    predictions[key][0] = type(first)(id=first.id, status="ok", score="-inf")
    scores = {row[0]: row[2] for row in tables(page(phase, predictions, references))[0][1]}
    assert scores[first.id] == "−∞"
