"""The check takes correct bundles and refuses broken ones, each for its own reason alone."""

import datetime
import json

import pytest
from typer.testing import CliRunner

from zcnas.organiser.cli.main import app
from zcnas.organiser.platforms.check import RULES, check_bundle
from zcnas.organiser.platforms.check.findings import WARNINGS

from .broken_bundles import BROKEN_V2, BROKEN_V15, change, put


def test_correct_bundles_of_both_versions_are_accepted_as_zip_and_as_folder(
    good_v2, good_v15, write_bundle, tmp_path
):
    for version, files in (("2", good_v2), ("1.5", good_v15)):
        report = check_bundle(write_bundle(files))
        assert (report.version, report.problems) == (version, ())
        folder = tmp_path / f"folder{version}"
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        assert check_bundle(folder).problems == ()


@pytest.mark.parametrize("name", BROKEN_V2)
def test_a_broken_bundle_of_version_2_is_refused_for_its_own_reason_at_its_line(
    name, good_v2, write_bundle
):
    breaks, rule, line = BROKEN_V2[name]
    breaks(good_v2)
    report = check_bundle(write_bundle(good_v2))
    errors = [problem for problem in report.problems if problem.severity == "error"]
    assert [(problem.rule, problem.line) for problem in errors] == [(rule, line)], report.problems
    assert not report.ok


@pytest.mark.parametrize("name", BROKEN_V15)
def test_a_broken_bundle_of_version_1_5_is_refused_for_its_own_reason_at_its_line(
    name, good_v15, write_bundle
):
    breaks, rule, line = BROKEN_V15[name]
    breaks(good_v15)
    errors = [p for p in check_bundle(write_bundle(good_v15)).problems if p.severity == "error"]
    assert [(problem.rule, problem.line) for problem in errors] == [(rule, line)]


def test_every_rule_is_broken_by_some_bundle(tmp_path):
    broken = {rule for _, rule, _ in (*BROKEN_V2.values(), *BROKEN_V15.values())}
    ours = {rule for rule in RULES if rule.startswith("own-")}
    assert broken | set(WARNINGS) | {"bundle"} | ours == set(RULES)


def test_a_time_without_quotes_is_told_with_what_to_write(good_v2, write_bundle):
    change('"2030-02-01 00:00:00"', "2030-02-01 00:00:00")(good_v2)
    (problem,) = check_bundle(write_bundle(good_v2)).problems
    assert problem.message == (
        "end is 2030-02-01 00:00:00 without quotes, which the platform reads as 00:00 of that "
        'day; write end: "2030-02-01 00:00:00"'
    )


ACCEPTED = {
    "a date in words": change('"2030-01-01 00:00:00"', "1 January 2030 12:00"),
    "a date with the T and Z of ISO": change("2030-01-01 00:00:00", "2030-01-01T00:00:00Z"),
    "a start that is a day": change('"2030-01-01 00:00:00"', "2030-01-01"),
    "numbers in quotes": change("limit: 600", "limit: '600'"),
    "no limit at all": change("limit: 600", "limit:"),
    "a title of digits": change("title: Compute Pi", "title: 2030"),
    "a switch in words": change("docker_image:", "auto_run_submissions: 'no'\ndocker_image:"),
    "no contact": change("docker_image:", "contact_email: ''\ndocker_image:"),
    "a queue": change(
        "docker_image:", "queue: 2f1c1c5e-0f0c-4f3c-9a43-3f6d5ad0b7aa\ndocker_image:"
    ),
    "a solution with a name": change("    path: solution", "    name: Ours\n    path: solution"),
    "a solution for no task": change("    tasks: [0]\nphases", "    tasks: []\nphases"),
    "operands in quotes": change("[0, 1]", "['0', '1']"),
    "every entry on the leaderboard": change("Force_Last", "Force_Latest_Multiple"),
    "the best entry on the leaderboard": change("Force_Last", "Force_Best"),
    "a logo in WebP": put("logo.png", b"RIFF....WEBP"),
    "another first column": change("    key: main", "    primary_index: 1\n    key: main"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_codabench_takes_and_means_is_accepted(name, good_v2, write_bundle):
    ACCEPTED[name](good_v2)
    assert check_bundle(write_bundle(good_v2)).problems == ()


def test_dates_are_compared_with_the_moment_that_is_given(good_v2, write_bundle):
    path = write_bundle(good_v2)
    late = datetime.datetime(2031, 1, 1)
    assert [problem.rule for problem in check_bundle(path, late).problems] == ["phase-past"]


def test_what_is_no_bundle_at_all_is_refused(tmp_path):
    (tmp_path / "not.zip").write_text("hello")
    for path in (tmp_path / "not.zip", tmp_path / "absent.zip"):
        assert [problem.rule for problem in check_bundle(path).problems] == ["bundle"]


def test_what_a_platform_takes_without_a_word_is_a_warning(good_v2, write_bundle):
    change("version: 2", "version: 2\nregistration_auto_approve: true")(good_v2)
    change("Force_Last", "Add")(good_v2)
    change("computation: max", "computation: avg")(good_v2)
    change("execution_time_limit: 600", "execution_time_limit_ms: 600")(good_v2)
    change('end: "2030-02-01 00:00:00"', "end: 2030-02-01")(good_v2)
    change('start: "2030-01-01 00:00:00"', "start: 01/02/2030")(good_v2)
    change("max_submissions_per_day: 5", "max_submissions: 0")(good_v2)
    change(
        "- index: 1\n    name: Final", "- index: 1\n    execution_time_limit: 7200\n    name: Final"
    )(good_v2)
    change("docker_image: python:3.11\n", "")(good_v2)
    good_v2["competition.yaml"] += (
        b"  - {title: B, key: b, submission_rule: Add, columns: [{title: A, key: a, index: 0}]}\n"
    )
    good_v2["__MACOSX/._logo.png"] = b""
    report = check_bundle(write_bundle(good_v2))
    assert report.ok
    generic = {rule for rule in WARNINGS if not rule.startswith("own-")}
    assert {problem.rule for problem in report.problems} == generic
    unknown = next(problem for problem in report.problems if problem.rule == "unknown-key")
    assert "did you mean execution_time_limit?" in unknown.message


@pytest.mark.parametrize("rule", ["Add", "Add_And_Delete", "Add_And_Delete_Multiple"])
def test_a_rule_that_lets_participants_choose_is_told_with_those_that_do_not(
    rule, good_v2, write_bundle
):
    change("submission_rule: Force_Last", f"submission_rule: {rule}")(good_v2)
    (problem,) = check_bundle(write_bundle(good_v2)).problems
    assert (problem.rule, problem.line) == ("submission-rule", 43)
    assert problem.message.endswith("Force_Last, Force_Best, Force_Latest_Multiple")


@pytest.mark.parametrize(
    ("key", "rule", "line"),
    [
        ("has_registration", "registration", 5),
        ("force_submission_to_leaderboard", "submission-rule", 6),
        ("disallow_leaderboard_modifying", "submission-rule", 7),
    ],
)
def test_on_codalab_participants_are_approved_and_choose_nothing(
    key, rule, line, good_v15, write_bundle
):
    change(f"{key}: true", f"{key}: false")(good_v15)
    (problem,) = check_bundle(write_bundle(good_v15)).problems
    assert (problem.rule, problem.line) == (rule, line)
    assert problem.message.startswith(f"{key} is False: ")
    change(f"{key}: false\n", "\n")(good_v15)
    (problem,) = check_bundle(write_bundle(good_v15)).problems
    assert problem.rule == rule, "the platform's own default is false"


def test_all_problems_are_found_at_once(good_v2, write_bundle):
    for name in ("no title", "page empty", "truth as public data", "two columns of one key"):
        BROKEN_V2[name][0](good_v2)
    rules = {problem.rule for problem in check_bundle(write_bundle(good_v2)).problems}
    assert rules == {"title", "page-empty", "hidden-truth", "column-key"}


def test_the_command_ends_with_one_and_names_file_line_and_rule(good_v2, write_bundle):
    good = write_bundle(good_v2, "good.zip")
    assert CliRunner().invoke(app, ["bundle-check", str(good)]).exit_code == 0
    BROKEN_V2["sorting descending"][0](good_v2)
    bad = write_bundle(good_v2, "bad.zip")
    said = CliRunner().invoke(app, ["bundle-check", str(good), str(bad)])
    assert said.exit_code == 1
    assert "competition.yaml:48: error: its sorting is 'descending'" in said.output
    said = CliRunner().invoke(app, ["bundle-check", "--json", str(good), str(bad)])
    assert said.exit_code == 1
    first, second = json.loads(said.output)
    assert first == {"bundle": str(good), "version": "2", "problems": []}
    assert second["problems"][0]["rule"] == "column-sorting"
    assert second["problems"][0]["line"] == 48
