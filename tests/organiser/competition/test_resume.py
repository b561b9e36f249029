"""The same command again: what was finished is kept, whatever ended the run before."""

import contextlib
import json
import random
import re
import shutil
import signal
import subprocess
import time
from collections import Counter

import psutil
import pytest

from tests.patience import WAIT_S, wait_until
from zcnas.organiser.competition.predictions_file import PredictionsFile
from zcnas.words.records import read_input, read_predictions

from .conftest import KEYS, outcome


def finish(process):
    _, errors = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, errors


def done_lines(out):
    """Return (submission, benchmark, id) of every complete line on disk."""
    return {
        (path.parent.name, path.name.removesuffix(".predictions.jsonl"), prediction.id)
        for path in out.glob("submissions/*/*.predictions.jsonl")
        for prediction in read_predictions(path)
    }


def queries(asked, light_phase):
    """Return (submission, benchmark, id) of every query the workers have seen."""
    ids = {
        (key, entry.spec): entry.id
        for key in KEYS
        for entry in read_input(light_phase / "in" / f"{key}.json").architectures
    }
    if not asked.exists():
        return []
    rows = [line.split(" ", 2) for line in asked.read_text().splitlines()]
    return [(name, key, ids[key, spec]) for name, key, spec in rows]


class Strikes:
    """What ends a run, or part of it, at a moment nobody chose."""

    def __init__(self, moments, generator, disk):
        self.random = generator
        self.disk = disk
        self.done = Counter()
        third = "disk" if disk.is_mount() else "command"
        quarter = moments // 4
        self.left = ["command"] * (moments - 2 * quarter) + ["worker", third] * quarter

    def strike(self, process, process_struck):
        """Strike once; a worker lost twice on one query would be charged, so once per process."""
        kinds = [kind for kind in self.left if kind != "worker" or kind not in process_struck]
        kind = self.random.choice(kinds or ["command"])
        if kind == "command":
            process.send_signal(signal.SIGKILL)
            process.communicate()
        elif kind == "worker":
            with contextlib.suppress(psutil.NoSuchProcess):
                workers = psutil.Process(process.pid).children()
                if not workers:
                    return
                self.random.choice(workers).kill()
        else:
            filler = self.disk / "filler"
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            time.sleep(self.random.uniform(0, 1))
            filler.unlink()
        process_struck.append(kind)
        self.done[kind] += 1
        if kind in self.left:
            self.left.remove(kind)


@pytest.mark.parametrize("moments", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_a_run_struck_at_random_moments_finds_what_an_undisturbed_one_finds(
    light_run, light_phase, small_disk, tmp_path, moments
):
    """Kills the command and its workers and fills the disk; the containers' engine and a cluster's
    scheduler have tests of their own."""
    begin = time.monotonic()
    finish(light_run(tmp_path / "undisturbed"))
    length = time.monotonic() - begin
    expected = outcome(tmp_path / "undisturbed")
    strikes = Strikes(moments, random.Random(20), small_disk)
    asked = tmp_path / "asked"
    kept = runs = 0
    while strikes.left:
        out = small_disk / f"struck{runs}"
        runs += 1
        finished = False
        while not finished:
            asked.unlink(missing_ok=True)
            process = light_run(out)
            struck = []
            while True:
                done, seen = done_lines(out), len(queries(asked, light_phase))
                wait = strikes.random.uniform(0, length) if strikes.left else WAIT_S
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.communicate(timeout=wait)
                again = done & set(queries(asked, light_phase)[seen:])
                assert not again, "a finished architecture was asked for again"
                assert done <= done_lines(out), "a finished architecture was lost"
                kept += len(done)
                if process.poll() is not None:
                    break
                strikes.strike(process, struck)
            process.stderr.close()
            finished = process.returncode == 0
        assert outcome(out) == expected
        shutil.rmtree(out)
    assert kept > 0, "some strikes came after the first line"
    assert strikes.done.total() >= moments


def test_a_local_run_is_told_and_appends_each_prediction_once_and_writes_nothing_unread(
    light_run, tmp_path
):
    """3 submissions, 2 benchmarks, 15 architectures: 90 predictions."""
    temporary, seen = tmp_path / "temporary", tmp_path / "seen.json"
    temporary.mkdir()
    finish(light_run(tmp_path / "out", SPY=str(seen), TMPDIR=str(temporary)))
    spied = json.loads(seen.read_text())
    assert len(done_lines(tmp_path / "out")) == 90
    assert (spied["told"], spied["appended"]) == (90, 90)
    written = {path for path in spied["written"] if path.startswith(f"{temporary}/zcnas-")}
    assert written, "the spy sees files that are written"
    for_workers = re.compile("/program/|/zcnas-job-[^/]*/submission/|[.]lock$|/owner$")
    unread = {path for path in written - set(spied["read"]) if not for_workers.search(path)}
    assert unread == set()
    assert not [path for path in written if path.endswith((".jsonl", ".log", ".json"))]


@pytest.mark.slow
def test_48_shards_in_any_order_find_what_6_jobs_find(light_run, tmp_path):
    finish(light_run(tmp_path / "whole"))
    finish(light_run(tmp_path / "shards", SHARD="2"))
    assert outcome(tmp_path / "shards") == outcome(tmp_path / "whole")


def test_a_finished_run_given_again_asks_for_nothing(light_run, light_phase, tmp_path):
    finish(light_run(tmp_path / "out"))
    found = outcome(tmp_path / "out")
    (tmp_path / "asked").unlink()
    finish(light_run(tmp_path / "out"))
    assert queries(tmp_path / "asked", light_phase) == []
    assert outcome(tmp_path / "out") == found


def test_a_torn_last_line_is_cut_off_and_asked_again(light_run, light_phase, tmp_path):
    finish(light_run(tmp_path / "out"))
    found = outcome(tmp_path / "out")
    path = tmp_path / "out" / "submissions" / "ada" / f"{KEYS[0]}.predictions.jsonl"
    path.write_bytes(path.read_bytes()[:-7])
    (tmp_path / "asked").unlink()
    finish(light_run(tmp_path / "out"))
    assert len(queries(tmp_path / "asked", light_phase)) == 1
    assert outcome(tmp_path / "out") == found


def test_a_submission_handed_in_again_is_scored_anew_and_no_other(light_run, light_phase, tmp_path):
    finish(light_run(tmp_path / "out"))
    with (tmp_path / "submissions" / "grace" / "predictor.py").open("a") as source:
        source.write("# a better one\n")
    (tmp_path / "asked").unlink()
    finish(light_run(tmp_path / "out"))
    assert {name for name, _, _ in queries(tmp_path / "asked", light_phase)} == {"grace"}


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ("query_cpu_s = 20", "query_cpu_s = 30", "query_cpu_s was 20 there and is 30 now"),
        ("memory_mb = 4096", "memory_mb = 2048", "memory_mb was 4096 there and is 2048 now"),
    ],
)
def test_other_limits_are_refused_with_the_difference_and_the_ways_out(
    light_run, light_phase, tmp_path, old, new, difference
):
    finish(light_run(tmp_path / "out"))
    found = outcome(tmp_path / "out")
    phases = light_phase / "phases.toml"
    phases.write_text(phases.read_text().replace(old, new, 1))
    refused = light_run(tmp_path / "out")
    _, errors = refused.communicate(timeout=WAIT_S)
    assert refused.returncode == 1
    assert "ResultsError" in errors
    assert f"{KEYS[0]}: {difference}" in errors
    assert "another --out" in errors
    assert "--anew" in errors
    assert outcome(tmp_path / "out") == found


def test_two_runs_do_not_write_to_one_folder(light_run, tmp_path):
    first = light_run(tmp_path / "out")
    wait_until((tmp_path / "out" / "run.json").exists, "the first run never starts")
    first.send_signal(signal.SIGSTOP)  # or it might be finished before the second has started
    second = light_run(tmp_path / "out")
    _, errors = second.communicate(timeout=WAIT_S)
    assert second.returncode == 1
    assert "another run is writing to" in errors
    first.send_signal(signal.SIGCONT)
    finish(first)


def test_the_benchmarks_time_runs_out_at_the_same_place_however_it_was_sharded(
    light_phase, tmp_path
):
    """Three seconds each under a limit of ten: the fifth begins after twelve."""
    import msgspec

    from zcnas.phases import load_phase
    from zcnas.words.records import Prediction

    data = read_input(light_phase / "in" / f"{KEYS[0]}.json")
    limits = load_phase(light_phase / "phases.toml", "practice").limits
    limits = msgspec.structs.replace(limits, benchmark_cpu_s=10)
    ids = [entry.id for entry in data.architectures]
    shuffled = random.Random(1).sample(ids, len(ids))
    path = tmp_path / "predictions.jsonl"
    file = PredictionsFile(path, data.benchmark, (each.id for each in data.architectures))
    for token in shuffled:
        file.append(Prediction(id=token, status="ok", score=1.0, cpu_time_s=3.0, wall_time_s=3.0))
    assert file.used_before(ids[4]) == (12.0, 12.0)
    file.finish(limits)
    found = read_predictions(path)
    assert [prediction.id for prediction in found] == ids
    assert [prediction.status for prediction in found] == ["ok"] * 4 + ["not_reached"] * 11
