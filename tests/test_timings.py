"""The history of ratios: what its bound lets pass, and what its page shows."""

import importlib
import math
import sys
from pathlib import Path

import msgspec
import pytest

TIMINGS = Path(__file__).resolve().parents[1] / "timings"


@pytest.fixture
def history(monkeypatch):
    monkeypatch.syspath_prepend(str(TIMINGS))
    yield importlib.import_module("history")
    for name in ("history", "timings_page"):
        sys.modules.pop(name, None)


def record(history, value, commit="a" * 40, **changes):
    each = history.Record(
        *("build", value, value, value, 5, commit, False),
        *("a machine", 0.0, "2026-01-01T00:00:00+00:00"),
    )
    return msgspec.structs.replace(each, **changes)


def test_the_bound_is_students_for_one_more_of_the_newest_commit(history):
    logarithms = [0.00, 0.02, 0.04, 0.06, 0.08]  # s² = 0.001, mean 0.04
    bound = history.bound_of([record(history, math.exp(each)) for each in logarithms])
    assert bound.freedom == 4
    assert bound.noise == pytest.approx(math.sqrt(0.001))
    quantile = 7.173  # t(4, 0.999), a printed table's
    reach = quantile * math.sqrt(0.001) * math.sqrt(1 + 1 / 5)
    assert math.log(bound.most) == pytest.approx(0.04 + reach, rel=1e-4)


def test_an_intended_change_moves_the_level_and_adds_no_noise(history):
    old = [record(history, value) for value in (1.00, 1.01, 0.99)]
    new = [record(history, value, "b" * 40) for value in (0.50, 0.505, 0.495)]
    bound = history.bound_of([*old, *new])
    assert bound.usual == pytest.approx(0.5, rel=0.01)
    assert bound.noise == pytest.approx(0.01, rel=0.01)
    assert bound.freedom == 4


def test_few_records_and_those_of_a_changed_tree_are_no_bound(history):
    five = [record(history, 1.0 + each / 100) for each in range(5)]
    assert history.bound_of(five[:4]) is None
    changed = [msgspec.structs.replace(each, changed=True) for each in five]
    assert history.bound_of(changed) is None


def test_noise_of_older_commits_drops_out_once_newer_ones_are_enough(history, monkeypatch):
    monkeypatch.setattr(history.timings_page, "in_order", sorted)
    old = [record(history, value) for value in (1.0, 2.0, 4.0)]
    new = [record(history, 1 + each / 1000, "b" * 40) for each in range(9)]
    assert history.bound_of([*old, *new]) == history.bound_of(new)
    assert history.bound_of([*old, *new[:8]]).noise > 0.1


def test_what_a_busy_machine_recorded_bounds_no_quiet_measurement(history):
    busy = [record(history, value, load=9.0) for value in (1.0, 1.5, 2.0, 2.5, 3.0)]
    quiet = [record(history, 1 + each / 100, load=1.0) for each in range(5)]
    assert history.bound_for(True, [*busy, *quiet]) == history.bound_of(quiet)
    assert history.bound_for(False, [*busy, *quiet]) == history.bound_of(busy)
    assert history.bound_for(True, [*busy, *quiet[:4]]).most > 2, (
        "all of them, until there are five"
    )
    assert history.bound_for(False, quiet) is None


@pytest.mark.parametrize(
    ("second", "fails"), [(2.0, True), (1.0, False)], ids=["slower", "disturbed once"]
)
def test_a_ratio_fails_that_is_twice_beyond_its_bound(history, monkeypatch, second, fails):
    known = [record(history, value) for value in (0.99, 1.0, 1.01, 1.0, 1.0)]
    answers = {5: [record(history, 2.0)], 10: [record(history, second)]}
    monkeypatch.setattr(history, "read_history", lambda: known)
    monkeypatch.setattr(history, "measure", answers.__getitem__)
    if fails:
        with pytest.raises(SystemExit, match="slower than recorded, twice: build"):
            history.check(5)
    else:
        history.check(5)


def test_another_machine_is_not_compared_and_says_so(history, capsys):
    known = [record(history, value) for value in (0.99, 1.0, 1.01, 1.0, 1.0)]
    assert history.beyond([record(history, 9.0, machine="another")], known) == []
    assert "0 records are no bound for a quiet machine" in capsys.readouterr().out


def test_a_history_is_read_as_it_was_appended(history, tmp_path):
    path = tmp_path / "timings.jsonl"
    history.append([record(history, 1.0)], path)
    history.append([record(history, 2.0)], path)
    assert [each.value for each in history.read_history(path)] == [1.0, 2.0]
    assert len(path.read_text().splitlines()) == 2


def test_the_committed_page_is_that_of_the_committed_records(history, tmp_path):
    records = history.read_history()
    history.timings_page.write(records, history.bound_of, tmp_path)
    page = (tmp_path / "timings.md").read_text(encoding="utf-8")
    assert page == (history.HISTORY.parent / "timings.md").read_text(encoding="utf-8")
    picture = (tmp_path / "timings.svg").read_text(encoding="utf-8")
    for each in records:
        assert each.ratio in page
        assert each.commit[:7] in picture
