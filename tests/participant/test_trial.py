"""A trial in this process: a run's scores, debuggers that work, nothing that only Linux has."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zcnas.errors import InputDataError
from zcnas.participant.meter import Meter
from zcnas.participant.trial import data_for, find_architecture
from zcnas.phases import load_phases
from zcnas.words.records import read_input, read_predictions

ROOT = Path(__file__).resolve().parents[2]
LINUX_ONLY = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog")
ELSEWHERE = f"""
import os, signal, sys
import psutil, torch  # these bring what they need on each system
for name in {LINUX_ONLY}: sys.modules[name] = None
for name in ("fork", "sched_getaffinity", "getuid", "setsid", "pidfd_open", "wait4",
             "O_NOFOLLOW", "O_NONBLOCK"):
    if hasattr(os, name): delattr(os, name)
for name in ("SIGKILL", "SIGXCPU", "pthread_kill"):
    if hasattr(signal, name): delattr(signal, name)
from zcnas.organiser.cli.main import main
sys.argv = ["zcnas", *sys.argv[1:]]
main()
"""
NORM = (
    "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None):\n"
    "        inputs, targets = next(iter(dataloader))\n"
    "        graph.get_loss_fn()(graph(inputs), targets).backward()\n"
    "        {}\n"
    "        return sum(p.grad.norm().item() for p in graph.parameters())\n"
)


LEARNS = """
class ZeroCostPredictor:
    track = "few-labels"
    def fit(self, graphs, accuracies):
        print("told", len(accuracies), accuracies[0])
        self.kept = graphs[0]
    def query(self, graph, dataloader=None):
        return 1.0
"""


def test_fit_is_tried_with_the_practice_phases_labels_or_with_made_up_ones(tmp_path):
    (tmp_path / "predictor.py").write_text(LEARNS)
    practice = try_elsewhere(tmp_path)
    assert practice.returncode == 0, practice.stderr
    assert "told 20 88.85333333007812" in practice.stdout
    assert "fit keeps 1 networks" in practice.stdout
    other = try_elsewhere(tmp_path, "--benchmark", "nasbench301_svhn")
    assert "told 4 60.0" in other.stdout, other.stderr


NAMED = """
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return {"parameters": sum(p.numel() for p in graph.parameters())}
"""
COMBINE = """
    def combine(self, answers):
        return [each["parameters"] / 2 for each in answers]
"""


def test_named_numbers_are_shown_and_combined(tmp_path):
    (tmp_path / "predictor.py").write_text(NAMED + COMBINE)
    done = try_elsewhere(tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["score"] == told["numbers"]["parameters"] / 2


def test_named_numbers_without_combine_fail_with_what_is_missing(tmp_path):
    (tmp_path / "predictor.py").write_text(NAMED)
    done = try_elsewhere(tmp_path)
    assert done.returncode == 1
    assert "has no combine(self, answers)" in " ".join(done.stdout.split())


@pytest.fixture
def submission(tmp_path):
    def write(line="pass"):
        folder = tmp_path / "mine"
        folder.mkdir(exist_ok=True)
        (folder / "predictor.py").write_text(NORM.format(line))
        return folder

    return write


def try_elsewhere(*arguments, said=""):
    """Run ``zcnas try`` where the modules and functions of Linux are missing."""
    return subprocess.run(
        [sys.executable, "-c", ELSEWHERE, "try", *map(str, arguments)],
        input=said, capture_output=True, text=True, check=False,
        env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip


def test_it_needs_nothing_of_linux_and_tells_score_time_and_memory_by_part(submission):
    done = try_elsewhere(submission())
    assert done.returncode == 0, done.stderr
    assert "score: " in done.stdout
    for part in ("building the network", "own code", "forward", "backward"):
        assert any(line.strip().startswith(part) and "MiB" in line
                   for line in done.stdout.splitlines()), part  # fmt: skip


def test_its_score_is_the_runs_digit_for_digit(submission, tmp_path):
    words = ("-n", "2", "--benchmark", "nasbench201_cifar10", "--isolation", "process")
    subprocess.run([Path(sys.executable).parent / "zcnas", "dry-run", submission(), *words],
                   cwd=tmp_path, capture_output=True, check=True)  # fmt: skip
    results = tmp_path / "build/dry-run/submissions/mine/nasbench201_cifar10.predictions.jsonl"
    second = read_predictions(results)[1]
    done = try_elsewhere(submission(), "--architecture", second.id[:10], "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["score"] == second.score


def test_a_breakpoint_opens_the_debugger_and_prints_are_seen(submission):
    done = try_elsewhere(submission("print('here I am'); breakpoint()"), said="p 6 * 7\nc\n")
    assert done.returncode == 0, done.stderr
    assert "here I am" in done.stdout
    assert "(Pdb) 42" in done.stdout
    assert "score: " in done.stdout


def test_a_failure_prints_the_traceback_from_the_own_line_on_and_fails(submission):
    done = try_elsewhere(submission("graph.no_such_layer"))
    assert done.returncode == 1
    assert done.stderr.splitlines()[1].strip().startswith("File ")
    assert "mine/predictor.py" in done.stderr.splitlines()[1]
    assert "graph.no_such_layer" in done.stderr
    assert "(predictor.py, line 5" in done.stdout


def test_any_benchmark_can_be_tried_and_an_unknown_one_is_refused(submission):
    phases = load_phases(ROOT / "reference_data" / "phases.toml")
    data = data_for("transbench101_micro_jigsaw", phases, {})
    assert (data.batch_size, len(data.architectures)) == (32, 2)
    done = try_elsewhere(submission(), "--benchmark", "mnist")
    assert done.returncode == 2
    assert "unknown benchmark 'mnist'" in done.stderr


def test_an_architecture_is_found_by_the_beginning_of_its_id_or_its_spec():
    data = read_input(ROOT / "starting_kit/input_data/nasbench201_cifar10.json")
    third = data.architectures[2]
    assert find_architecture(data, third.id[:12]) == third
    assert find_architecture(data, third.spec) == third
    assert find_architecture(data, "") == data.architectures[0]
    with pytest.raises(InputDataError, match="begins with '0000beef'"):
        find_architecture(data, "0000beef")


def test_the_meter_gives_each_part_its_own_time_and_survives_an_exception():
    import torch

    meter = Meter()
    layer = torch.nn.Linear(3, 3)

    def query():
        layer(torch.ones(3)).sum().backward()
        layer(torch.ones(4))

    with meter, pytest.raises(RuntimeError), meter.part("own"), meter.passes():
        query()
    assert set(meter.parts) == {"own", "forward", "backward"}
    assert torch.Tensor.backward.__name__ == "backward"
    assert not torch.nn.modules.module._global_forward_hooks
    outside = meter.parts["own"].wall_s
    layer(torch.ones(3))
    assert meter.parts["own"].wall_s == outside
