"""Measures a board that is made again after one new entry: CPU seconds, process start included.

Publishes S - 1 submissions on all 28 benchmarks with N architectures, adds the last one, and has a
new process make the board again, several times from the same state. On an idle core the CPU time is
what an organiser waits.

    python timings/bench_republish.py [S] [N]
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is imported

import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
from bench_site import ROOT, write_run

from zcnas.benchmarks import BENCHMARKS
from zcnas.judging.judge import judge
from zcnas.organiser.results.contest import read_contest
from zcnas.organiser.results.folder import CACHE, ResultsFolder
from zcnas.organiser.results.publishing import SiteOptions, publish
from zcnas.phases import load_phase
from zcnas.words.records import read_reference, write_json

SUBMISSIONS, ARCHITECTURES, TIMES = 200, 100, 5
AGAIN = "--again"


def make_board(out):
    """Judge and publish a run, with what its cache holds."""
    phase = load_phase(ROOT / "reference_data" / "phases.toml", "full")
    phase = msgspec.structs.replace(phase, benchmarks=tuple(BENCHMARKS))
    references = {key: read_reference(out / "truth" / f"{key}.json") for key in phase.benchmarks}
    results = ResultsFolder(out / "run")
    cache = results.cache
    judgement = judge(read_contest(results, phase, references), cache=cache)
    publish(judgement, phase, results, SiteOptions(cache=cache))


def cpu_s_of_child(out):
    """Return the CPU seconds of a process that makes the board."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, __file__, AGAIN, str(out)], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main():
    """Print the CPU seconds for all entries, for one more, and for none."""
    sizes = [int(argument) for argument in sys.argv[1:]] or [SUBMISSIONS, ARCHITECTURES]
    phase = load_phase(ROOT / "reference_data" / "phases.toml", "full")
    phase = msgspec.structs.replace(phase, benchmarks=tuple(BENCHMARKS))
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary)
        results, references = write_run(out / "run", phase, *sizes)
        for key, reference in references.items():
            write_json(out / "truth" / f"{key}.json", reference)
        last = max((results.path / "submissions").iterdir())
        aside = shutil.move(last, out / "aside")
        first = cpu_s_of_child(out)
        shutil.move(aside, last)
        shutil.copytree(results.path / CACHE, out / "cache")
        more = []
        for _ in range(TIMES):
            shutil.rmtree(results.path / CACHE)
            shutil.copytree(out / "cache", results.path / CACHE)
            more.append(cpu_s_of_child(out))
        nothing = cpu_s_of_child(out)
    print(
        f"{sizes[0]} submissions x {len(phase.benchmarks)} benchmarks x N = {sizes[1]}: "
        f"all but one {first:.1f} s of CPU, one more {min(more):.2f} to {max(more):.2f} s, "
        f"nothing new {nothing:.2f} s"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == [AGAIN]:
        make_board(Path(sys.argv[2]))
    else:
        main()
