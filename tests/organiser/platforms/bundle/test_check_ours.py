"""Our own bundles: edits that an organiser makes and a platform takes without a word."""

import datetime
import json

import pytest

from zcnas.organiser.platforms.check import RULES
from zcnas.organiser.platforms.check import check_files as check
from zcnas.organiser.platforms.check.source import BundleFiles

from .competitions import members
from .conftest import zipped

NOW = datetime.datetime(2026, 12, 1)
PROGRAM, REFERENCE = "ingestion_program_{}.zip", "reference_data_{}.zip"
QUEUE = "2f1c1c5e-0f0c-4f3c-9a43-3f6d5ad0b7aa"


def change(old, new, count=1):
    """Return an edit of ``competition.yaml``."""

    def apply(files):
        text = files["competition.yaml"].decode()
        assert old in text, old
        files["competition.yaml"] = text.replace(old, new, count).encode()

    return apply


def within(title, old, new):
    """Return an edit of ``competition.yaml`` after a phase's or a column's title."""

    def apply(files):
        head, found, rest = files["competition.yaml"].decode().partition(title)
        assert found, title
        assert old in rest, old
        files["competition.yaml"] = (head + found + rest.replace(old, new, 1)).encode()

    return apply


def in_phase(title, old, new):
    """Return an edit of ``competition.yaml`` in a phase; its task has the same name before it."""

    def apply(files):
        head, found, rest = files["competition.yaml"].decode().rpartition(f"  name: {title}\n")
        assert found, title
        assert old in rest, old
        files["competition.yaml"] = (head + found + rest.replace(old, new, 1)).encode()

    return apply


def inside(name, edit):
    """Return an edit of the files in a zip of the bundle."""

    def apply(files):
        inner = members(files[name])
        edit(inner)
        files[name] = zipped(inner)

    return apply


def copy(source, target):
    return lambda files: files.__setitem__(target, files[source])


def both(*edits):
    return lambda files: [edit(files) for edit in edits]


def move(inner_source, inner_target, name):
    """Return an edit that puts a file of one zip into another, under a name."""

    def apply(files):
        taken = members(files[inner_source])[name]
        inside(inner_target, lambda inner: inner.__setitem__(name, taken))(files)

    return apply


def rewritten(name, **values):
    """Return an edit of a phase's ``phase.json``, in either half."""

    def apply(inner):
        hosted = json.loads(inner[name])
        hosted["phase"].update(values)
        inner[name] = json.dumps(hosted).encode()

    return apply


KEY_PAGE = "pages/data.html"
_PUBLIC = "public_data: public_data_practice.zip"

EDITS = {
    # Those that organisers made and that went through.
    "the final phase's reference as practice's public data": (
        change(_PUBLIC, "public_data: reference_data_final.zip"),
        "own-secret",
    ),
    "another draw's reference": (
        copy("reference_data_practice.zip", "reference_data_development.zip"),
        "own-seal",
    ),
    "another draw's accuracies": (
        inside(
            REFERENCE.format("practice"),
            lambda inner: inner.update(
                {"nasbench201_cifar10.json": inner["nasbench201_cifar100.json"]}
            ),
        ),
        "own-halves",
    ),
    "another draw's networks": (
        inside(
            PROGRAM.format("final"),
            lambda inner: inner.__setitem__(
                "input_data/nasbench301_cifar10.json",
                inner["input_data/nasbench301_cifar10.json"].replace(b"conv_3x3", b"conv_5x5"),
            ),
        ),
        "own-halves",
    ),
    "a lost seal key": (
        inside(PROGRAM.format("final"), lambda inner: inner.pop("seal.key")),
        "own-seal",
    ),
    "hide_output: false in a none phase": (
        in_phase("Final", "hide_output: true", "hide_output: false"),
        "own-feedback",
    ),
    "hide_score_output left out in a none phase": (
        in_phase("Final", "  hide_score_output: true\n", ""),
        "own-feedback",
    ),
    "a visible leaderboard in a none phase": (
        within("leaderboards:", "hidden: true", "hidden: false"),
        "own-feedback",
    ),
    "make_programs_available": (
        change("make_programs_available: false", "make_programs_available: true"),
        "own-secret",
    ),
    "a misspelt column": (
        change("key: nasbench301_cifar10", "key: nasbench301_cifar_10"),
        "own-columns",
    ),
    "a missing column": (
        change(
            "  - index: 1\n    key: nasbench201_cifar10\n    title: NB201 C10\n    sorting: desc\n"
            "    precision: 4\n",
            "",
        ),
        "own-columns",
    ),
    "another column of index 0": (
        both(
            change("- index: 0\n    key: score", "- index: 1\n    key: score"),
            change(
                "- index: 1\n    key: nasbench201_cifar10\n",
                "- index: 0\n    key: nasbench201_cifar10\n",
            ),
        ),
        "own-columns",
    ),
    "a wrong submission rule": (
        change("submission_rule: Force_Latest_Multiple", "submission_rule: Force_Best"),
        "own-rule",
    ),
    "an unknown submission rule": (
        change("submission_rule: Force_Latest_Multiple", "submission_rule: Force_Latest"),
        "submission-rule-name",
    ),
    "a queue by name": (change("contact_email", "queue: our-queue\ncontact_email"), "queue"),
    "an address without @": (
        change("contact_email: organisers@example.org", "contact_email: organisers.example.org"),
        "contact-email",
    ),
    "no image": (change("docker_image: me/worker:1\n", ""), "own-image"),
    "an image of this machine": (
        change("docker_image: me/worker:1", "docker_image: zcnas-worker:latest"),
        "own-image",
    ),
    "a limit beyond the queue's": (
        in_phase("Practice", "execution_time_limit: 600", "execution_time_limit: 7200"),
        "own-limit",
    ),
    "dates in the past": (
        both(
            in_phase("Practice", "start: '2027", "start: '2025"),
            in_phase("Practice", "end: '2027", "end: '2025"),
        ),
        "phase-past",
    ),
    "a picture that is not in the bundle": (
        lambda files: files.__setitem__(
            KEY_PAGE, files[KEY_PAGE] + b'\n<p><img alt="" src="pictures/spaces.png"></p>\n'
        ),
        "page-picture",
    ),
    # More of these kinds.
    "development's reference as practice's": (
        within(
            "index: 0\n  name: Practice",
            "reference_data_practice.zip",
            "reference_data_development.zip",
        ),
        "own-seal",
    ),
    "the final phase's programs handed out": (
        change(_PUBLIC, "public_data: ingestion_program_final.zip"),
        "own-secret",
    ),
    "a hidden phase hands out data": (
        in_phase("Final", "  starting_kit:", f"  {_PUBLIC}\n  starting_kit:"),
        "own-secret",
    ),
    "the accuracies of a none phase": (
        inside(
            REFERENCE.format("final"),
            lambda inner: inner.update({"nasbench101_cifar10.json": b"{}"}),
        ),
        "own-secret",
    ),
    "a seal key in the starting kit": (
        move(REFERENCE.format("final"), "starting_kit.zip", "seal.key"),
        "own-secret",
    ),
    "a hidden phase's networks in the starting kit": (
        move(PROGRAM.format("final"), "starting_kit.zip", "input_data/nasbench101_cifar10.json"),
        "own-secret",
    ),
    "a draw seed in a bundle": (
        inside(REFERENCE.format("final"), rewritten("phase.json", draw_seed="secret")),
        "own-secret",
    ),
    "make_input_data_available": (
        change("make_input_data_available: false", "make_input_data_available: true"),
        "own-secret",
    ),
    "details on the leaderboard": (
        change(
            "show_detailed_results_in_leaderboard: false",
            "show_detailed_results_in_leaderboard: true",
        ),
        "own-feedback",
    ),
    "details on the leaderboard, by default": (
        change("show_detailed_results_in_leaderboard: false\n", ""),
        "own-feedback",
    ),
    "logs of a score_only phase": (
        in_phase("Development", "hide_output: true", "hide_output: 'no'"),
        "own-feedback",
    ),
    "two phases that swapped their tasks": (
        both(
            in_phase("Development", "tasks:\n  - 1", "tasks:\n  - 9"),
            in_phase("Final", "tasks:\n  - 2", "tasks:\n  - 1"),
            change("tasks:\n  - 9", "tasks:\n  - 2"),
        ),
        "own-phase",
    ),
    "no phase.json": (
        inside(REFERENCE.format("final"), lambda inner: inner.pop("phase.json")),
        "own-phase",
    ),
    "other limits in one half": (
        inside(PROGRAM.format("practice"), rewritten("input_data/phase.json", failure_tau=0.5)),
        "own-halves",
    ),
    "a benchmark without its networks": (
        inside(
            PROGRAM.format("final"),
            lambda inner: inner.pop("input_data/nasbench301_cifar10.json"),
        ),
        "own-halves",
    ),
    "a reference without its digests": (
        inside(REFERENCE.format("development"), lambda inner: inner.pop("input_digests.json")),
        "own-halves",
    ),
    "a reference without a benchmark": (
        inside(REFERENCE.format("development"), lambda inner: inner.pop("nasbench301_svhn.json")),
        "own-halves",
    ),
    "another phase's key": (
        move(REFERENCE.format("practice"), REFERENCE.format("final"), "seal.key"),
        "own-seal",
    ),
    "half a key": (
        inside(REFERENCE.format("final"), lambda inner: inner.update({"seal.key": b"2a2a"})),
        "own-seal",
    ),
    "one draw for two phases": (
        both(
            within(
                "index: 2\n  name: Final", PROGRAM.format("final"), PROGRAM.format("development")
            ),
            within(
                "index: 2\n  name: Final",
                REFERENCE.format("final"),
                REFERENCE.format("development"),
            ),
        ),
        "own-draws",
    ),
    "scoring where ingestion belongs": (
        within("index: 0\n  name: Practice", PROGRAM.format("practice"), "scoring_program.zip"),
        "own-programs",
    ),
    "a module taken out of scoring": (
        inside("scoring_program.zip", lambda inner: inner.pop("zcnas/judging/metrics.py")),
        "own-programs",
    ),
    "no ingestion program": (
        within(
            "index: 0\n  name: Practice", f"  ingestion_program: {PROGRAM.format('practice')}\n", ""
        ),
        "own-programs",
    ),
    "a column nobody writes": (
        change("    key: failed", "    key: failures"),
        "own-columns",
    ),
    "a score that sorts upwards": (
        within("key: score\n", "sorting: desc", "sorting: asc"),
        "own-columns",
    ),
    "a ranking by another column": (
        change("  submission_rule:", "  primary_index: 3\n  submission_rule:"),
        "own-columns",
    ),
    "a limit below the one the programs know": (
        in_phase("Practice", "execution_time_limit: 600", "execution_time_limit: 300"),
        "own-limit",
    ),
    "no limit": (
        both(
            in_phase("Practice", "  execution_time_limit: 600\n", ""),
            inside(
                REFERENCE.format("practice"),
                lambda inner: inner.update(
                    {
                        "phase.json": inner["phase.json"].replace(
                            b'"time_limit_s": 600', b'"time_limit_s": 900'
                        )
                    }
                ),
            ),
        ),
        "own-limit",
    ),
    "a limit without the queue it was built for": (
        both(
            in_phase("Practice", "execution_time_limit: 600", "execution_time_limit: 7200"),
            inside(
                REFERENCE.format("practice"),
                lambda inner: inner.update(
                    {
                        "phase.json": inner["phase.json"].replace(
                            b'"time_limit_s": 600', b'"time_limit_s": 7200'
                        )
                    }
                ),
            ),
        ),
        "own-limit",
    ),
    "an image in a registry of this machine": (
        change("docker_image: me/worker:1", "docker_image: localhost:5000/worker:1"),
        "own-image",
    ),
    "an end without a time of day's quotes": (
        change("end: '2027-01-24 23:59:59'", "end: 2027-01-24 23:59:59"),
        "phase-date-quotes",
    ),
    "a time of another zone": (
        change("end: '2027-01-24 23:59:59'", "end: '2027-01-24 23:59:59+02:00'"),
        "phase-date-zone",
    ),
    "a blank in the submission rule": (
        change("submission_rule: Force_Latest_Multiple", "submission_rule: ''"),
        "submission-rule-name",
    ),
}

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
        within("label: Practice\n", _PUBLIC, "public_data: reference_data_final.zip"),
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
    inside("scoring_program.zip", lambda inner: inner.update({"zcnas/text.py": b"# older"}))(files)
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
