"""A team's history: attempts in the order of arrival, the best so far, pictures on one scale."""

import re

import pytest

from zcnas.judging.leaderboard import Entry
from zcnas.pages.history import ROOM, team_histories
from zcnas.pages.ranking import podium_of, updated_at


def entry(name, team, day, score, **more):
    """An entry received on a day of March."""
    fields = {
        "submission": name, "method": name, "score": score, "kendall_tau": {}, "status": "scored",
        "failures": {}, "wall_time_s": 0.0, "cpu_time_s": 0.0, "team": team,
        "received_at": day and f"2026-03-{day:02d}T10:30:00Z", **more,
    }  # fmt: skip
    return Entry(**fields)


def histories(*entries, decimals=3):
    hrefs = {each.submission: f"{each.submission}.html" for each in entries}
    return team_histories(entries, hrefs, decimals)


def test_the_best_so_far_never_falls_and_failed_entries_have_none():
    (found,) = histories(
        entry("c", "T", 3, 0.2), entry("a", "T", 1, None), entry("b", "T", 2, 0.3),
        entry("d", "T", 4, 0.5), entry("e", "T", 5, 0.4),
    )  # fmt: skip
    assert [each.name for each in found.attempts] == ["a", "b", "c", "d", "e"]
    assert [each.best for each in found.attempts] == ["–", "0.300", "0.300", "0.500", "0.500"]
    assert [each.improved for each in found.attempts] == [False, True, False, True, False]
    assert found.best.name == "d"
    assert found.attempts[0].received == "2026-03-01 10:30"


def test_pictures_have_one_scale_of_time_and_score():
    one, other = histories(
        entry("a", "A", 1, 0.1), entry("b", "A", 11, 0.5), entry("c", "B", 1, 0.3),
        entry("d", "B", 6, 0.3),
    )  # fmt: skip
    places = [
        [tuple(map(float, each)) for each in re.findall(r'cx="([\d.]+)%" cy="([\d.]+)%"', picture)]
        for picture in (one.picture, other.picture)
    ]
    low, high = 100 * ROOM, 100 * (1 - ROOM)
    bottom, top = 100 * (1 - 2 * ROOM), 100 * 2 * ROOM
    assert places[0] == [pytest.approx((low, bottom)), pytest.approx((high, top))]
    assert places[1] == [pytest.approx((low, 50)), pytest.approx((50, 50))]


@pytest.mark.parametrize(
    "entries",
    [
        (entry("a", "T", 1, 0.1),),
        (entry("a", "", 1, 0.1), entry("b", "", 2, 0.2)),
        (entry("a", "T", "", 0.1), entry("b", "T", "", 0.2)),
        (entry("a", "T", 1, 0.1, baseline=True), entry("b", "T", 2, 0.2, baseline=True)),
        (entry("a", "T", 1, None), entry("b", "T", 2, None)),
    ],
)
def test_single_entries_baselines_and_entries_without_times_have_no_history(entries):
    assert histories(*entries) == ()


def test_scores_are_told_to_the_digits_that_the_phase_shows():
    (found,) = histories(entry("a", "T", 1, 0.123456), entry("b", "T", 2, 0.119), decimals=2)
    assert [each.score for each in found.attempts] == ["0.12", "0.12"]
    assert not found.attempts[1].improved


def test_the_podium_holds_three_entries_without_baselines_or_nobody(published, site):
    page = (site / "index.html").read_text(encoding="utf-8")
    ranked = [each for each in published.entries if each.rank and not each.baseline]
    assert ('class="podium"' in page) == (len(ranked) >= 3)
    podium = page[page.index('class="podium"') : page.index("</ol>")]
    assert podium.count("<li>") == 3
    assert re.findall(r'href="([^"]+)"', podium)[0] == "submission-plain.html"
    assert podium_of(()) == ()


def test_a_teams_entries_stand_on_its_pages_and_under_the_ranking(site):
    page = (site / "index.html").read_text(encoding="utf-8")
    assert 'id="history"' in page
    for name in ("plain", "late"):
        own = (site / f"submission-{name}.html").read_text(encoding="utf-8")
        assert "2026-03-01 10:00" in own
        assert "2026-03-02 10:00" in own
    assert 'id="history"' not in (site / "submission-noisy.html").read_text(encoding="utf-8")


def test_a_board_is_as_new_as_its_newest_scored_entry(site):
    entries = [entry("a", "A", 3, 0.1), entry("b", "B", 9, None), entry("c", "C", "", 0.2)]
    assert updated_at(entries, ["", "", ""]) == "2026-03-03T10:30:00Z"
    assert updated_at(entries, ["", "2026-03-09T10:00:00Z", "2026-03-04T10:00:00Z"])[:10] == (
        "2026-03-04"
    )
    assert updated_at(entries[1:], ["", ""]) == ""
    page = (site / "index.html").read_text(encoding="utf-8")
    assert '<time datetime="2026-03-02T10:00:00Z">2026-03-02 10:00 UTC</time>' in page
