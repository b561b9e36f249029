"""The committed baselines: every sample and the vote, the same in table, record and bundle."""

import importlib.util
import json
from pathlib import Path

from zcnas.errors import PredictionError
from zcnas.judging.leaderboard import Leaderboard
from zcnas.words.records import read_json

ROOT = Path(__file__).resolve().parents[1]
_MODULE = importlib.util.spec_from_file_location(
    "record_baselines", ROOT / "timings" / "record_baselines.py"
)
recording = importlib.util.module_from_spec(_MODULE)
_MODULE.loader.exec_module(recording)
BOARD = read_json(recording.RECORD, Leaderboard, PredictionError)


def test_every_sample_and_the_vote_are_baselines_with_a_score():
    samples = ROOT / "starting_kit" / "submissions"
    names = {folder.name for folder in samples.iterdir() if folder.is_dir()}
    later = {"az_nas", "gradsign", "layers", "meco", "reference", "swap", "te_nas", "zico"}
    assert {entry.submission for entry in BOARD.entries} == {*names - later, "vote"}
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


def test_the_site_shows_every_baseline():
    index = (ROOT / "docs" / "practice_site" / "index.html").read_text(encoding="utf-8")
    for entry in BOARD.entries:
        assert f'href="submission-{entry.submission}.html"' in index
