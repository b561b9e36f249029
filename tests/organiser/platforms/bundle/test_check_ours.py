"""Our own bundles: edits that an organiser makes and a platform takes without a word."""

import datetime

import pytest

from zcnas.organiser.platforms.check import RULES
from zcnas.organiser.platforms.check import check_files as check
from zcnas.organiser.platforms.check.source import BundleFiles

from .competitions import members
from .edits import (
    KEY_PAGE,
    PUBLIC,
    QUEUE,
    REFERENCE,
    both,
    change,
    in_phase,
    inside,
    within,
)
from .our_edits import EDITS

NOW = datetime.datetime(2026, 12, 1)
ALLOWED = {
    "text dates": change("end: '2027-01-24 23:59:59'", "end: 24 January 2027 23:59:59"),
    "no limit on submissions": change("max_submissions: 200", "max_submissions: 0"),
    "an own queue": change("contact_email", f"queue: {QUEUE}\ncontact_email"),
    "another title and other words": both(
        change("title: Zero-Cost NAS Competition", "title: 2027"),
        lambda files: files.__setitem__(KEY_PAGE, b"<p>Ours.</p>"),
    ),
    "a phase called otherwise": change(
        "name: Practice\n  description", "name: Warm-up\n  description", count=-1
    ),
    "other titles of columns": change("title: NB201 C10\n", "title: CIFAR-10\n"),
    "fewer solutions": lambda files: files.__setitem__(
        "competition.yaml",
        files["competition.yaml"].split(b"solutions:")[0]
        + b"phases:"
        + files["competition.yaml"].split(b"\nphases:")[1],
    ),
    "more hidden than must be": in_phase("Practice", "hide_output: false", "hide_output: true"),
    "a column of durations": change(
        "    key: failed\n",
        "    key: duration\n    title: s\n    sorting: asc\n    precision: 1\n  - index: 99\n"
        "    key: failed\n",
    ),
    "a picture on the web": lambda files: files.__setitem__(
        KEY_PAGE, b'<p><img src="https://example.org/a.png"> <img src="data:image/png;base64,"></p>'
    ),
}


@pytest.fixture(scope="module")
def bundles(built):
    return [members(path.read_bytes()) for path in built]


def errors_of(files):
    found = check(BundleFiles(files), NOW).problems
    return {problem.rule for problem in found if problem.severity == "error"}, found


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_that_breaks_our_bundle_is_refused_by_the_rule_it_breaks(name, bundles):
    edit, rule = EDITS[name]
    files = dict(bundles[0])
    edit(files)
    rules, found = errors_of(files)
    assert rule in rules, found
    assert all(problem.message for problem in found)


@pytest.mark.parametrize("name", ALLOWED)
def test_an_edit_that_is_the_organisers_to_make_is_accepted(name, bundles):
    files = dict(bundles[0])
    ALLOWED[name](files)
    rules, found = errors_of(files)
    assert not rules, found


OLD_EDITS = {
    "hide_output: false in a none phase": (
        within("label: Final\n", "hide_output: true", "hide_output: false"),
        "own-feedback",
    ),
    "a visible column in a none phase": (
        within("label: NB301 C10\n", "hidden: true", "hidden: false"),
        "own-feedback",
    ),
    "a misspelt column": (
        change("    nasbench301_cifar10:", "    nasbench301_cifar_10:"),
        "own-columns",
    ),
    "another column first": (
        within("label: Score (mean tau)\n", "rank: 1\n", "rank: 99\n"),
        "own-columns",
    ),
    "another phase's reference": (
        within("label: Practice\n", REFERENCE.format("practice"), REFERENCE.format("development")),
        "own-seal",
    ),
    "a limit of its own": (
        within("label: Practice\n", "execution_time_limit: 600", "execution_time_limit: 60"),
        "own-limit",
    ),
    "an end in the past": (change("end_date: '2027", "end_date: '2025"), "phase-date"),
    "the final phase's reference handed out": (
        within("label: Practice\n", PUBLIC, "public_data: reference_data_final.zip"),
        "own-secret",
    ),
    "an image of this machine": (
        change("competition_docker_image: me/worker:1", "competition_docker_image: worker"),
        "own-image",
    ),
}


@pytest.mark.parametrize("name", OLD_EDITS)
def test_the_same_holds_for_codalab(name, bundles):
    edit, rule = OLD_EDITS[name]
    files = dict(bundles[1])
    edit(files)
    rules, found = errors_of(files)
    assert rule in rules, found


def test_every_rule_of_ours_is_broken_by_some_edit(bundles):
    files = dict(bundles[0])
    older = {"zcnas/words/text.py": b"# older"}
    inside("scoring_program.zip", lambda inner: inner.update(older))(files)
    change("can_participants_make_submissions_public: false\n", "")(files)
    rules, found = errors_of(files)
    assert not rules
    warned = {problem.rule for problem in found}
    broken = {rule for _, rule in EDITS.values()} | warned
    assert {rule for rule in RULES if rule.startswith("own-")} <= broken


def test_the_final_ranking_is_not_looked_for_in_bundles_of_others(good_v2):
    rules, found = errors_of(good_v2)
    assert not rules, found
    assert not any(problem.rule.startswith("own-") for problem in found)
