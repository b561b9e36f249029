"""A small phase on disk, and runs of it that can be killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.clusters import authorities, cluster
from zcnas.isolation.process import ProcessIsolation
from zcnas.jobs import JobPool
from zcnas.organiser.competition import Competition, load_halves
from zcnas.phases import load_phase
from zcnas.words.records import read_input, read_reference, write_json

__all__ = ["authorities", "cluster"]
"""Fixtures that the tests of jobs have as well."""

HERE = Path(__file__).parent
KEYS = ("nasbench201_cifar10", "nasbench201_imagenet16_120")
PREDICTOR = "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None): return 1\n"


@pytest.fixture
def light_phase(tmp_path, repository):
    """Two benchmarks of 15 architectures, both halves, and three submissions."""
    folder = tmp_path / "phase"
    for key in KEYS:
        data = read_input(repository / "starting_kit" / "input_data" / f"{key}.json")
        truth = read_reference(repository / "reference_data" / "practice" / f"{key}.json")
        chosen = data.architectures[:15]
        accuracies = {entry.id: truth.accuracies[entry.id] for entry in chosen}
        small = msgspec.structs.replace(data, architectures=chosen, batch_size=2)
        write_json(folder / "in" / f"{key}.json", small)
        write_json(
            folder / "ref" / f"{key}.json",
            msgspec.structs.replace(truth, accuracies=accuracies),
        )
    phases = (repository / "reference_data" / "phases.toml").read_text()
    (folder / "phases.toml").write_text(phases)
    for name in ("ada", "grace", "mary"):
        (tmp_path / "submissions" / name).mkdir(parents=True)
        (tmp_path / "submissions" / name / "predictor.py").write_text(PREDICTOR)
    return folder


@pytest.fixture
def light_run(tmp_path, light_phase):
    """A function that starts ``light_run.py`` on an output folder.

    ``SHARD`` and ``SECONDS_PER_QUERY`` may be given.
    """

    def start(out, **environment):
        return subprocess.Popen(
            [
                *(sys.executable, HERE / "light_run.py"),
                *(light_phase, tmp_path / "submissions", out),
            ],
            env={**os.environ, "ASKED": str(tmp_path / "asked"), **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


class Caught(Exception):  # noqa: N818
    """Carries the first evaluation of a run out of it."""


class CatchingPool(JobPool):
    slots = 1

    def submit(self, job, report):
        raise Caught(job.payload)

    def stop(self):
        pass


@pytest.fixture
def evaluation(light_phase, tmp_path, monkeypatch):
    """The first evaluation of a run, as the organiser's loop makes it."""
    monkeypatch.setenv("SECRET_TOKEN", "a-credential-of-the-organiser")
    phase = load_phase(light_phase / "phases.toml", "practice").only(list(KEYS))
    halves = load_halves(phase, light_phase / "in", light_phase / "ref", None)
    competition = Competition(
        phase, halves, ProcessIsolation(), [0], tmp_path / "out", pool=CatchingPool
    )
    with pytest.raises(Caught) as caught:
        competition.run([tmp_path / "submissions" / "ada"])
    return caught.value.args[0]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte, where this user may mount one; else a folder."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False
    )
    yield disk
    if mounted.returncode == 0:
        subprocess.run(["umount", "--lazy", disk], check=True)
    elif os.environ.get("CI") == "true":
        pytest.fail("CI cannot mount a small disk, so no disk was full")


def outcome(out):
    """Return what a run has found, without the times it took and in the order it is written."""
    found = {}
    for path in sorted(out.glob("submissions/*/*.predictions.jsonl")):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        found[f"{path.parent.name}/{path.name}"] = [
            (line["id"], line["status"], line["score"], line["message"]) for line in lines
        ]
    for path in sorted(out.glob("submissions/*/scores.json")):
        scores = json.loads(path.read_text())
        del scores["duration"]
        found[f"{path.parent.name}/scores"] = scores
    board = json.loads((out / "leaderboard.json").read_text())
    found["ranking"] = [
        (entry["rank"], entry["submission"], entry["method"], entry["score"])
        for entry in board["entries"]
    ]
    return found


@pytest.fixture(scope="session")
def params_outcome(tmp_path_factory, repository):
    """What an undisturbed run in plain processes finds of the cheapest sample on one benchmark."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    sample = repository / "starting_kit" / "submissions" / "params"
    words = ("--benchmark", KEYS[1], "--isolation", "process", "--out", out)
    subprocess.run(
        [Path(sys.executable).parent / "zcnas", "score", sample, *words],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return outcome(out)
