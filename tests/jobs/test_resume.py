"""A toy kind of work through both pools: killed in the middle, resumed, each unit done once."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.clusters import Cluster, certificate_settings
from tests.patience import WAIT_S, wait_until
from zcnas.jobs import Event, read_events
from zcnas.jobs.events import EVENTS
from zcnas.jobs.status import job_statuses

HERE = Path(__file__).parent
NUMBERS = {"low": range(40), "high": range(100, 140)}
KILLS = 3


class Ranged(Event, frozen=True, kw_only=True):
    """An event of the toy."""

    range: str = ""


@pytest.fixture(params=["local", "cluster"])
def start(request, authorities, tmp_path):
    """A function that starts the toy on a folder, on threads or on a cluster of real workers."""
    environment, address, running = dict(os.environ), [], None
    places = [str(HERE), os.environ.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(places)
    if request.param == "cluster":
        certificates = certificate_settings(authorities[0])
        running = Cluster(tmp_path, {**environment, **certificates})
        environment, address = running.environment, [running.address]

    def run(folder):
        return subprocess.Popen(
            [sys.executable, HERE / "squares.py", folder, *address],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    yield run
    if running:
        running.close()


def lines_of(folder):
    """Return the numbers of every complete line on disk."""
    return [
        json.loads(line)["number"]
        for name in NUMBERS
        if (folder / f"{name}.jsonl").exists()
        for line in (folder / f"{name}.jsonl").read_text().split("\n")[:-1]
    ]


def asked_of(folder):
    path = folder / "asked"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def statuses_of(folder):
    return job_statuses(read_events(folder / EVENTS, Ranged), lambda event: event.range)


def test_a_toy_killed_three_times_is_resumed_and_does_each_unit_once(start, tmp_path):
    folder, generator = tmp_path / "out", random.Random(3)
    folder.mkdir()
    for _ in range(KILLS):
        before, seen = set(lines_of(folder)), len(asked_of(folder))
        process, new = start(folder), generator.randint(1, 8)
        wanted = len(before) + new
        wait_until(
            lambda: len(lines_of(folder)) >= wanted or process.poll() is not None,  # noqa: B023
            "no progress",
        )
        assert process.poll() is None, process.communicate()[1]
        process.send_signal(signal.SIGSTOP)  # or it might finish before it is looked at
        assert any(status.running for status in statuses_of(folder).values())
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not before & set(asked_of(folder)[seen:]), "what was done was asked again"
        assert before <= set(lines_of(folder)), "what was done was lost"
    kept, seen = set(lines_of(folder)), len(asked_of(folder))
    with (folder / "low.jsonl").open("a") as torn:
        torn.write('{"number": 39, "squ')
    process = start(folder)
    _, errors = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, errors

    assert not kept & set(asked_of(folder)[seen:])
    for name, numbers in NUMBERS.items():
        rows = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
        assert Counter(row["number"] for row in rows) == Counter(numbers)
        assert all(row["square"] == row["number"] ** 2 for row in rows)
    events = read_events(folder / EVENTS, Ranged)
    assert Counter(event.event for event in events)["run_started"] == KILLS + 1
    assert events[-1].event == "run_finished"
    failed = [event for event in events if event.event == "job_failed"]
    assert [(event.range, event.message) for event in failed] == [
        ("high", "138 is too much for this machine")
    ]
    assert all((s.running, s.failure) == (0, "") for s in statuses_of(folder).values())

    process, seen = start(folder), len(asked_of(folder))
    _, errors = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, errors
    assert asked_of(folder)[seen:] == [], "a finished run given again asks for nothing"
