"""One competition of all attacks and two honest submissions per isolation, and their table."""

import os
import sys
import tempfile
from pathlib import Path
from secrets import token_hex

import msgspec
import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for hostile_stage and attack_table

from hostile_stage import (
    HONEST,
    KEY,
    LIMITS,
    ROOT,
    SPECS,
    TIGHT_LIMITS,
    Listener,
    Run,
    Stage,
    is_tight,
    parameters_of,
    prepare_attacks,
)

from tests.boards import score
from zcnas.isolation.bubblewrap import BubblewrapIsolation
from zcnas.isolation.process import ProcessIsolation
from zcnas.organiser.competition import Competition, load_halves
from zcnas.phases import load_phase
from zcnas.words.records import Architecture, BenchmarkInput, Reference, write_json


@pytest.fixture(scope="session")
def stage(tmp_path_factory) -> Stage:
    folder = tmp_path_factory.mktemp("hostile")
    secret = f"zcnas-truth-{token_hex(16)}"
    practice = load_phase(ROOT / "reference_data" / "phases.toml", "practice")
    phase = msgspec.structs.replace(
        practice, benchmarks=(KEY,), architectures=len(SPECS), limits=LIMITS
    )
    tokens = [token_hex(8) for _ in SPECS]
    architectures = tuple(
        Architecture(token, str(spec)) for token, spec in zip(tokens, SPECS, strict=True)
    )
    data = BenchmarkInput(
        benchmark=KEY,
        search_space="nasbench201",
        dataset="cifar10",
        batch_size=4,
        eval_seed=7,
        architectures=architectures,
    )
    reference = Reference(
        benchmark=KEY,
        metric="test accuracy",
        unit="percent",
        source=secret,
        version="1",
        table_sha256="0" * 64,
        accuracies={token: 90.0 - number for number, token in enumerate(tokens)},
    )
    write_json(folder / "input" / f"{KEY}.json", data)
    write_json(folder / "reference" / f"{KEY}.json", reference)
    marks = {path.name: path.read_text() for path in (folder / "reference").iterdir()}
    for name, body in HONEST.items():
        target = folder / "submissions" / name / "predictor.py"
        target.parent.mkdir(parents=True)
        target.write_text(
            "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None):\n"
            f"        {body}\n"
        )
    return Stage(folder, secret, phase, marks)


@pytest.fixture(scope="session")
def sizes(stage) -> list[int]:
    return parameters_of(stage)


@pytest.fixture(
    scope="session",
    params=[
        "process",
        pytest.param("docker", marks=pytest.mark.container),
        pytest.param("bubblewrap", marks=pytest.mark.slow),
    ],
)
def run(request, stage, sizes, tmp_path_factory) -> Run:
    name = request.param
    isolation = {
        "docker": lambda: request.getfixturevalue("docker_isolation"),
        "bubblewrap": BubblewrapIsolation,
        "process": ProcessIsolation,
    }[name]()
    halves = load_halves(stage.phase, stage.folder / "input", stage.folder / "reference", None)
    cpus = sorted(os.sched_getaffinity(0))
    honest = [stage.submissions / name for name in HONEST]
    temporary = stage.folder / f"tmp-{name}"
    temporary.mkdir()
    listener = Listener()
    before = tempfile.tempdir
    os.environ["ZCNAS_HOSTILE_TRUTH"] = stage.secret
    tempfile.tempdir = str(temporary)
    try:
        alone_folder = stage.folder / f"alone-{name}"
        alone = score(Competition(stage.phase, halves, isolation, cpus, alone_folder), honest)
        attacks = prepare_attacks(stage, name, sizes, listener.port)
        results = stage.results(name)
        ample = [folder for folder in attacks if not is_tight(folder.name)]
        middle = len(ample) // 2
        mixed = [*ample[:middle], *honest, *ample[middle:]]
        board = score(Competition(stage.phase, halves, isolation, cpus, results / "ample"), mixed)
        strict = msgspec.structs.replace(stage.phase, limits=TIGHT_LIMITS)
        tight = score(
            Competition(strict, halves, isolation, cpus, results / "tight"),
            [folder for folder in attacks if is_tight(folder.name)],
        )
    finally:
        tempfile.tempdir = before
        del os.environ["ZCNAS_HOSTILE_TRUTH"]
        listener.close()
    return Run(
        stage=stage,
        isolation=name,
        alone=alone,
        board=board,
        tight=tight,
        results=results,
        results_alone=alone_folder,
        left_processes=[
            " ".join(process.info["cmdline"])
            for process in psutil.process_iter(["cmdline"])
            if any(str(temporary) in part for part in process.info["cmdline"] or [])
        ],
        left_files=[path.name for path in temporary.iterdir()],
        connections=listener.connections,
    )


def pytest_terminal_summary(terminalreporter):
    """Print the table of attacks with what came of each."""
    rows: dict[str, dict[str, str]] = {}
    for category in ("passed", "failed"):
        for report in terminalreporter.stats.get(category, []):
            for key, value in report.user_properties:
                if key == "attack":
                    name, isolation, outcome = value
                    rows.setdefault(name, {})[isolation] = (
                        outcome if category == "passed" else f"FAILED: {outcome}"
                    )
    if rows:
        terminalreporter.section("attacks and their outcomes")
        line = "{:<28} {:<30} {:<30} {}"
        places = ("in a container", "in a sandbox", "in a plain process")
        terminalreporter.write_line(line.format("attack", *places))
        order = ("docker", "bubblewrap", "process")
        for name, outcomes in sorted(rows.items()):
            cells = [outcomes.get(place, "not run") for place in order]
            terminalreporter.write_line(line.format(name, *cells))
