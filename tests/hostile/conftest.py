"""One competition of all attacks and two honest submissions per isolation, and their table."""

import os
from collections.abc import Iterable

import pytest

from zcnas.isolation.bubblewrap import BubblewrapIsolation
from zcnas.isolation.process import ProcessIsolation
from zcnas.organiser.attack_table.rows import ATTACKS
from zcnas.organiser.attack_table.stage import Stage, make_stage
from zcnas.organiser.attack_table.suite import Run, run_attacks


def chosen_attacks() -> Iterable[str]:
    """Return the attacks that are run: all, or those that ``ZCNAS_ATTACKS`` names."""
    named = [name for name in os.environ.get("ZCNAS_ATTACKS", "").split(",") if name]
    return tuple(named or ATTACKS)


@pytest.fixture(scope="session")
def stage(tmp_path_factory) -> Stage:
    return make_stage(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(
    scope="session",
    params=[
        "process",
        pytest.param("docker", marks=pytest.mark.container),
        pytest.param("bubblewrap", marks=pytest.mark.slow),
    ],
)
def run(request, stage) -> Run:
    isolation = {
        "docker": lambda: request.getfixturevalue("docker_isolation"),
        "bubblewrap": BubblewrapIsolation,
        "process": ProcessIsolation,
    }[request.param]()
    return run_attacks(stage, isolation, sorted(os.sched_getaffinity(0)), chosen_attacks())


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
