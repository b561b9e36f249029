import csv
import json
import os
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from zcnas.benchmarks import BENCHMARKS
from zcnas.judging.leaderboard import Entry, Leaderboard, write_leaderboard
from zcnas.judging.standings import arrange, rank_entries
from zcnas.organiser.cli.tables import render
from zcnas.words.records import Arrival

KEYS = ("nasbench201_cifar10", "nasbench201_cifar100")


def entry(name, score, **changes):
    fields = {
        "submission": name,
        "method": name,
        "score": score,
        "kendall_tau": {} if score is None else dict.fromkeys(KEYS, score),
        "status": "organiser_error" if score is None else "scored",
        "failures": {},
        "wall_time_s": 2.0,
        "cpu_time_s": 1.0,
    }
    return Entry(**{**fields, **changes})


def board(*entries):
    return Leaderboard(
        phase="practice",
        title="Practice phase",
        isolation="docker",
        data_sources=dict.fromkeys(KEYS, "somewhere"),
        accuracy_sources=dict.fromkeys(KEYS, "table"),
        benchmarks=KEYS,
        entries=rank_entries(entries),
    )


def test_higher_scores_rank_first():
    ranked = rank_entries([entry("low", -0.5), entry("high", 0.75), entry("middle", 0.0)])
    assert [(e.rank, e.submission) for e in ranked] == [(1, "high"), (2, "middle"), (3, "low")]


def test_equal_scores_share_a_rank_and_the_earlier_submission_is_listed_first():
    ranked = rank_entries([entry("b", 0.5), entry("a", 0.5), entry("c", 0.1), entry("d", 0.9)])
    assert [(e.rank, e.submission) for e in ranked] == [(1, "d"), (2, "b"), (2, "a"), (4, "c")]


def test_an_entry_that_answered_no_query_has_no_rank_and_comes_after_the_worst_score():
    ranked = rank_entries(
        [entry("ours", None), entry("silent", 0.0, answered=False), entry("bad", -1.0)]
    )
    assert [(e.rank, e.submission) for e in ranked] == [
        (1, "bad"),
        (None, "silent"),
        (None, "ours"),
    ]


def test_of_a_team_a_bad_answer_counts_rather_than_none():
    roster = {name: Arrival(name=name, team="a") for name in ("silent", "bad")}
    entries = [entry("silent", 0.0, answered=False), entry("bad", -0.5)]
    first, second = arrange(entries, roster, "best")
    assert (first.submission, first.rank, first.counted) == ("bad", 1, True)
    assert (second.submission, second.rank, second.counted) == ("silent", None, False)


def test_a_team_that_poses_as_another_is_another_and_looks_like_it():
    roster = {
        "mine": Arrival(name="mine", team="Acme"),
        "fake": Arrival(name="fake", team="\u0410cme"),
    }
    first, second = arrange([entry("mine", 0.5), entry("fake", 0.4)], roster, "best")
    assert (first.team, second.team) == ("Acme", "\u0410<U+0410>cme")
    assert first.counted
    assert second.counted


def test_an_organiser_error_has_no_rank_and_no_score_and_comes_last():
    ranked = rank_entries([entry("ours", None), entry("theirs", -1.0)])
    assert [(e.rank, e.submission, e.score) for e in ranked] == [
        (1, "theirs", -1.0),
        (None, "ours", None),
    ]


def test_the_files_hold_the_same_numbers_to_the_last_digit(tmp_path):
    write_leaderboard(board(entry("a", 1 / 3), entry("b", None)), tmp_path)
    content = json.loads((tmp_path / "leaderboard.json").read_text())
    assert content["schema_version"] == 1
    assert [e["score"] for e in content["entries"]] == [1 / 3, None]
    assert set(content["entries"][0]) >= {
        "rank", "submission", "method", "score", "kendall_tau", "status", "failures",
        "wall_time_s", "cpu_time_s",
    }  # fmt: skip
    with (tmp_path / "leaderboard.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["rank"] for row in rows] == ["1", ""]
    assert float(rows[0]["score"]) == float(rows[0]["nasbench201_cifar10"]) == 1 / 3


@pytest.mark.parametrize("width", [80, 200])
def test_the_table_shows_every_entry_and_no_markup_of_a_participant(width):
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    console.print(*render(board(entry("a", 0.5, method="[red]m[/red]"), entry("b", None))))
    text = console.export_text()
    assert "[red]m" in text if width == 200 else "a" in text
    assert "0.5000" in text
    console.file.close()


def test_a_phase_of_many_benchmarks_fits_a_terminal_of_80_columns():
    keys = tuple(BENCHMARKS)
    taus = {key: number / 100 for number, key in enumerate(keys)}
    entries = [entry(f"entry number {n}", 0.5, kendall_tau=taus) for n in range(6)]
    leaderboard = msgspec.structs.replace(board(*entries), benchmarks=keys)
    with Path(os.devnull).open("w") as nowhere:
        console = Console(width=80, record=True, file=nowhere)
        console.print(*render(leaderboard), sep="\n")
        text = console.export_text()
    assert text.count("0.5000") == 6, "every entry is ranked"
    for number, key in enumerate(keys):
        (line,) = (line for line in text.splitlines() if line.split()[:1] == [key])
        assert line.count(f"{number / 100:.4f}") == 4


def test_a_spreadsheet_formula_in_a_name_stays_text(tmp_path):
    write_leaderboard(board(entry("a", 0.5, method="=1+1")), tmp_path)
    with (tmp_path / "leaderboard.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["method"] == "'=1+1"
