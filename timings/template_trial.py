"""Tries one sandbox per submission whose benchmarks are forks of an imported template.

    python timings/template_trial.py [back end ...] [--rounds 6]

A real sandbox of each back end runs ``template/worker.py`` in place of the worker's program: it has
imported what a worker imports and nothing of a submission, is confined, and serves benchmarks from
forks. In one run this prints, per back end,

* the wall and CPU seconds from asking for a benchmark until its worker is ready for the first query
  (submission loaded, set up), by a fork and by a fresh sandbox, alternating;
* what a submission, ``template/submission``, reaches in its set-up and in a query: the template
  (signals, memory, tracing), on this kernel and as before Linux 6.12, and what the next benchmark
  sees of the one before: files, kernel objects, processes, numbers that count, addresses.

docs/architecture.md says what was concluded. The last line is the ratio of the CPU seconds of a
fork and of a fresh sandbox, in the last back end.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path

from zcnas.benchmarks import get_benchmark
from zcnas.datasets import load_minibatch
from zcnas.ingestion.conversation import Conversation
from zcnas.isolation import WorkerPlace
from zcnas.isolation.choice import open_isolation
from zcnas.isolation.probes import PROBES
from zcnas.isolation.program import stage_worker
from zcnas.phases import load_phase
from zcnas.words.records import read_input
from zcnas.worker.channel import HELLO_NONCE, NONCE_BYTES, Query, Setup

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = Path(__file__).parent / "template"
KEYS = ("nasbench201_cifar10", "nasbench201_cifar100", "nasbench201_imagenet16_120")
FORK, FORK_OF_OLDER_KERNEL = b"7", b"5"
END = b"\xff" * 4
"""Announces a frame that is too long, on which a worker ends."""


class Trial:
    """Sandboxes of one back end and one submission; what their processes printed is kept.

    Args:
        isolation: The back end.
        program: The folder the sandboxes start from.
        submission: The participant's folder.
    """

    def __init__(self, isolation, program, submission):
        self._log = bytearray()
        limits = load_phase(ROOT / "reference_data" / "phases.toml", "practice").limits
        cpu = max(os.sched_getaffinity(0))
        self._place = WorkerPlace(program, submission, cpu, limits, self._log.extend)
        self._isolation = isolation
        self._conversation = Conversation(threading.Event())

    def start(self):
        """Start a sandbox."""
        self._conversation.begin(self._isolation.start(self._place))

    def fork(self, asked=FORK):
        """Ask the template for a benchmark's worker."""
        os.write(self._conversation.worker.stdin, asked)

    def until_ready(self, setup):
        """Wait until a worker has loaded the submission."""
        for nonce, request in ((HELLO_NONCE, None), (setup.nonce, setup.encode())):
            self._expect(self._conversation.exchange(nonce, request, 600))

    def query(self, query):
        """Ask for one architecture."""
        self._expect(self._conversation.exchange(query.nonce, query.encode(), 600))

    def _expect(self, answer):
        if answer.status != "ok":
            said = self._log.decode(errors="replace")
            raise SystemExit(f"{self._isolation.name}: {answer.status} {answer.message}\n{said}")

    def end_fork(self):
        """End the worker that the template has forked."""
        os.write(self._conversation.worker.stdin, END)
        time.sleep(0.5)  # the template clears up

    def stop(self):
        """End the sandbox."""
        self._conversation.stop()

    def cpu_s(self):
        """Return the CPU seconds of all sandboxes so far."""
        return self._conversation.cpu_time_s()

    def seen(self):
        """Return what the submission printed, in order."""
        lines = self._log.decode(errors="replace").splitlines()
        return [json.loads(line[5:]) for line in lines if line.startswith("SEEN ")]


def requests_of(key):
    """Return a set-up and a query of a benchmark."""
    data = read_input(ROOT / "starting_kit" / "input_data" / f"{key}.json")
    made = load_minibatch(get_benchmark(key), data.batch_size, data.eval_seed, None)
    nonces = (os.urandom(NONCE_BYTES), os.urandom(NONCE_BYTES))
    setup = Setup(nonces[0], key, 1, 600, 600, 4096, made.inputs, made.targets)
    return setup, Query(nonces[1], 1, str(data.architectures[0].spec))


def timed(isolation, programs, submission, rounds):
    """Return wall and CPU seconds until ready, of forks and of fresh sandboxes."""
    template, fresh = (Trial(isolation, program, submission) for program in programs)
    template.start()
    found = {"fork": [], "fresh": []}
    for number in range(-1, rounds):  # the first fork waits for the template's imports
        setup, _ = requests_of(KEYS[number % len(KEYS)])
        for name, trial, begin in (
            ("fork", template, template.fork),
            ("fresh", fresh, fresh.start),
        ):
            before, at = trial.cpu_s(), time.monotonic()
            begin()
            trial.until_ready(setup)
            if number >= 0:
                found[name].append((time.monotonic() - at, trial.cpu_s() - before))
            (template.end_fork if name == "fork" else fresh.stop)()
    template.stop()
    return found


def probed(isolation, programs, submission):
    """Return what two forks, a fork as on an older kernel, and two fresh sandboxes see."""
    template, fresh = (Trial(isolation, program, submission) for program in programs)
    template.start()
    for key, asked in zip(KEYS, (FORK, FORK, FORK_OF_OLDER_KERNEL), strict=True):
        setup, query = requests_of(key)
        template.fork(asked)
        template.until_ready(setup)
        template.query(query)
        template.end_fork()
    template.stop()
    for key in KEYS[:2]:
        setup, query = requests_of(key)
        fresh.start()
        fresh.until_ready(setup)
        fresh.query(query)
        fresh.stop()
    return template.seen(), fresh.seen()


def told(times):
    """Return a median with the smallest and the largest."""
    return f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})"


def main():
    """Print both tables for each back end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("backends", nargs="*", default=["bubblewrap", "docker", "process"])
    parser.add_argument("--rounds", type=int, default=6)
    arguments = parser.parse_args()
    print(f"Linux {platform.release()}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as temporary:
        Path(temporary).chmod(0o755)
        folder = Path(temporary)
        programs = [stage_worker(folder / name) for name in ("template", "fresh")]
        honest = shutil.copytree(PROBES / "canary", folder / "honest")
        probing = shutil.copytree(TEMPLATE / "submission", folder / "probing")
        (programs[0] / "worker.py").rename(programs[0] / "served.py")
        shutil.copy(TEMPLATE / "worker.py", programs[0])
        for backend in arguments.backends:
            isolation = open_isolation(backend, print)
            found = timed(isolation, programs, honest, arguments.rounds)
            for name, times in found.items():
                wall, cpu = zip(*times, strict=True)
                print(f"{backend:10} {name:5}: ready after {told(wall)} s, CPU {told(cpu)} s")
            seen = probed(isolation, programs, probing)
            for name, lines in zip(found, seen, strict=True):
                for each in lines:
                    print(f"{backend:10} {name:5}: {json.dumps(each)}", flush=True)
    fork, fresh = (statistics.median(cpu for _, cpu in found[name]) for name in found)
    print(f"{fork / fresh:.2f}x")


if __name__ == "__main__":
    main()
