"""``zcnas publish``: what a publication contains, what it binds, and what it refuses."""

import csv
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.boards import bind, enter
from zcnas.errors import UsageError
from zcnas.judging.judge import judge
from zcnas.organiser.publication.croissant import Described
from zcnas.organiser.publication.write import check_public, write_publication
from zcnas.organiser.results.contest import read_contest
from zcnas.organiser.results.publishing import SiteOptions
from zcnas.phases import load_phase
from zcnas.words.records import Prediction, Reference

KEY = "nasbench201_cifar10"
TRUTH = {f"{number:08x}": 90.0 - number / 2 for number in range(12)}
SPECS = {KEY: {token: f"architecture of {token}" for token in TRUTH}}
UV = (sys.executable, "-m", "uv")
ABOUT = Described(
    name="A contest | of proxies",
    description="One sentence.",
    creators="The organisers",
    published="2027-02-07",
    licence="https://creativecommons.org/licenses/by/4.0/",
)


def answers(failed=()):
    return [
        Prediction(id=token, status="error", score=None, cpu_time_s=0.25)
        if token in failed
        else Prediction(id=token, status="ok", score=-value, cpu_time_s=0.5)
        for token, value in TRUTH.items()
    ]


@pytest.fixture(scope="module")
def phase(repository):
    return load_phase(repository / "reference_data/phases.toml", "practice").only([KEY])


@pytest.fixture(scope="module")
def published(tmp_path_factory, phase):
    """A publication of two entries, one with a failure, and the judgement it was made of."""
    reference = Reference(
        benchmark=KEY,
        metric="test accuracy",
        unit="percent",
        source="a made-up table",
        version="1",
        table_sha256="0",
        training_seeds=(1, 1),
        accuracies=TRUTH,
    )
    folder = tmp_path_factory.mktemp("publication")
    results = bind(folder / "out", phase, {KEY: reference})
    enter(results, "=ada", {KEY: answers()})
    enter(results, "bob", {KEY: answers(failed=["00000003"])})
    judgement = judge(read_contest(results, phase, {KEY: reference}), resamples=50)
    site = SiteOptions(specs=SPECS)
    write_publication(judgement, phase, results, site, ABOUT, folder / "cited")
    return folder / "cited"


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_draw_names_every_architecture_with_its_accuracy_in_an_order_that_tells_nothing(
    published,
):
    drawn = rows(published / "draw.csv")
    assert {row["id"]: float(row["accuracy"]) for row in drawn} == TRUTH
    assert [row["id"] for row in drawn] == sorted(TRUTH)
    assert drawn[0]["architecture"] == "architecture of 00000000"


def test_the_scores_are_what_was_answered_and_a_failure_has_none(published):
    answered = rows(published / "scores.csv")
    assert len(answered) == 2 * len(TRUTH)
    (failed,) = (row for row in answered if row["status"] != "ok")
    assert (failed["submission"], failed["id"], failed["score"]) == ("bob", "00000003", "")
    (first,) = (r for r in answered if r["submission"] == "'=ada" and r["id"] == "00000000")
    assert float(first["score"]) == -90.0


def test_the_manifest_holds_a_digest_of_every_file_and_of_the_phase(published, phase):
    manifest = json.loads((published / "manifest.json").read_text())
    files = [path for path in published.rglob("*") if path.is_file()]
    assert len(files) == len(manifest["files"]) + 1
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((published / name).read_bytes()).hexdigest() == digest
    assert manifest["phase"]["eval_seed"] == phase.eval_seed
    assert [entry["submission"] for entry in manifest["entries"]] == ["bob", "=ada"]
    assert manifest["benchmarks"][KEY]["architectures"] == len(TRUTH)


def test_the_pages_and_the_card_are_there_and_nobodys_text_breaks_a_table(published):
    assert (published / "board/index.html").is_file()
    card = (published / "README.md").read_text()
    assert "a made-up table" in card
    assert "| `accuracy` | number |" in card
    assert "2 entries" in card


def test_nothing_is_left_of_a_publication_that_cannot_be_written(tmp_path, phase, published):
    with pytest.raises(UsageError, match="is not empty; a publication is never changed"):
        write_publication(None, phase, None, SiteOptions(), ABOUT, published)
    with pytest.raises(AttributeError):
        write_publication(None, phase, None, SiteOptions(), ABOUT, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.iterdir())


def test_a_hidden_phase_is_published_after_its_deadline_only(repository):
    final = load_phase(repository / "reference_data/phases.toml", "final")
    with pytest.raises(UsageError, match="'final' are hidden.*--after-deadline"):
        check_public(final, after_deadline=False)
    check_public(final, after_deadline=True)


@pytest.mark.slow
def test_mlcroissant_takes_the_description_and_reads_every_row(published, tmp_path):
    environment = tmp_path / "mlcroissant"
    subprocess.run([*UV, "venv", "--quiet", environment], check=True)
    python = environment / "bin/python"
    subprocess.run(
        [*UV, "pip", "install", "--quiet", "--python", python, "mlcroissant"], check=True
    )
    read = (
        "import json, sys, mlcroissant as mlc\n"
        "dataset = mlc.Dataset(sys.argv[1])\n"
        "issues = dataset.metadata.ctx.issues\n"
        "counts = {name: sum(1 for _ in dataset.records(name)) for name in ('draw', 'scores')}\n"
        "print(json.dumps([sorted(issues.errors), sorted(issues.warnings), counts]))\n"
    )
    path = Path(published, "croissant.json")
    done = subprocess.run([python, "-c", read, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    errors, warnings, counts = json.loads(done.stdout.splitlines()[-1])
    assert errors == []
    assert warnings == []
    assert counts == {"draw": len(TRUTH), "scores": 2 * len(TRUTH)}
