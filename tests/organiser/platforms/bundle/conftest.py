"""Correct bundles of both versions, written by hand, as another organiser might."""

import io
import textwrap
import zipfile

import pytest

from zcnas.organiser.platforms.bundle import build_bundles

from .competitions import invented_competition

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20 + b"IEND\xaeB`\x82"


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


INGESTION = "command: python3 $ingestion_program/run.py $input $output $submission_program\n"
SCORING = "command: python3 /app/program/score.py /app/input /app/output\n"

V2 = textwrap.dedent("""\
    version: 2
    title: Compute Pi
    description: As many digits as you can.
    image: logo.png
    terms: terms.md
    docker_image: python:3.11
    pages:
      - title: Overview
        file: overview.md
      - title: Data
        file: pages/data.html
    tasks:
      - index: 0
        name: First
        ingestion_program: ingestion.zip
        scoring_program: scoring
        input_data: input.zip
        reference_data: truth.zip
      - index: 1
        key: 2f1c1c5e-0f0c-4f3c-9a43-3f6d5ad0b7aa
    solutions:
      - index: 0
        path: solution.zip
        tasks: [0]
    phases:
      - index: 0
        name: Development
        start: "2030-01-01 00:00:00"
        end: "2030-02-01 00:00:00"
        execution_time_limit: 600
        max_submissions_per_day: 5
        starting_kit: kit.zip
        public_data: public.zip
        tasks: [0]
      - index: 1
        name: Final
        start: "2030-02-01 00:00:01"
        auto_migrate_to_this_phase: true
        tasks: [1]
    leaderboards:
      - title: Results
        key: main
        submission_rule: Force_Last
        columns:
          - title: Accuracy
            key: accuracy
            index: 0
            sorting: desc
            precision: 3
          - title: Duration
            key: duration
            index: 1
            sorting: asc
          - title: Larger
            key: larger
            index: 2
            computation: max
            computation_indexes: [0, 1]
    """)

V15 = textwrap.dedent("""\
    title: Compute Pi
    description: As many digits as you can.
    image: logo.png
    competition_docker_image: 'python:3.11'
    has_registration: true
    force_submission_to_leaderboard: true
    disallow_leaderboard_modifying: true
    html:
      overview: overview.md
      terms: terms.md
    phases:
      1:
        phasenumber: 1
        label: Development
        start_date: "2030-01-01 00:00:00+00:00"
        execution_time_limit: 600
        max_submissions: 100
        ingestion_program: ingestion.zip
        scoring_program: scoring
        input_data: input.zip
        reference_data: truth.zip
        starting_kit: kit.zip
      2:
        phasenumber: 2
        label: Final
        start_date: "2030-02-01 00:00:00+00:00"
        scoring_program: scoring
        reference_data: truth.zip
    leaderboard:
      leaderboards:
        Results: &board
          label: Results
          rank: 1
      columns:
        accuracy:
          leaderboard: *board
          label: Accuracy
          numeric_format: 3
          rank: 1
        duration:
          leaderboard: *board
          label: Duration
          sort: asc
          rank: 2
    """)


def files_of(competition):
    return {
        "competition.yaml": competition.encode(),
        "logo.png": PNG,
        "terms.md": b"Be fair.",
        "overview.md": b"# Pi",
        "pages/data.html": b"<p>None.</p>",
        "ingestion.zip": zipped({"metadata.yaml": INGESTION, "run.py": "print()"}),
        "scoring/metadata": SCORING.encode(),
        "scoring/score.py": b"print()",
        "input.zip": zipped({"digits.txt": "3."}),
        "truth.zip": zipped({"truth.txt": "3.14159"}),
        "solution.zip": zipped({"predict.py": "", "metadata": ""}),
        "kit.zip": zipped({"README.md": "hello"}),
        "public.zip": zipped({"a": "b"}),
    }


@pytest.fixture
def good_v2():
    return files_of(V2)


@pytest.fixture
def good_v15():
    return files_of(V15)


@pytest.fixture
def write_bundle(tmp_path):
    """A function that writes files as a zip and returns its path."""

    def write(files, name="bundle.zip"):
        path = tmp_path / name
        path.write_bytes(zipped(files))
        return path

    return write


@pytest.fixture(scope="session")
def competition(tmp_path_factory):
    """The repository's competition with invented draws of the hidden phases."""
    return invented_competition(tmp_path_factory.mktemp("draws"))


@pytest.fixture(scope="session")
def built(competition, tmp_path_factory):
    """Its two bundles, for Codabench and for CodaLab."""
    return build_bundles(competition, tmp_path_factory.mktemp("built"))
