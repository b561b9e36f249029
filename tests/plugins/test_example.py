"""The example package from pip to the leaderboard, and the checks that plugins call."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.boards import score
from zcnas import testing
from zcnas.errors import PluginError
from zcnas.isolation.process import ProcessIsolation
from zcnas.isolation.program import stage_worker
from zcnas.organiser.competition import Competition, cluster_host, load_halves
from zcnas.organiser.draw import sample_phase
from zcnas.organiser.platforms.bundle.programs import ingestion_program, scoring_program
from zcnas.phases import load_phase
from zcnas.plugins import shipped_files
from zcnas.submissions import digest_of

COUNTS = """
from zcnas.proxies import evaluate
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        inputs, targets = next(iter(dataloader))
        return evaluate(graph, inputs, targets, ["params", "weight_mean"])["params"]
"""
SAYS_THE_NAME = """
class ZeroCostPredictor:
    def set_ss_type(self, ss_type):
        assert ss_type == "toyspace", ss_type
    def query(self, graph, dataloader=None):
        return float(graph.cells[0].kernel_size[0])
"""


def test_the_example_conforms(toyspace):
    testing.check_search_space("toyspace")
    testing.check_table("toyspace", "toyspace_cifar10")
    testing.check_proxy("weight_mean", "toyspace_cifar10")


def test_it_is_drawn_and_scored_from_the_package_to_the_leaderboard(
    toyspace, phases_file, tmp_path
):
    phase = load_phase(phases_file(), "toys")
    sample_phase(phase, phase.draw_seed, None, tmp_path / "in", tmp_path / "ref")
    for name, source in (("counts", COUNTS), ("says", SAYS_THE_NAME)):
        (tmp_path / "subs" / name).mkdir(parents=True)
        (tmp_path / "subs" / name / "predictor.py").write_text(source)
    halves = load_halves(phase, tmp_path / "in", tmp_path / "ref", None)
    cpus = sorted(os.sched_getaffinity(0))[:1]
    run = Competition(phase, halves, ProcessIsolation(), cpus, tmp_path / "out")
    board = score(run, [tmp_path / "subs" / "counts", tmp_path / "subs" / "says"])
    entries = {entry.submission: entry for entry in board.entries}
    assert {entry.status for entry in board.entries} == {"scored"}
    assert [sum(entry.failures.values()) for entry in board.entries] == [0, 0]
    assert entries["counts"].kendall_tau["toyspace_cifar10"] > 0.4  # accuracies rise with both


def test_what_is_staged_beside_the_worker_is_its_code_alone_and_changes_the_digest(
    toyspace_folder, use, tmp_path
):
    own = shutil.copytree(toyspace_folder, tmp_path / "own")
    use(own)
    plain = digest_of(stage_worker(tmp_path / "plain"))
    program = stage_worker(tmp_path / "program", ["zcnas-toyspace"])
    added = {
        path.relative_to(program).as_posix()
        for path in program.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
        if not (tmp_path / "plain" / path.relative_to(program)).exists()
    }
    package = {f"zcnas_toyspace/{n}.py" for n in ("__init__", "spec", "network", "proxy")}
    metadata = {f"zcnas_toyspace-1.0.dist-info/{n}" for n in ("METADATA", "entry_points.txt")}
    assert added == package | metadata
    first = digest_of(program)
    assert first != plain
    with (own / "zcnas_toyspace" / "spec.py").open("a") as file:
        file.write("# another version\n")
    again = digest_of(stage_worker(tmp_path / "again", ["zcnas-toyspace"]))
    assert again not in (plain, first)


def test_a_host_of_a_cluster_stages_the_plugins_of_the_evaluation(toyspace, tmp_path):
    named = ("zcnas-toyspace",)
    here = digest_of(stage_worker(tmp_path / "program", named))
    assert cluster_host._program(named)[1] == here
    assert cluster_host._program(())[1] != here


def test_the_programs_of_a_bundle_know_the_plugins_benchmark_without_an_installation(
    toyspace, tmp_path
):
    for name, collect in (("ingestion", ingestion_program), ("scoring", scoring_program)):
        for file, content in collect(["zcnas-toyspace"]).items():
            (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / file).write_bytes(content)
        code = (
            f"import sys; sys.path.insert(0, {str(tmp_path / name)!r})\n"
            "from zcnas.benchmarks import get_benchmark; import zcnas_toyspace, zcnas\n"
            "print(get_benchmark('toyspace_cifar10').key, zcnas_toyspace.__file__)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert done.stdout.startswith(f"toyspace_cifar10 {tmp_path / name}"), done.stderr
        assert not list((tmp_path / name).rglob("*.csv"))


def test_a_table_in_a_package_that_submissions_are_given_is_refused(plugin):
    plugin("zcnas-leaky", "IT = None", search_spaces="leaky", tables="leaky_table")
    with pytest.raises(PluginError, match="'leaky_table' .* package 'zcnas_leaky', which ships"):
        list(shipped_files("zcnas-leaky"))


NONCONFORMING = """
import random
from dataclasses import dataclass
from zcnas.benchmarks import SearchSpace
from zcnas.errors import InvalidArchitecture
import zcnas.datasets

@dataclass(frozen=True)
class Spec:
    number: int
    def __str__(self): return f"n{self.number % 3}"
    @classmethod
    def parse(cls, text):
        if not text.strip().startswith("n"):
            raise InvalidArchitecture("bad")
        return cls(int(text.strip()[1:] or 0)) if text.strip()[1:].isdigit() else cls(0)
    @classmethod
    def enumerate(cls): yield from (cls(0), cls(0), cls(1))
    @classmethod
    def sample(cls, rng): return cls(random.randrange(9))
    def neighbours(self): yield self

IT = SearchSpace("crooked", Spec, "zcnas_crooked:build", ("cifar10",), pattern="m[0-9]")

def build(spec, dataset):
    import torch
    from zcnas.search_spaces.network import Network
    class Net(Network):
        def __init__(self):
            super().__init__(7)
            self.layer = torch.nn.Linear(3, 7)
        def forward(self, images): return self.layer(images.mean((2, 3)))
    return Net()
"""


def test_every_way_not_to_conform_is_said(plugin):
    plugin("zcnas-crooked", NONCONFORMING, search_spaces="crooked")
    with pytest.raises(AssertionError) as caught:
        testing.check_search_space("crooked")
    for finding in (
        "imports zcnas.datasets, which the scoring program lacks",
        "does not parse to the value it was written from",
        "include itself, or one architecture twice",
        "the pattern m[0-9] does not find",
        "'nonsense' parses to the architecture 'n0'",
        "does not name the search space",
        "yields an architecture more than once",
        "sample draws different architectures under the same seed",
        "sample draws an architecture that enumerate does not yield",
        "num_classes is wrong",
        "answers (2, 7), not (B, K)",
    ):
        assert finding in str(caught.value), finding
