"""The ingestion program as a platform starts it, as a process of its own, from folders alone."""

import hashlib
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from zcnas.errors import OrganiserError
from zcnas.hosted.phase import HostedPhase, default_time_limit_s
from zcnas.hosted.run_record import read_run_record
from zcnas.organiser.platforms.bundle.programs import ingestion_program
from zcnas.phases import load_phase
from zcnas.words.records import write_json

ROOT = Path(__file__).resolve().parents[2]
KEY = bytes(range(32))
BENCHMARK = "nasbench201_imagenet16_120"
PRACTICE = load_phase(ROOT / "reference_data" / "phases.toml", "practice")


@pytest.fixture
def program(tmp_path):
    """The program's folder with a phase of three architectures inside, and a way to run it."""

    class Program:
        folder, output = tmp_path / "program", tmp_path / "out"
        inputs = folder / "input_data"

        def __init__(self):
            for name, content in ingestion_program().items():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / name).write_bytes(content)
            self.inputs.mkdir()
            (self.folder / "seal.key").write_text(KEY.hex())
            source = ROOT / "starting_kit" / "input_data" / f"{BENCHMARK}.json"
            data = msgspec.json.decode(source.read_bytes())
            data["architectures"] = data["architectures"][:3]
            (self.inputs / source.name).write_bytes(msgspec.json.encode(data))
            self.describe()

        def describe(self, **changes):
            phase = msgspec.structs.replace(PRACTICE, benchmarks=(BENCHMARK,), **changes)
            write_json(self.inputs / "phase.json", HostedPhase(phase=phase, time_limit_s=600))

        def run(self, *words, submission=ROOT / "starting_kit" / "submissions" / "params"):
            return subprocess.run(
                [
                    *(sys.executable, "-B", self.folder / "ingestion.py"),
                    *("--input-data", self.inputs, "--output", self.output),
                    *("--submission", submission, *words),
                ],
                capture_output=True,
                text=True,
                check=False,
            )

        def record(self):
            return read_run_record(self.output, KEY)

    return Program()


def test_the_program_runs_from_folders_alone_and_says_what_it_ran_on(program, tmp_path):
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in program.inputs.iterdir()
    }
    truth = tmp_path / "hidden_ref"
    truth.mkdir()
    (truth / "nasbench201_cifar10.json").write_text("{}")
    done = program.run(f"--hidden={truth}")
    assert done.returncode == 0, done.stderr
    assert f"{BENCHMARK}: 3 architectures" in done.stdout
    record = program.record()
    assert [each.status for each in record.answers[BENCHMARK]] == ["ok"] * 3
    assert record.start.files == digests
    assert record.start.limits == PRACTICE.limits
    assert record.start.submission_sha256 == record.manifests[BENCHMARK].public.submission_sha256
    assert sorted(path.name for path in program.output.iterdir()) == [
        "run.sealed",
        f"submission-{record.start.submission_sha256}",
    ]
    assert list(truth.iterdir()) == [], "the truth that CodaLab mounts is gone"
    assert not program.inputs.exists(), "so is the list"
    assert not (program.folder / "seal.key").exists()


def test_input_data_outside_the_programs_folder_is_left_alone(program, tmp_path):
    program.inputs = program.inputs.rename(tmp_path / "mine")
    (tmp_path / "empty").mkdir()
    done = program.run(submission=tmp_path / "empty")
    assert done.returncode == 0, done.stderr
    assert (program.inputs / "phase.json").is_file()


LEARNS = """
class ZeroCostPredictor:
    track = "few-labels"
    def fit(self, graphs, accuracies):
        self.told = accuracies
        self.sizes = [sum(p.numel() for p in graph.parameters()) for graph in graphs]
    def query(self, graph, dataloader=None):
        return {"first": self.told[0], "networks": len(self.sizes)}
    def combine(self, answers):
        assert self.sizes
        return [answer["first"] + n for n, answer in enumerate(answers)]
"""


def test_a_few_labels_submission_learns_there_what_the_input_data_labels(program, tmp_path):
    name = f"{BENCHMARK}.labels.json"
    labels = (ROOT / "starting_kit" / "input_data" / name).read_bytes()
    (program.inputs / name).write_bytes(labels)
    program.describe(labels=20)
    (tmp_path / "learns").mkdir()
    (tmp_path / "learns" / "predictor.py").write_text(LEARNS)
    done = program.run(submission=tmp_path / "learns")
    assert done.returncode == 0, done.stderr
    record = program.record()
    first = msgspec.json.decode(labels)["labels"][0]["accuracy"]
    scores = sorted(each.score for each in record.outcomes()[BENCHMARK])
    assert scores == [first, first + 1, first + 2]
    assert record.manifests[BENCHMARK].public.labels == 20
    assert record.start.files[name] == hashlib.sha256(labels).hexdigest()


def test_the_program_refuses_the_track_in_a_phase_without_labels(program, tmp_path):
    (tmp_path / "learns").mkdir()
    (tmp_path / "learns" / "predictor.py").write_text(LEARNS)
    done = program.run(submission=tmp_path / "learns")
    assert done.returncode == 0, done.stderr
    assert "phase 'practice' gives no labels" in program.record().refusal


def test_a_refused_submission_is_a_whole_record_with_the_reason(program, tmp_path):
    (tmp_path / "empty").mkdir()
    done = program.run(submission=tmp_path / "empty")
    assert done.returncode == 0, done.stderr
    assert "no predictor.py or submission.py" in program.record().refusal
    assert program.record().start.submission_sha256 == ""


@pytest.mark.parametrize(
    ("level", "truth"), [("full", "public"), ("score_only", "hidden"), ("none", "hidden")]
)
def test_no_more_is_stored_than_the_phases_feedback_shows(program, tmp_path, level, truth):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "predictor.py").write_text(
        "class ZeroCostPredictor:\n"
        "    def query(self, graph, dataloader=None):\n"
        "        print('I print')\n"
        "        raise ValueError('my fault')\n"
    )
    program.describe(feedback=level, truth=truth, draw_seed=None)
    done = program.run(submission=tmp_path / "mine")
    assert done.returncode == 0, done.stderr
    record, stored = program.record(), (program.output / "run.sealed").read_text()
    assert ("I print" in stored) == ("my fault" in stored) == (level == "full")
    answers = [each.status for each in record.answers.get(BENCHMARK, ())]
    assert answers == ([] if level == "none" else ["error"] * 3)
    assert (BENCHMARK in record.manifests) == (level != "none")
    assert ("3 failed" in done.stdout) == (level != "none")


def test_a_fault_of_the_platforms_machine_is_sealed_and_ends_with_exit_code_one(program):
    (program.inputs / "phase.json").unlink()
    done = program.run()
    assert done.returncode == 1
    assert "phase.json: No such file" in done.stderr
    with pytest.raises(OrganiserError, match=r"ingestion failed: .*phase.json: No such file"):
        program.record()


def test_a_program_without_its_key_runs_nothing(program):
    (program.folder / "seal.key").unlink()
    done = program.run()
    assert done.returncode == 1
    assert "build the bundle again" in done.stderr
    assert program.inputs.exists(), "nothing was started"


def test_the_default_time_limit_leaves_every_benchmark_its_whole_cpu_time():
    limit = default_time_limit_s(PRACTICE)
    needed = 3 * (PRACTICE.limits.benchmark_cpu_s + PRACTICE.limits.setup_s)
    deadline = HostedPhase(phase=PRACTICE, time_limit_s=limit).deadline_s
    assert needed < deadline < limit
    assert limit % 60 == 0


@pytest.mark.parametrize(("limit", "reserve"), [(20, 10), (60, 10), (600, 60), (72000, 300)])
def test_the_own_deadline_lies_a_tenth_below_the_platforms_limit_within_bounds(limit, reserve):
    assert HostedPhase(phase=PRACTICE, time_limit_s=limit).deadline_s == limit - reserve
