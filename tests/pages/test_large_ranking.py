"""A ranking of 200 submissions on all 28 benchmarks, and of 1,000, in a real browser."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.boards import bind, enter
from tests.pages.reading import numbers, violations
from zcnas.benchmarks import BENCHMARKS
from zcnas.judging.judge import judge
from zcnas.organiser.results.contest import read_contest
from zcnas.organiser.results.publishing import publish
from zcnas.pages.ranking_page import ranking_page
from zcnas.pages.site import page_names
from zcnas.pages.site_content import SiteContent
from zcnas.pages.submission import About
from zcnas.phases import load_phase
from zcnas.words.feedback import shown
from zcnas.words.records import Prediction, Reference

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.browser


FIRST_ROW = """(() => {
    const look = () => {
        const row = document.querySelector("#board tbody tr");
        if (row && row.getBoundingClientRect().height > 0) window.firstRow = performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})()"""
"""Records when a frame first shows the ranking's first row, in ms since navigation."""


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A run of 200 submissions on all 28 benchmarks and its judgement."""
    out = tmp_path_factory.mktemp("many")
    phase = load_phase(ROOT / "reference_data" / "phases.toml", "full")
    phase = msgspec.structs.replace(phase, benchmarks=tuple(BENCHMARKS))
    rng = np.random.default_rng(0)
    tokens = [f"{number:08x}" for number in range(12)]
    references = {
        key: Reference(
            benchmark=key, metric="m", unit="percent", source="s", version="1", table_sha256="0",
            accuracies=dict(zip(tokens, rng.normal(90, 3, 12).tolist(), strict=True)),
        )
        for key in phase.benchmarks
    }  # fmt: skip
    results = bind(out, phase, references)
    for number in range(200):
        scores = {key: rng.normal(size=12).tolist() for key in phase.benchmarks}
        lines = {
            key: [
                Prediction(id=t, status="ok", score=s) for t, s in zip(tokens, drawn, strict=True)
            ]
            for key, drawn in scores.items()
        }
        enter(results, f"entry{number:03d}", lines)
    return results, phase, judge(read_contest(results, phase, references), 100)


@pytest.fixture(scope="module")
def many(judged):
    """The site of 200 submissions on all 28 benchmarks."""
    results, phase, judgement = judged
    publish(judgement, phase, results)
    return results.path / "leaderboard"


@pytest.fixture(scope="module")
def thousand(judged, tmp_path_factory):
    """The ranking of 1,000 entries on all 28 benchmarks: those 200, five times over."""
    _, phase, judgement = judged
    entries, rows = [], {}
    for entry in judgement.leaderboard.entries:
        for copy in range(5):
            name = f"{entry.submission}-{copy}"
            rows[name] = judgement.rows[entry.submission]
            entries.append(msgspec.structs.replace(entry, submission=name, rank=len(entries) + 1))
    content = SiteContent(
        leaderboard=msgspec.structs.replace(judgement.leaderboard, entries=tuple(entries)),
        phase=phase,
        outcomes=judgement.outcomes,
        analysis=judgement.analysis,
        rows=rows,
        show=shown(phase, after_deadline=True),
        about=lambda entry: About(submission=entry.submission, method=entry.method),
    )
    page = tmp_path_factory.mktemp("thousand") / "index.html"
    page.write_text(ranking_page(content, page_names(list(rows)), (), ""), encoding="utf-8")
    return page


def test_a_ranking_of_200_by_28_starts_with_an_overview_and_opens_to_one_search_space(
    many, open_page
):
    page = open_page(many / "index.html")
    visible = page.locator("#board thead th:visible")
    assert not any("CIFAR-10" in head for head in visible.all_inner_texts())
    assert visible.filter(has_text="mean").count() == 5, "one per search space"
    page.get_by_label("Show").select_option("space:NAS-Bench-301")
    heads = visible.all_inner_texts()
    assert sum(head.startswith("NB301") for head in heads) == 4
    assert sum("NAS-Bench-301" in head for head in heads) == 1
    means = numbers(page, "mean NAS-Bench-301")
    assert len(means) == 200
    assert means == sorted(means, reverse=True)


def test_names_and_headings_stay_in_sight_while_a_large_table_is_scrolled(many, open_page):
    for width in (390, 1280):
        page = open_page(many / "index.html", width)
        page.get_by_label("Show").select_option("all")
        page.locator(".scroll.tall").first.evaluate("(e) => e.scrollTo(1500, 3000)")
        places = page.evaluate(
            """() => {
              const box = document.querySelector(".scroll.tall").getBoundingClientRect();
              const name = document.querySelectorAll("#board tbody th")[60].getBoundingClientRect();
              const head = document.querySelector("#board thead th").getBoundingClientRect();
              return [name.left - box.left, head.top - box.top];
            }"""
        )
        assert places == pytest.approx([0, 0], abs=2), json.dumps(places)


@pytest.mark.slow
def test_axe_finds_no_violation_in_a_large_ranking(many, open_page):
    page = open_page(many / "index.html")
    page.get_by_label("Show").select_option("all")
    page.get_by_label("Find").fill("entry01")  # all columns of ten rows: axe looks at every cell
    assert violations(page) == []


def test_a_ranking_of_1000_shows_250_rows_at_a_time_and_finds_every_other(thousand, open_page):
    page = open_page(thousand)
    shown, status = page.locator("#board tbody tr:visible"), page.locator("#shown")
    assert shown.count() == 250
    assert status.inner_text() == "1000 of 1000 entries"
    page.get_by_role("button", name="Show 250 more").click()
    assert shown.count() == 500
    last = page.locator("#board tbody tr").last.locator("th a").text_content()
    page.get_by_label("Find").fill(last)
    assert shown.locator("th a").all_inner_texts() == [last]
    page.get_by_label("Find").fill("")
    page.get_by_role("button", name="Rank").click()
    assert shown.first.locator("th a").inner_text() == last, "sorting looks at all rows"
    assert shown.count() == 250
    page.goto("about:blank")
    page.goto(f"{thousand.as_uri()}#submission-{last}")
    assert page.locator("tr:target").is_visible()


@pytest.mark.slow
def test_the_first_row_of_1000_entries_is_there_about_as_soon_as_that_of_200(
    many, thousand, browser
):
    """Milliseconds are those of this machine, so they are compared with each other."""
    soonest = {}
    for _ in range(3):
        for path in (many / "index.html", thousand):
            tab = browser.new_page()
            tab.add_init_script(FIRST_ROW)
            tab.goto(path.as_uri())
            tab.wait_for_function("window.firstRow")
            now = tab.evaluate("window.firstRow")
            soonest[path] = min(now, soonest.get(path, now))
            tab.close()
    assert soonest[thousand] < 3 * soonest[many / "index.html"], soonest
