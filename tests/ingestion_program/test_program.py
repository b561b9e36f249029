"""The ingestion program as a platform starts it, as a process of its own, from folders alone."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from zcnas.hosted.phase import HostedPhase, default_time_limit_s
from zcnas.phases import load_phase
from zcnas.records import read_predictions, write_json

ROOT = Path(__file__).resolve().parents[2]
KEY = bytes(range(32))
BENCHMARK = "nasbench201_cifar10"
PRACTICE = load_phase(ROOT / "reference_data" / "phases.toml", "practice")


def test_the_program_runs_from_folders_alone(tmp_path):
    inputs, output = tmp_path / "in", tmp_path / "out"
    inputs.mkdir()
    source = ROOT / "starting_kit" / "input_data" / "nasbench201_imagenet16_120.json"
    data = msgspec.json.decode(source.read_bytes())
    data["architectures"] = data["architectures"][:3]
    (inputs / source.name).write_bytes(msgspec.json.encode(data))
    phase = msgspec.structs.replace(PRACTICE, benchmarks=("nasbench201_imagenet16_120",))
    write_json(inputs / "phase.json", HostedPhase(phase=phase, time_limit_s=600))
    done = subprocess.run(
        [
            *(sys.executable, ROOT / "ingestion_program" / "ingestion.py"),
            *("--input-data", inputs, "--output", output),
            *("--submission", ROOT / "starting_kit" / "submissions" / "params"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "nasbench201_imagenet16_120: 3 architectures" in done.stdout
    predictions = read_predictions(output / "nasbench201_imagenet16_120.predictions.jsonl")
    assert [p.status for p in predictions] == ["ok"] * 3


def test_a_fault_of_the_platforms_machine_is_written_down_and_ends_with_exit_code_one(tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, ROOT / "ingestion_program" / "ingestion.py"),
            *("--input-data", tmp_path / "nothing", "--output", tmp_path / "out"),
            *("--submission", ROOT / "starting_kit" / "submissions" / "params"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "phase.json: No such file" in (tmp_path / "out" / "organiser_error.txt").read_text()


def test_the_default_time_limit_leaves_every_benchmark_its_whole_cpu_time():
    limit = default_time_limit_s(PRACTICE)
    needed = 3 * (PRACTICE.limits.benchmark_cpu_s + PRACTICE.limits.setup_s)
    deadline = HostedPhase(phase=PRACTICE, time_limit_s=limit).deadline_s
    assert needed < deadline < limit
    assert limit % 60 == 0


@pytest.mark.parametrize(("limit", "reserve"), [(20, 10), (60, 10), (600, 60), (72000, 300)])
def test_the_own_deadline_lies_a_tenth_below_the_platforms_limit_within_bounds(limit, reserve):
    assert HostedPhase(phase=PRACTICE, time_limit_s=limit).deadline_s == limit - reserve
