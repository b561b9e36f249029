"""``make soak``: half an hour of runs in which everything that can be killed is killed.

Runs in real containers, on a Dask cluster and on this machine in turn, under a Docker daemon of
the soak's own, with OUT on a small file system. At random moments something is struck: the command,
a worker in its container, a cluster's worker, the scheduler, the daemon, the disk. A supervisor
starts again what is not the command; the command is given again when it has ended without success.
A container is struck again only when a line has come in between: a worker lost twice on one query
is charged to the participant, as it must be. When the time is over, the last run ends in peace.
Every run must find what an undisturbed one finds and keep every line it has written, and every
command that was not killed must end with 0 or 3. The tally comes last; the exit code is 1 if
anything differed.

Needs root, for the daemon and the mount.

Usage: python -m tests.organiser.competition.soak [minutes] [seed]
"""

import collections
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from docker.errors import DockerException

import docker
from tests.organiser.competition.conftest import outcome
from tests.organiser.competition.private_engine import PrivateEngine
from zcnas.isolation.image import IMAGE

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
BENCHMARK = "nasbench201_imagenet16_120"
OUT_KB = 4096
"""Size of the file system OUT is on: ample until a strike fills it."""
PAUSE_S = (3.0, 30.0)
OUTAGE_S = (0.0, 12.0)
RETURNS_BROKEN = """
import os
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        size = sum(p.numel() for p in graph.parameters())
        if size % 3 == 0:
            raise ValueError("a multiple of three")
        if size % 5 == 0:
            os._exit(9)
        return size
"""


class Soak:
    """The parts of a soak and its tally."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.tally = collections.Counter()
        self.folder = Path(tempfile.mkdtemp(prefix="zcnas-soak-"))
        self.out = self.folder / "out"
        self.out.mkdir()
        self.submissions = self.folder / "submissions"
        for name in ("params", "nwot"):
            shutil.copytree(ROOT / "starting_kit" / "submissions" / name, self.submissions / name)
        (self.submissions / "broken").mkdir()
        (self.submissions / "broken" / "predictor.py").write_text(RETURNS_BROKEN)
        self.engine = PrivateEngine(IMAGE)
        self.environment = {
            **os.environ,
            "DOCKER_HOST": self.engine.host,
            "ZCNAS_LOCKS": str(self.folder / "locks"),
        }
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.scheduler_address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self.cluster = {}
        self.differences = []
        self.end = 0.0
        self.lines_at_container_strike = None

    def start_part(self, name):
        """Start the scheduler or one of the cluster's workers."""
        words = ["scheduler", "--host", self.scheduler_address]
        if name != "scheduler":
            words = ["worker", self.scheduler_address, "--nthreads", "1", "--no-nanny"]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.cluster[name] = subprocess.Popen(
                [BIN / "dask", *words, "--dashboard-address", "127.0.0.1:0"],
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def mend(self):
        """Start again whatever of the cluster has ended."""
        for name, process in list(self.cluster.items()):
            if process.poll() is not None:
                self.start_part(name)

    def command(self, scheduler):
        """Start the command of a round."""
        where = ["--scheduler", self.scheduler_address, "--shard", "25"] if scheduler else []
        with (self.folder / "command.log").open("ab") as log:
            return subprocess.Popen(
                [
                    *(BIN / "zcnas", "score", self.submissions, "--benchmark", BENCHMARK),
                    *("--isolation", "docker", "--out", self.out, *where),
                ],
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def round(self, scheduler):
        """Run until the command ends well, striking on the way; return what was found."""
        self.lines_at_container_strike = None
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={OUT_KB}k", "tmpfs", self.out], check=True
        )
        if scheduler:
            for name in ("scheduler", "worker1", "worker2"):
                self.start_part(name)
        try:
            while True:
                kept = self.lines()
                process = self.command(scheduler)
                while process.poll() is None and time.monotonic() < self.end:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(self.random.uniform(*PAUSE_S))
                    if process.poll() is None and time.monotonic() < self.end:
                        self.strike(process, scheduler)
                code = process.wait()
                self.tally["commands"] += 1
                lost = kept - self.lines()
                if lost:
                    self.differences.append(f"{len(lost)} finished lines were lost")
                if code == 0:
                    return outcome(self.out)
                if code not in (3, -signal.SIGKILL):
                    self.differences.append(f"a command ended with {code}: {self.last_words()}")
                self.mend()
        finally:
            for part in self.cluster.values():
                part.kill()
                part.wait()
            self.cluster.clear()
            subprocess.run(["umount", self.out], check=True)

    def last_words(self):
        """Return what the last command said at its end."""
        return (self.folder / "command.log").read_text().strip().splitlines()[-1]

    def lines(self):
        """Return every complete line of predictions on disk."""
        found = set()
        for path in self.out.glob("submissions/*/*.predictions.jsonl"):
            *whole, _ = path.read_bytes().split(b"\n")
            found |= {(path.parent.name, line) for line in whole}
        return found

    def strike(self, process, scheduler):
        """Kill or fill something, and have it back after a while."""
        kinds = ["command", "daemon", "disk"]
        if self.lines() != self.lines_at_container_strike:
            kinds.append("container")
        if scheduler:
            kinds += ["scheduler", "worker1", "worker2"]
        kind = self.random.choice(kinds)
        outage = self.random.uniform(*OUTAGE_S)
        hit = True
        if kind == "command":
            process.send_signal(signal.SIGKILL)
            process.wait()
        elif kind == "container":
            hit = self.kill_a_container()
            self.lines_at_container_strike = self.lines()
        elif kind == "daemon":
            self.engine.kill()
            time.sleep(outage)
            self.engine.start()
        elif kind == "disk":
            filler = self.out / "filler"
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            time.sleep(outage)
            filler.unlink(missing_ok=True)
        else:
            self.cluster[kind].kill()
            self.cluster[kind].wait()
            time.sleep(outage)
        self.tally[f"struck: {kind.rstrip('12')}"] += hit
        self.mend()

    def kill_a_container(self):
        """Kill the first process of a running container from outside; return whether one was."""
        pid = 0
        with contextlib.suppress(DockerException, ProcessLookupError):
            client = docker.DockerClient(self.engine.host)
            running = client.api.containers()
            if running:
                chosen = self.random.choice(running)["Id"]
                pid = client.api.inspect_container(chosen)["State"]["Pid"]
                if pid:
                    os.kill(pid, signal.SIGKILL)
            client.close()
        return bool(pid)

    def left_over(self):
        """Return containers that are still there when nothing runs."""
        client = docker.DockerClient(self.engine.host)
        found = client.api.containers(all=True)
        client.close()
        return found

    def close(self):
        """Give everything back."""
        self.engine.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    """Soak, print the tally, and return the exit code."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 30
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    for number in (signal.SIGINT, signal.SIGTERM):  # in the background, too, it cleans up
        signal.signal(number, lambda *_: sys.exit("stopped"))
    soak, log = Soak(seed), ""
    try:
        expected = soak.round(scheduler=False)
        soak.tally.clear()
        soak.end = time.monotonic() + 60 * minutes
        while time.monotonic() < soak.end:
            scheduler = soak.tally["rounds"] % 2 == 0
            found = soak.round(scheduler)
            soak.tally["rounds"] += 1
            soak.tally["rounds on a cluster"] += scheduler
            for name in sorted(set(found) | set(expected)):
                if found.get(name) != expected.get(name):
                    soak.tally["different"] += 1
                    soak.differences.append(f"round {soak.tally['rounds']}: {name} differs")
                    soak.differences += differing(found.get(name), expected.get(name))
            print(f"round {soak.tally['rounds']}: {dict(soak.tally)}", flush=True)
        soak.tally["containers left"] = len(soak.left_over())
    finally:
        with contextlib.suppress(FileNotFoundError):
            log = (soak.folder / "command.log").read_text()[-3000:]
        soak.close()
    for name, count in sorted(soak.tally.items()):
        print(f"{name:24} {count}")
    for difference in soak.differences:
        print(difference)
    if soak.differences:
        print(log)
    print("every run found what an undisturbed one finds" if not soak.differences else "FAILED")
    return bool(soak.differences)


def differing(found, expected):
    """Return the first lines that differ, in words."""
    if not isinstance(found, list) or not isinstance(expected, list):
        return [f"  {found} instead of {expected}"]
    pairs = zip(found, expected, strict=False)
    return [f"  {one} instead of {other}" for one, other in pairs if one != other][:3]


if __name__ == "__main__":
    sys.exit(main())
