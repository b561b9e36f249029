"""The check takes correct bundles and refuses broken ones, each for its own reason alone."""

import datetime
import json

import pytest
from typer.testing import CliRunner

from zcnas.organiser.cli.main import app
from zcnas.organiser.platforms.check import RULES, check_bundle
from zcnas.organiser.platforms.check.findings import WARNINGS

from .conftest import zipped


def change(old, new, name="competition.yaml"):
    """Return a change that replaces a text of a file, which must stand there."""

    def apply(files):
        assert old.encode() in files[name], old
        files[name] = files[name].replace(old.encode(), new.encode(), 1)

    return apply


def put(name, content):
    return lambda files: files.__setitem__(name, content)


def remove(name):
    return lambda files: files.pop(name)


def program(metadata, name="ingestion.zip", **more):
    return put(name, zipped({"metadata.yaml": metadata, "run.py": "", **more}))


LONG = "a" * 37

BROKEN_V2 = {
    "no title": (change("title: Compute Pi", "title:"), "title", 2),
    "no image": (change("image: logo.png\n", ""), "image", 1),
    "image not in the bundle": (remove("logo.png"), "image", 4),
    "image is text": (put("logo.png", b"a picture of pi"), "image", 4),
    "no terms": (change("terms: terms.md\n", ""), "terms", 1),
    "terms not in the bundle": (change("terms: terms.md", "terms: rules.md"), "terms", 5),
    "docker image with a space": (change("python:3.11", "python 3.11"), "docker-image", 6),
    "pages left out": (change("pages:", "sides:"), "pages", 1),
    "page without a title": (change("- title: Data\n    file", "- file"), "pages", 10),
    "page not in the bundle": (remove("overview.md"), "page-file", 9),
    "page in another encoding": (put("overview.md", b"\xff\xfeP"), "page-file", 1),
    "page empty": (put("pages/data.html", b"  \n"), "page-empty", 1),
    "no version it knows": (change("version: 2", "version: 3"), "version", 1),
    "task without an index": (change("solutions:", "  - name: Second\nsolutions:"), "tasks", 21),
    "two tasks of one index": (
        change("- index: 1\n    key", "- index: 1\n    key: x\n  - index: 1\n    key"),
        "tasks",
        21,
    ),
    "no scoring program": (change("    scoring_program: scoring\n", ""), "scoring-program", 13),
    "input data not in the bundle": (remove("input.zip"), "part-file", 17),
    "reference data is no zip": (put("truth.zip", b"3.14159"), "part-zip", 18),
    "starting kit is an empty zip": (put("kit.zip", zipped({})), "part-zip", 32),
    "program in a top folder": (
        put("ingestion.zip", zipped({"ingestion/metadata.yaml": "command: x"})),
        "metadata",
        15,
    ),
    "program without a command": (program("description: ingests\n"), "metadata", 1),
    "metadata is no YAML": (program("command: [\n"), "metadata", 1),
    "command for a shell": (program("command: cd x && python3 run.py\n"), "command-shell", 1),
    "placeholder nobody replaces": (
        program("name: i\ncommand: python3 run.py $submission\n"),
        "command-placeholder",
        2,
    ),
    "path the step has not": (
        program("command: python3 run.py /app/input/ref\n"),
        "command-path",
        1,
    ),
    "script not in the program": (
        program("command: python3 $program/ingest.py\n"),
        "command-script",
        1,
    ),
    "truth given to ingestion": (change("input.zip", "truth.zip"), "hidden-truth", 17),
    "no contact": (
        change("docker_image:", "contact_email: organisers\ndocker_image:"),
        "contact-email",
        6,
    ),
    "two contacts": (
        change("docker_image:", "contact_email: a@b.org, c@d.org\ndocker_image:"),
        "contact-email",
        6,
    ),
    "a queue by name": (change("docker_image:", "queue: ours\ndocker_image:"), "queue", 6),
    "a fact sheet with half a question": (
        change("docker_image:", "fact_sheet: {a: {key: a, type: text}}\ndocker_image:"),
        "fact-sheet",
        6,
    ),
    "a fact sheet with another key": (
        change(
            "docker_image:",
            "fact_sheet: {a: {key: b, type: text, title: A, selection: '', is_required: 'true', "
            "is_on_leaderboard: 'true'}}\ndocker_image:",
        ),
        "fact-sheet",
        6,
    ),
    "a switch that is neither": (
        change("docker_image:", "auto_run_submissions: maybe\ndocker_image:"),
        "switch",
        6,
    ),
    "hiding half": (
        change("    max_submissions_per_day: 5", "    hide_output: half"),
        "switch",
        31,
    ),
    "a kind of competition": (
        change("docker_image:", "competition_type: contest\ndocker_image:"),
        "text",
        6,
    ),
    "a title too long for the database": (
        change("title: Compute Pi", f"title: {'a' * 257}"),
        "title",
        2,
    ),
    "a task without a name": (change("    name: First\n", ""), "tasks", 13),
    "an image name without an end": (
        change("python:3.11", "a" * 129),
        "docker-image",
        6,
    ),
    "a picture beside the page": (
        put("overview.md", b"# Pi\n\n![digits](digits.png)\n"),
        "page-picture",
        3,
    ),
    "a start in the zone of Paris": (
        change("2030-01-01 00:00:00", "2030-01-01 00:00:00+01:00"),
        "phase-date-zone",
        28,
    ),
    "a start of which the day is missing": (
        change("2030-01-01 00:00:00", "12:00"),
        "phase-date",
        28,
    ),
    "no start": (change('    start: "2030-01-01 00:00:00"\n', ""), "phase-date", 26),
    "an end that is over": (
        change(
            '"2030-01-01 00:00:00"\n    end: "2030-02-01 00:00:00"',
            '"2020-01-01 00:00:00"\n    end: "2020-02-01 00:00:00"',
        ),
        "phase-past",
        29,
    ),
    "a time limit in words": (change("limit: 600", "limit: 10 min"), "phase-limit", 30),
    "a rule with a blank": (
        change("Force_Last", "Force Last"),
        "submission-rule-name",
        43,
    ),
    "an order by a column that is not there": (
        change("    key: main", "    primary_index: 7\n    key: main"),
        "primary-column",
        42,
    ),
    "no column of index 0": (
        lambda f: (
            change("index: 0\n        sorting", "index: 4\n        sorting")(f),
            change("[0, 1]", "[4, 1]")(f),
        ),
        "primary-column",
        44,
    ),
    "a leaderboard's title too long": (
        change("title: Results", f"title: {'a' * 65}"),
        "leaderboard-key",
        41,
    ),
    "decimals without a number": (change("precision: 3", "precision:"), "column-precision", 49),
    "a picture cut short": (put("logo.png", b"\x89PNG\r\n\x1a\n000"), "image", 4),
    "a mean of ranks": (
        change("computation: max", "computation: avg_rank"),
        "column-computation",
        57,
    ),
    "truth as public data": (change("public.zip", "truth.zip"), "hidden-truth", 33),
    "phases as a mapping": (
        lambda f: f.update(
            {
                "competition.yaml": f["competition.yaml"].split(b"phases:")[0]
                + b"phases: {}\nleaderboards:"
                + f["competition.yaml"].split(b"leaderboards:")[1]
            }
        ),
        "phases",
        25,
    ),
    "two phases of one name": (change("name: Final", "name: Development"), "phase-name", 36),
    "a start that is no date": (change("2030-01-01 00:00:00", "soon"), "phase-date", 28),
    "an end before the start": (
        change("2030-02-01 00:00:00", "2029-01-01 12:00"),
        "phase-date",
        29,
    ),
    "an end without quotes": (
        change('"2030-02-01 00:00:00"', "2030-02-01 00:00:00"),
        "phase-date-quotes",
        29,
    ),
    "phases at the same second": (
        change("2030-02-01 00:00:01", "2030-02-01 00:00:00"),
        "phase-order",
        37,
    ),
    "first phase without an end": (change('    end: "2030-02-01 00:00:00"\n', ""), "phase-end", 26),
    "two phases of one index": (
        change("- index: 1\n    name", "- index: 0\n    name"),
        "phase-number",
        35,
    ),
    "a task that does not exist": (change("    tasks: [1]", "    tasks: [7]"), "phase-task", 39),
    "a phase without tasks": (change("    tasks: [1]\n", ""), "phase-task", 35),
    "a time limit below zero": (change("limit: 600", "limit: -1"), "phase-limit", 30),
    "migration into the first phase": (
        change(
            "    max_submissions_per_day",
            "    auto_migrate_to_this_phase: true\n    max_submissions_per_day",
        ),
        "phase-migration",
        31,
    ),
    "leaderboard instead of leaderboards": (
        change("leaderboards:", "leaderboard:"),
        "leaderboards",
        40,
    ),
    "leaderboard without a key": (change("    key: main\n", ""), "leaderboard-key", 41),
    "no columns": (
        lambda f: f.update(
            {
                "competition.yaml": f["competition.yaml"].split(b"    columns:")[0]
                + b"    columns: []\n"
            }
        ),
        "columns",
        44,
    ),
    "two columns of one key": (change("key: duration", "key: accuracy"), "column-key", 51),
    "a column without a title": (change("title: Duration\n        key", "key"), "column-title", 50),
    "a title too long": (change("title: Accuracy", f"title: {LONG}"), "column-length", 45),
    "a key too long": (change("key: accuracy", f"key: {LONG}"), "column-length", 46),
    "two columns of one index": (change("index: 2\n", "index: 1\n"), "column-index", 56),
    "sorting descending": (change("sorting: desc", "sorting: descending"), "column-sorting", 48),
    "a computation of its own": (
        change("computation: max", "computation: median"),
        "column-computation",
        57,
    ),
    "a computation over nothing": (change("[0, 1]", "[0, 5]"), "column-computation", 58),
    "more decimals than are stored": (
        change("precision: 3", "precision: 12"),
        "column-precision",
        49,
    ),
    "solution for no task": (change("tasks: [0]\nphases", "tasks: [4]\nphases"), "solutions", 24),
    "not YAML": (change("title: Compute Pi", "title: Compute: Pi"), "yaml-syntax", 2),
    "a list for a mapping": (put("competition.yaml", b"- version: 2\n"), "yaml-syntax", 1),
    "a key twice": (
        change("terms: terms.md", "terms: terms.md\nimage: logo.png"),
        "yaml-duplicate",
        6,
    ),
    "everything in a top folder": (
        lambda f: [f.__setitem__(f"pi/{name}", f.pop(name)) for name in list(f)],
        "yaml-place",
        1,
    ),
    "a name outside": (put("../../etc/passwd", b"x"), "member-name", 1),
}

BROKEN_V15 = {
    "no terms page": (change("  terms: terms.md\n", ""), "terms", 8),
    "no pages": (change("html:", "pages:"), "pages", 1),
    "phase number twice": (change("phasenumber: 2", "phasenumber: 1"), "phase-number", 24),
    "a phase without a label": (change("    label: Final\n", ""), "phase-name", 23),
    "a phase that starts before the first": (
        change("2030-02-01", "2029-02-01"),
        "phase-order",
        26,
    ),
    "a start without quotes": (
        change('"2030-02-01 00:00:00+00:00"', "2030-02-01 00:00:00+00:00"),
        "phase-date-quotes",
        26,
    ),
    "a competition's end without quotes": (
        change("html:", "end_date: 2030-03-01 12:00:00\nhtml:"),
        "phase-date-quotes",
        8,
    ),
    "a phase without scoring": (
        change("    scoring_program: scoring\n    input", "    input"),
        "scoring-program",
        12,
    ),
    "truth in the kit": (change("kit.zip", "truth.zip"), "hidden-truth", 22),
    "leaderboards instead of leaderboard": (
        change("leaderboard:\n", "leaderboards:\n"),
        "leaderboards",
        1,
    ),
    "a column on no leaderboard": (
        change("leaderboard: *board\n      label: Duration", "label: Duration"),
        "columns",
        40,
    ),
    "two columns of one rank": (change("rank: 2", "rank: 1"), "column-index", 44),
    "sort up": (change("sort: asc", "sort: up"), "column-sorting", 43),
    "a label too long": (change("label: Accuracy", f"label: {LONG}"), "column-length", 37),
}


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
