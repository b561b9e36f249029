"""A site that is published again: only what is new is drawn, and every byte is as if all were."""

import shutil
import time
from pathlib import Path

import msgspec
import pytest

from tests.boards import bind, enter
from zcnas.judging.judge import judge
from zcnas.organiser.results.contest import read_contest
from zcnas.organiser.results.folder import CACHE, ResultsFolder
from zcnas.organiser.results.publishing import SiteOptions, publish
from zcnas.pages import site as site_of_pages

LATER = "noisy"
"""The entry that comes last."""


@pytest.fixture
def out(run_folder, tmp_path):
    """A copy of the run of six, whose cache nobody else has."""
    return Path(shutil.copytree(run_folder, tmp_path / "run"))


@pytest.fixture
def publish_again(out, phase, references, specs, tmp_path):
    """A function that publishes the run with its cache or without; returns the site's bytes."""

    def run(*, cached=True, **changes):
        results = ResultsFolder(out)
        ruled = msgspec.structs.replace(phase, **{"counts": "best", **changes})
        cache = results.cache if cached else None
        judgement = judge(read_contest(results, ruled, references), 300, cache)
        folder = tmp_path / "site"
        publish(judgement, ruled, results, SiteOptions(site=folder, specs=specs, cache=cache))
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    return run


def differing(one, other):
    assert one.keys() == other.keys()
    return [name for name in one if one[name] != other[name]]


def test_a_site_with_one_more_entry_is_to_the_byte_the_one_that_is_drawn_anew(
    out, publish_again, tmp_path, monkeypatch
):
    entry = out / "submissions" / LATER
    aside = Path(shutil.move(entry, tmp_path / "aside"))
    before = publish_again()
    shutil.move(aside, entry)
    drawn, body = [], site_of_pages._body

    def counted(content, which, *rest):
        drawn.append(which.submission)
        return body(content, which, *rest)

    monkeypatch.setattr(site_of_pages, "_body", counted)
    after = publish_again()
    assert drawn == [LATER]
    monkeypatch.undo()
    assert differing(after, publish_again(cached=False)) == []
    shared = before.keys() & after.keys()
    assert {name for name in shared if before[name] != after[name]} >= {"index.html"}


@pytest.mark.parametrize(
    "changes",
    [{"feedback": "none"}, {"feedback": "score_only"}, {"counts": "every"}, {"title": "T"}],
)
def test_a_phase_that_shows_or_counts_otherwise_is_drawn_with_its_own_rules(publish_again, changes):
    publish_again()
    kept = publish_again(**{"truth": "hidden", "draw_seed": None, **changes})
    plain = publish_again(cached=False, **{"truth": "hidden", "draw_seed": None, **changes})
    assert differing(kept, plain) == []


def test_a_log_or_a_manifest_that_has_changed_is_on_the_page(out, publish_again):
    publish_again()
    (out / "submissions" / "plain" / "nasbench201_cifar10.log").write_text("said something new")
    again = publish_again()
    assert b"said something new" in again["submission-plain.html"]
    assert differing(again, publish_again(cached=False)) == []


def test_damaged_records_of_pages_are_drawn_anew(out, publish_again):
    plain = publish_again()
    for path in (out / CACHE).iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert differing(publish_again(), plain) == []


def test_what_the_board_no_longer_needs_leaves_the_cache(out, publish_again):
    publish_again()
    before = {path.name for path in (out / CACHE).iterdir()}
    publish_again()
    assert {path.name for path in (out / CACHE).iterdir()} == before
    shutil.rmtree(out / "submissions" / LATER)
    publish_again()
    assert len(list((out / CACHE).iterdir())) < len(before)


def test_one_more_entry_costs_a_fraction_of_the_board(tmp_path, phase, references, predict):
    """CPU time against CPU time of the same process, so a busy machine changes little."""
    results = bind(tmp_path, phase, references)
    entries, cpu_s = 24, {}
    for number in range(entries):
        enter(results, f"entry{number:02d}", predict(2.0, number))
    aside = Path(shutil.move(results.folder_of("entry00"), tmp_path / "aside"))
    for name in ("all", "one"):
        before = time.process_time()
        cache = results.cache
        judgement = judge(read_contest(results, phase, references), cache=cache)
        publish(judgement, phase, results, SiteOptions(cache=cache))
        cpu_s[name] = time.process_time() - before
        if name == "all":
            shutil.move(aside, results.folder_of("entry00"))
    assert len(judgement.leaderboard.entries) == entries
    assert cpu_s["all"] > 3 * cpu_s["one"], cpu_s
