"""Synthetic submissions, some of them hostile, for the pages."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.boards import bind, enter, publish_run
from zcnas.phases import load_phase
from zcnas.words.records import (
    Manifest,
    OrganiserManifest,
    Prediction,
    PublicManifest,
    encode_score,
    read_input,
    read_reference,
    write_json,
)

ROOT = Path(__file__).resolve().parents[2]
WAIT_MS = 240_000
"""How long a page is waited for; no idle machine needs a tenth of it."""


@pytest.fixture(scope="session")
def hostile():
    """A text that would run, load or turn the line around if it were not escaped."""
    return '<script>alert("x")</script><img src=x onerror=alert(1)>\u202e {{ 7*7 }}'


@pytest.fixture(scope="session")
def phase():
    """The practice phase."""
    return load_phase(ROOT / "reference_data" / "phases.toml", "practice")


@pytest.fixture(scope="session")
def references(phase):
    """The practice phase's truth."""
    folder = ROOT / "reference_data" / "practice"
    return {key: read_reference(folder / f"{key}.json") for key in phase.benchmarks}


@pytest.fixture(scope="session")
def predict(references):
    """A function that makes a submission's predictions: truth with noise, some failures."""

    def make(noise: float, seed: int, failures: int = 0, message: str = "ValueError: no"):
        rng = np.random.default_rng(seed)
        return {
            key: [
                Prediction(id=token, status="error", message=message, cpu_time_s=0.5)
                if number < failures
                else Prediction(
                    id=token,
                    status="ok",
                    score=encode_score(float(accuracy + rng.normal(0, noise))),
                    cpu_time_s=round(float(rng.uniform(0.1, 0.9)), 3),
                )
                for number, (token, accuracy) in enumerate(reference.accuracies.items())
            ]
            for key, reference in references.items()
        }

    return make


NAMES = ("plain", "noisy", "coarse", "late", "Ünï$x^2$ & <b>", "broken")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory, phase, references, predict, hostile):
    """A run of six submissions, one hostile in every text and one our own fault, not judged yet."""
    out = tmp_path_factory.mktemp("run")
    results = bind(out, phase, references)
    noises = dict(zip(NAMES, (0.5, 4.0, 2.0, 2.5, 8.0), strict=False))
    for number, (name, noise) in enumerate(noises.items()):
        strange = name.startswith("Ü")
        lines = predict(noise, number, failures=7 if strange else 0, message=hostile)
        if name == "coarse":
            lines = {k: [coarsen(line) for line in found] for k, found in lines.items()}
        folder = enter(results, name, lines)
        for key in lines:
            (folder / f"{key}.log").write_text(f"</pre>{hostile}" if strange else "")
        write_json(
            folder / f"{phase.benchmarks[0]}.manifest.json", manifest(hostile, name, strange)
        )
    enter(results, "broken", {}, fault="disk full at /secret/path")
    (out / "submissions.csv").write_text(
        "name,team,received_at,baseline\n"
        f'plain,"{hostile.replace(chr(34), "")}",2026-03-01T10:00:00Z,no\n'
        f'late,"{hostile.replace(chr(34), "")}",2026-03-02T10:00:00Z,no\n'
        "coarse,,,yes\n",
        encoding="utf-8",
    )
    return out


def manifest(hostile, name, strange):
    """How a submission's predictions came about; the hostile one's method is hostile too."""
    public = PublicManifest(
        benchmark="nasbench201_cifar10", submission=name, submission_sha256="0",
        method=hostile if strange else name, isolation="docker", data_source="synthetic fallback",
        batch_size=64, architectures=100, limits={}, versions={}, cpu_model="a CPU",
        setup_status="ok", setup_message="", start_up_s=0.0, setup_wall_s=0.0, worker_starts=1,
        wall_time_s=1.0, cpu_time_s=1.0,
    )  # fmt: skip
    organiser = OrganiserManifest(eval_seed=0, input_sha256="0", cpu=0, image="", started_at="")
    return Manifest(public=public, organiser=organiser)


def coarsen(line):
    """A prediction whose score has one of few values."""
    return msgspec.structs.replace(line, score=float(round(line.value / 5)))


@pytest.fixture(scope="session")
def specs(phase):
    """The practice phase's architectures by id."""
    inputs = ROOT / "starting_kit" / "input_data"
    return {
        key: {each.id: each.spec for each in read_input(inputs / f"{key}.json").architectures}
        for key in phase.benchmarks
    }


@pytest.fixture(scope="session")
def published(run_folder, phase, references, specs):
    """The run after publishing under the rule that a team's best entry counts."""
    ruled = msgspec.structs.replace(phase, counts="best")
    return publish_run(run_folder, ruled, references, specs=specs, resamples=1000)


@pytest.fixture(scope="session")
def site(published, run_folder):
    """The folder of that run's pages."""
    return run_folder / "leaderboard"


@pytest.fixture
def open_page(browser):
    """A function that opens a page; the test fails if the page complains or asks for anything."""
    contexts, complaints = [], []

    def visit(path, width=1280, scheme="light", **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **options
        )
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.on("request", note)
        page.goto(path.as_uri())
        return page

    def note(request):
        if not request.is_navigation_request() and not request.url.startswith("data:"):
            complaints.append(request.url)

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []
