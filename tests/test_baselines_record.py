"""The committed baselines: every sample and the vote, the same in table, record and bundle."""

import importlib.util
import json
from pathlib import Path

from tests.samples import FOLDERS, LATER
from zcnas.errors import PredictionError
from zcnas.judging.leaderboard import Leaderboard
from zcnas.pages.environment import format_interval, format_tau
from zcnas.words.records import read_json

ROOT = Path(__file__).resolve().parents[1]


def load(path):
    """Import a script of the repository as a module."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


recording = load("timings/record_baselines.py")
BOARD = read_json(recording.RECORD, Leaderboard, PredictionError)


def test_every_sample_and_the_vote_are_baselines_with_a_score():
    names = {folder.name for folder in FOLDERS}
    assert {entry.submission for entry in BOARD.entries} == {*names - LATER, "vote"}
    for entry in BOARD.entries:
        assert entry.baseline, entry.submission
        assert entry.status == "scored", entry.submission
        low, high = entry.score_interval
        assert low < entry.score < high


def test_the_table_and_the_taus_in_a_bundle_are_those_of_the_record():
    assert recording.TABLE.read_text(encoding="utf-8") == recording.table_of(BOARD, 100)
    taus = json.loads((ROOT / "reference_data" / "practice" / "baselines.json").read_text())
    assert taus == recording.taus_of(BOARD)


def test_random_scores_say_nothing_and_the_proxies_say_something():
    entries = {entry.submission: entry for entry in BOARD.entries}
    low, high = entries["random"].score_interval
    assert low < 0 < high
    for name in ("nwot", "params", "flops", "synflow", "vote"):
        assert entries[name].score_interval[0] > 0.3, name


def test_the_example_of_a_leaderboard_shows_every_baseline_with_its_recorded_interval(tmp_path):
    writing = load("docs/write_practice_site.py")
    writing.write_practice_site(tmp_path / "site")
    index = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    table = index[index.index('id="board"') : index.index("</table>")]
    for entry in BOARD.entries:
        row = table[table.index(f'id="submission-{entry.submission}"') :]
        row = row[: row.index("<tr") if "<tr" in row else None]
        assert f'href="submission-{entry.submission}.html"' in row
        assert format_tau(entry.score) in row
        assert format_interval(entry.score_interval) in row
