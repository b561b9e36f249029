"""Changes that break a correct bundle of either version, each with its rule and line."""

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
