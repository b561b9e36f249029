"""From a run to what is published: statistics in the files, pages that say only what they may."""

import csv
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.boards import bind, enter, publish_run
from zcnas.judging import statistics
from zcnas.judging.judge import judge
from zcnas.judging.outcomes import Collector, analyse
from zcnas.organiser.results.contest import read_contest
from zcnas.organiser.results.publishing import publish
from zcnas.pages.identity import PREVIEW
from zcnas.pages.site import page_names
from zcnas.pages.site_folder import LISTING
from zcnas.words.records import read_predictions


def by_name(board):
    return {entry.submission: entry for entry in board.entries}


def test_scores_and_taus_stay_what_scoring_found(published, run_folder, references):
    for name, entry in by_name(published).items():
        if entry.score is None:
            continue
        path = run_folder / "submissions" / name
        predictions = {k: read_predictions(path / f"{k}.predictions.jsonl") for k in references}
        collector = Collector(references, 1)
        collector.add(0, predictions)
        taus = [outcomes.taus(0.0)[0] for outcomes in collector.outcomes()]
        assert list(entry.kendall_tau.values()) == taus
        assert entry.score == pytest.approx(np.mean(taus))


def test_every_scored_entry_has_intervals_around_its_taus(published):
    for entry in published.entries:
        if entry.score is None:
            assert entry.score_interval is None
            assert entry.rank_group is None
            continue
        assert entry.score_interval[0] < entry.score < entry.score_interval[1]
        for key, (low, high) in entry.tau_intervals.items():
            assert low <= entry.kendall_tau[key] <= high


def test_the_teams_rule_leaves_the_worse_entry_without_a_rank(published):
    entries = by_name(published)
    assert entries["plain"].team == entries["late"].team != ""
    assert entries["plain"].rank == 1
    assert entries["late"].rank is None
    assert not entries["late"].counted
    assert entries["late"].rank_group is None
    assert entries["coarse"].baseline


def test_groups_start_at_one_and_the_chances_of_being_first_add_up_to_one(published):
    ranked = [entry for entry in published.entries if entry.rank is not None]
    groups = [entry.rank_group for entry in ranked]
    assert groups[0] == 1
    assert groups == sorted(groups)
    assert len(set(groups)) > 1, "a predictor of noise is told from one of truth"
    assert sum(entry.first_probability for entry in ranked) == pytest.approx(1, abs=1e-3)


def test_json_and_csv_hold_what_the_pages_show(published, run_folder):
    content = json.loads((run_folder / "leaderboard.json").read_text())
    assert [e["submission"] for e in content["entries"]] == [
        e.submission for e in published.entries
    ]
    assert content["entries"][0]["score_interval"] == list(published.entries[0].score_interval)
    with (run_folder / "leaderboard.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["score_low"]) == published.entries[0].score_interval[0]
    assert [row["rank_group"] for row in rows][-1] == ""


def test_publishing_twice_gives_the_same_bytes(
    published, run_folder, site, phase, references, specs, tmp_path
):
    def pages(folder):
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    before = pages(site)
    ruled = msgspec.structs.replace(phase, counts="best")
    other = tmp_path / "again"
    out = Path(shutil.copytree(run_folder, tmp_path / "run"))
    publish_run(out, ruled, references, site=other, specs=specs, resamples=1000)
    after = pages(other)
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == []


def test_the_site_has_a_page_for_every_submission_and_benchmark_and_for_the_phase(
    site, published, phase
):
    names = {path.name for path in site.iterdir()}
    expected = {"index.html", "phase.html", PREVIEW, LISTING}
    expected |= {f"benchmark-{key}.html" for key in phase.benchmarks}
    expected |= set(page_names([e.submission for e in published.entries]).values())
    assert names == expected


def test_the_figures_take_font_and_colours_from_the_page(site):
    text = (site / "index.html").read_text()
    drawings = re.findall(r"<svg .*?</svg>", text, re.DOTALL)
    assert len(drawings) > 4
    for drawing in drawings:
        assert not re.search(r"(fill|stroke|font|color)[a-z-]*[=:]", drawing), drawing[:300]
    used = set(re.findall(r'class="?([a-z]+)"?', "".join(drawings)))
    style = text[: text.index("</style>")]
    assert {name for name in used if f".{name}" not in style} == set()


def test_the_rankings_pictures_of_intervals_reach_from_the_lowest_end_to_the_highest(
    site, published
):
    page = (site / "index.html").read_text(encoding="utf-8")
    table = page[page.index('id="board"') : page.index("</table>")]
    drawn = re.findall(r'class="ci" x1="([\d.]+)%" x2="([\d.]+)%"', table)
    ends = [e.score_interval for e in published.entries if e.score_interval]
    low, high = min(min(ends)), max(max(each) for each in ends)
    assert len(drawn) == len(ends)
    for places, end in zip(drawn, ends, strict=True):
        for place, value in zip(places, end, strict=True):
            assert float(place) == pytest.approx(100 * (value - low) / (high - low), abs=0.1)


def test_every_link_leads_to_a_page_of_the_site_or_a_place_on_it(site):
    for path in site.glob("*.html"):
        html = path.read_text(encoding="utf-8")
        for href in re.findall(r'href="([^"]*)"', html):
            if href.startswith("#"):
                assert f'id="{href[1:]}"' in html
            elif not href.startswith("data:"):
                assert (site / href).is_file(), href


def test_what_only_the_organiser_may_know_of_a_fault_is_on_no_page(site):
    for path in site.glob("*.html"):
        assert "/secret/path" not in path.read_text(encoding="utf-8"), path.name


def test_names_become_file_names_that_every_host_keeps_apart():
    names = page_names(["a", "A", "ä", "../../etc", "x" * 300, "con.html", ""])
    files = list(names.values())
    assert len({file.lower() for file in files}) == len(files)
    assert all(re.fullmatch(r"submission-[a-z0-9_-]+\.html", file) for file in files)
    assert all(len(file) < 100 for file in files)
    assert names["a"] == "submission-a.html"


@pytest.fixture
def hidden(phase):
    def make(feedback):
        return msgspec.structs.replace(phase, truth="hidden", feedback=feedback, draw_seed=None)

    return make


def publish_hidden(published, phase, references, run_folder, site, **changes):
    """Return the text of all pages of a copy of the run, published as that phase."""
    out = Path(shutil.copytree(run_folder, site.parent / "run"))
    specs = {key: {} for key in phase.benchmarks}
    specs[phase.benchmarks[0]] = dict.fromkeys(references[phase.benchmarks[0]].accuracies, "SPEC")
    publish_run(out, phase, references, site=site, specs=specs, resamples=200, **changes)
    return "".join(path.read_text(encoding="utf-8") for path in sorted(site.glob("*.html")))


def test_a_phase_without_feedback_publishes_names_only(
    published, hidden, references, run_folder, tmp_path
):
    text = publish_hidden(published, hidden("none"), references, run_folder, tmp_path / "site")
    for entry in published.entries:
        if entry.score is not None:
            assert f"{entry.score:.3f}" not in text
    assert "plain" in text
    assert "SPEC" not in text
    assert "<circle" not in text
    assert "shown after the deadline" in text, "the seeds"
    assert ">2022<" not in text


def test_scores_alone_are_published_without_how_sure_they_are(
    published, hidden, references, run_folder, tmp_path
):
    site = tmp_path / "site"
    text = publish_hidden(published, hidden("score_only"), references, run_folder, site)
    main = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", text, flags=re.DOTALL)
    for shut in ("interval", "Chance of first", "ank group", "resample", 'class="ci"'):
        assert shut not in main, shut
    for entry in published.entries:
        for low, high in [entry.score_interval or (7.0, 7.0), *entry.tau_intervals.values()]:
            assert f"[{low:.3f}, {high:.3f}]".replace("-", "−") not in main


def test_the_ranking_has_what_a_search_would_find_with_intervals(site, published, references):
    index = (site / "index.html").read_text()
    heads = re.findall(r'data-c="top">([^<]+)<', index)
    assert heads == ["Top 10 %", "nDCG@10 %", "Regret@10"]
    row = index[index.index('id="submission-plain"') :].split("</tbody>")[0].split("<tr")[0]
    cells = re.findall(r"<td>([^<]+)<small>\[([^,]+), ([^\]]+)\]</small>", row)
    assert len(cells) == 3
    for value, low, high in cells:
        assert float(low) <= float(value.removesuffix(" %")) <= float(high)
    regrets = []
    for key, reference in references.items():
        truth = list(reference.accuracies.values())
        lines = read_predictions(site.parent / "submissions" / "plain" / f"{key}.predictions.jsonl")
        found = sorted(lines, key=lambda line: -line.value)[:10]
        regrets.append(max(truth) - max(reference.accuracies[line.id] for line in found))
    assert float(cells[2][0]) == pytest.approx(np.mean(regrets), abs=5e-4)


def test_an_entry_without_any_answer_is_named_but_stands_in_no_figure(
    phase, references, predict, tmp_path
):
    results = bind(tmp_path, phase, references)
    enter(results, "works", predict(2.0, 1))
    enter(results, "mute", predict(2.0, 2, failures=100))
    board = by_name(publish_run(tmp_path, phase, references))
    assert board["mute"].rank is None
    index = (tmp_path / "leaderboard" / "index.html").read_text()
    row = index[index.index('<tr id="submission-mute"') :].split("</tbody>")[0]
    assert "no query answered" in row
    assert "<svg" not in row
    assert 'data-e="submission-mute"' not in index
    assert 'data-e="submission-works"' in index
    for key in phase.benchmarks:
        page = (tmp_path / "leaderboard" / f"benchmark-{key}.html").read_text()
        assert page.index("works") < page.index("mute")
        assert "no query answered" in page
        assert page.count("<figcaption><b>mute") == 0


def test_scores_alone_are_published_rounded_and_without_architectures(
    published, hidden, references, run_folder, tmp_path
):
    text = publish_hidden(
        published, hidden("score_only"), references, run_folder, tmp_path / "site"
    )
    best = published.entries[0]
    assert f"{best.score:.3f}" in text
    assert f"{best.score:.4f}" not in text
    for shut in ("SPEC", 'id="data"', 'class="s"', "Where they disagree", "Spearman"):
        assert shut not in text, shut
    for key in references:
        for accuracy in list(references[key].accuracies.values())[:5]:
            assert str(accuracy) not in text


def test_after_the_deadline_everything_is_shown(
    published, hidden, references, run_folder, tmp_path
):
    text = publish_hidden(
        published, hidden("none"), references, run_folder, tmp_path / "site",
        after_deadline=True, draw_seed="the secret seed",
    )  # fmt: skip
    for shown in ("SPEC", 'id="data"', "Where they disagree", "the secret seed", ">2022<"):
        assert shown in text, shown


def test_an_empty_run_has_a_site_too(phase, references, tmp_path):
    bind(tmp_path, phase, references)
    publish_run(tmp_path, phase, references)
    assert "No entries" in (tmp_path / "leaderboard" / "index.html").read_text()


@pytest.mark.parametrize(
    ("contained", "isolation", "warned"),
    [
        (False, "a way that is new", True),
        (True, "process in a jail of its own", False),
        (None, "process (no container: network, files and user are shared)", True),
        (None, "docker (one CPU, no network, read-only)", False),
    ],
)
def test_the_site_warns_where_submissions_were_not_contained_whatever_that_is_called(
    phase, references, tmp_path, contained, isolation, warned
):
    bind(tmp_path, phase, references, isolation, contained)
    publish_run(tmp_path, phase, references)
    text = (tmp_path / "leaderboard" / "index.html").read_text()
    assert ("ran as plain processes, not in containers" in text) is warned


def test_intervals_do_not_depend_on_who_else_is_there(references, predict):
    predictions = [predict(2.0, 1), predict(5.0, 2)]
    both, alone = Collector(references, 2), Collector(references, 1)
    both.add(0, predictions[0])
    both.add(1, predictions[1])
    alone.add(0, predictions[0])
    together = analyse("practice", both.outcomes(), 0.0, resamples=300)
    single = analyse("practice", alone.outcomes(), 0.0, resamples=300)
    assert together.intervals[0].tolist() == single.intervals[0].tolist()


def test_the_pages_say_how_many_resamples_and_which_share_of_the_best(site):
    text = (site / "index.html").read_text()
    assert statistics.RESAMPLES == 10_000
    assert "values in 10,000 resamples" in text
    assert "share of the 10,000 resamples in which the entry has the highest score" in text
    assert "The share of the 10 % ranked best by score" in text
    assert "of 10,000 resamples" in (site / "submission-plain.html").read_text()


def test_the_phase_page_states_every_limit_with_its_own_number(site, phase):
    """Wall limits are three times the CPU limits."""
    text = " ".join(re.sub(r"<[^>]+>", " ", (site / "phase.html").read_text()).split())
    limits = phase.limits
    for name, seconds in (
        ("One query, CPU time", limits.query_cpu_s),
        ("One query, wall time", 3 * limits.query_cpu_s),
        ("All queries, CPU time", limits.benchmark_cpu_s),
        ("All queries, wall time", 3 * limits.benchmark_cpu_s),
        ("Set-up, wall time", limits.setup_s),
    ):
        assert f"{name} {seconds} s" in text


def test_without_the_packages_of_the_pages_the_rest_is_written_and_old_pages_go(
    phase, references, predict, tmp_path, monkeypatch
):
    results = bind(tmp_path, phase, references)
    enter(results, "plain", predict(1.0, 1))
    contest = read_contest(results, phase, references)
    assert (
        publish(judge(contest, 100), phase, results) == f"pages: {tmp_path}/leaderboard/index.html"
    )
    for name in ("leaderboard.json", "leaderboard.csv"):
        (tmp_path / name).unlink()
    found = importlib.util.find_spec
    absent = lambda name: None if name in ("jinja2", "PIL") else found(name)  # noqa: E731
    monkeypatch.setattr("importlib.util.find_spec", absent)
    said = publish(judge(contest, 100), phase, results)
    assert said.startswith("no pages: jinja2 and PIL not installed; pip install 'zcnas[pages]'")
    assert "an earlier leaderboard" in said
    assert not (tmp_path / "leaderboard").exists()
    assert json.loads((tmp_path / "leaderboard.json").read_text())["entries"][0]["rank"] == 1
    assert "plain" in (tmp_path / "leaderboard.csv").read_text()
    assert "removed" not in publish(judge(contest, 100), phase, results)


def test_judging_and_writing_the_leaderboard_need_no_package_of_an_extra():
    code = (
        "import zcnas.organiser.results.publishing, zcnas.organiser.results.contest, sys\n"
        "extras = {'pandas', 'scipy', 'matplotlib', 'jinja2', 'torch'} & sys.modules.keys()\n"
        "assert not extras, extras"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
