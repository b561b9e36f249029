"""The ingestion program as a platform starts it, as a process of its own, from folders alone."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from ingestion_program.ingestion import SealedRecords, empty, idlest_cpu
from zcnas.hosted.phase import HostedPhase, default_time_limit_s
from zcnas.hosted.seals import sealed_lines
from zcnas.phases import load_phase
from zcnas.records import Prediction, read_predictions, write_json

ROOT = Path(__file__).resolve().parents[2]
KEY = bytes(range(32))
BENCHMARK = "nasbench201_cifar10"
PRACTICE = load_phase(ROOT / "reference_data" / "phases.toml", "practice")


def prediction(number, score=1.0):
    return Prediction(id=f"{number:08x}", status="ok", score=score)


def write_as_the_recorder_does(folder, predictions):
    path = folder / f"{BENCHMARK}.predictions.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(p) + b"\n" for p in predictions))
    return path


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


def test_what_stood_in_the_output_folder_is_removed_links_without_their_targets(tmp_path):
    (tmp_path / "kept").write_text("precious")
    output = tmp_path / "out"
    (output / "folder").mkdir(parents=True)
    (output / "folder" / "forged.predictions.jsonl").write_text("x")
    (output / "metadata").write_text("exitCode: 0")
    (output / "link").symlink_to(tmp_path / "kept")
    empty(output)
    assert list(output.iterdir()) == []
    assert (tmp_path / "kept").read_text() == "precious"


def test_records_changed_by_another_process_are_written_again_from_memory(tmp_path):
    records = SealedRecords(tmp_path, BENCHMARK, KEY)
    honest = [prediction(1, 0.5), prediction(2, 0.25)]
    for one in honest:
        records.add_prediction(one)
    assert records.settle() is False, "nothing was changed"
    path = write_as_the_recorder_does(tmp_path, [prediction(1, 99.0), prediction(2, 100.0)])
    assert records.settle() is True
    assert read_predictions(path) == honest
    path.unlink()
    path.mkdir()
    assert records.settle() is True
    assert sealed_lines(tmp_path, BENCHMARK, KEY) == [msgspec.json.encode(p) for p in honest]


def test_every_seal_is_on_disk_as_soon_as_its_prediction_is(tmp_path):
    records = SealedRecords(tmp_path, BENCHMARK, KEY)
    for number in range(1, 4):
        records.add_prediction(prediction(number))
        assert len(sealed_lines(tmp_path, BENCHMARK, KEY)) == number
    records.close()


def test_the_recorder_is_not_dumpable():
    code = (
        "import ctypes; from ingestion_program.ingestion import forbid_inspection\n"
        "libc = ctypes.CDLL(None); before = libc.prctl(3, 0, 0, 0, 0)\n"
        "forbid_inspection(); print(before, libc.prctl(3, 0, 0, 0, 0))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert said.split() == [b"1", b"0"]


def test_the_cpu_chosen_is_one_this_process_may_use():
    assert idlest_cpu() in os.sched_getaffinity(0)


def test_the_default_time_limit_leaves_every_benchmark_its_whole_cpu_time():
    limit = default_time_limit_s(PRACTICE)
    needed = 3 * (PRACTICE.limits.benchmark_cpu_s + PRACTICE.limits.setup_s)
    deadline = HostedPhase(phase=PRACTICE, time_limit_s=limit).deadline_s
    assert needed < deadline < limit
    assert limit % 60 == 0


@pytest.mark.parametrize(("limit", "reserve"), [(20, 10), (60, 10), (600, 60), (72000, 300)])
def test_the_own_deadline_lies_a_tenth_below_the_platforms_limit_within_bounds(limit, reserve):
    assert HostedPhase(phase=PRACTICE, time_limit_s=limit).deadline_s == limit - reserve
