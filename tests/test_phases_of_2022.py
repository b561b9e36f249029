"""The phases of 2022: their benchmarks as published, and the final one scored end to end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zcnas.benchmarks import BENCHMARKS
from zcnas.phases import load_phases

ROOT = Path(__file__).resolve().parents[1]
PHASES = load_phases(ROOT / "reference_data" / "phases.toml")

# (search space, dataset) as the 2022 competition listed them.
PUBLISHED = {
    "starter": {
        ("nasbench201", "cifar10"),
        ("nasbench201", "cifar100"),
        ("nasbench201", "ImageNet16-120"),
        ("nasbench301", "cifar10"),
        ("transbench101_micro", "class_scene"),
        ("transbench101_micro", "class_object"),
        ("transbench101_micro", "jigsaw"),
    },
    "development": {
        ("nasbench201", "ninapro"),
        ("nasbench201", "svhn"),
        ("nasbench301", "ninapro"),
        ("nasbench301", "svhn"),
        ("transbench101_micro", "ninapro"),
        ("transbench101_micro", "svhn"),
        ("transbench101_micro", "scifar100"),
    },
    "final": {
        ("nasbench101", "cifar10"),
        ("nasbench201", "ImageNet16-120"),
        ("nasbench301", "cifar10"),
        ("transbench101_macro", "class_object"),
        ("transbench101_micro", "class_object"),
    },
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_phase_has_the_benchmarks_of_2022(name):
    benchmarks = PHASES[name].get_benchmarks()
    assert {(b.search_space, b.dataset.name) for b in benchmarks} == PUBLISHED[name]


def test_the_full_phase_has_all_28_benchmarks():
    assert sorted(PHASES["full"].benchmarks) == sorted(BENCHMARKS)
    assert len(BENCHMARKS) == 28


def test_hidden_phases_say_what_a_participant_may_see():
    assert {name: phase.feedback for name, phase in PHASES.items()} == {
        "practice": "full",
        "practice_labels": "full",
        "practice_forged": "full",
        "starter": "full",
        "development": "score_only",
        "final": "none",
        "full": "full",
    }


def zcnas(*arguments, **environment):
    done = subprocess.run(
        [Path(sys.executable).parent / "zcnas", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_a_hidden_phase_without_its_draw_is_refused_with_the_way_to_get_one():
    environment = {"ZCNAS_PHASES": ""}
    done = zcnas("score", "--phase", "final", **environment)
    assert done.returncode == 2
    assert "draw it with `zcnas sample --phase final --out DIR`" in " ".join(done.stderr.split())


def test_a_hidden_phase_is_not_drawn_into_the_repository():
    done = zcnas("sample", "--phase", "final")
    assert done.returncode == 2
    assert "outside the repository with --out DIR" in " ".join(done.stderr.split())


@pytest.mark.slow
@pytest.mark.container
@pytest.mark.real_table
def test_the_final_phase_is_drawn_in_secret_and_scored_in_containers(
    tmp_path, data_folder, docker_isolation
):
    drawn = zcnas("sample", "--phase", "final", "--out", str(tmp_path), "--architectures", "3")
    assert drawn.returncode == 0, drawn.stderr
    seed_file = tmp_path / "final" / "draw_seed"
    assert len(seed_file.read_text().strip()) == 64
    assert seed_file.stat().st_mode & 0o077 == 0, "nobody else may read the seed"
    sample = str(ROOT / "starting_kit" / "submissions" / "params")
    scored = zcnas(
        "score", sample, "--phase", "final", "--out", str(tmp_path / "out"),
        ZCNAS_PHASES=str(tmp_path),
    )  # fmt: skip
    assert scored.returncode == 0, scored.stdout + scored.stderr
    board = json.loads((tmp_path / "out" / "leaderboard.json").read_text())
    (entry,) = board["entries"]
    assert list(entry["kendall_tau"]) == list(PHASES["final"].benchmarks)
    assert entry["failures"] == {}
    assert board["isolation"].startswith("docker")
