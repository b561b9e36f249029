"""A ranking of 200 submissions on all 28 benchmarks in a real browser."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.boards import bind, enter, publish_run
from tests.pages.reading import numbers, violations
from zcnas.benchmarks import BENCHMARKS
from zcnas.phases import load_phase
from zcnas.words.records import Prediction, Reference

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """The site of 200 submissions on all 28 benchmarks."""
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
    publish_run(out, phase, references)
    return out / "leaderboard"


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
