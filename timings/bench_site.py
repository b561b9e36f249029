"""Measures a large competition's site: seconds, megabytes, the browser's time to the first row.

Writes results of S submissions on all 28 benchmarks with N architectures as scoring would,
publishes them on one core, and opens the ranking in headless Chromium if it is installed. The last
line is how much longer matplotlib takes for one scatter plot: why we write these ourselves.

    python timings/bench_site.py [S] [N]
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is imported

import io
import shutil
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np
import psutil

from zcnas.benchmarks import BENCHMARKS
from zcnas.judging.judge import judge
from zcnas.organiser.results.contest import read_contest
from zcnas.organiser.results.folder import (
    BenchmarkBinding,
    ResultsFolder,
    RunRecord,
    SubmissionRecord,
)
from zcnas.organiser.results.publishing import publish
from zcnas.pages.small_figures import scatter_figure
from zcnas.phases import load_phase
from zcnas.words.records import Prediction, Reference
from zcnas.words.result_files import ResultFiles

ROOT = Path(__file__).resolve().parents[1]
SUBMISSIONS, ARCHITECTURES = 1000, 100
ARGUMENTS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync"
FIRST_ROW = """(() => {
    const look = () => {
        const row = document.querySelector("#board tbody tr");
        if (row && row.getBoundingClientRect().height > 0) window.firstRow = performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})()"""
"""Records when a frame first shows the ranking's first row, in ms since navigation."""


def write_run(out, phase, submissions, architectures):
    """Write a run of noisy submissions, and return its folder and the references."""
    rng = np.random.default_rng(0)
    references = {}
    for key in phase.benchmarks:
        values = rng.normal(90, 3, architectures).round(3).tolist()
        tokens = [f"{token:016x}" for token in rng.integers(0, 2**63, architectures)]
        references[key] = Reference(
            benchmark=key, metric="m", unit="percent", source="s", version="1", table_sha256="0",
            accuracies=dict(zip(tokens, values, strict=True)),
        )  # fmt: skip
    results = ResultsFolder(out)
    binding = BenchmarkBinding(
        input_sha256="", minibatch_sha256="", data_source="synthetic", limits=phase.limits,
        architectures=architectures,
    )  # fmt: skip
    results.bind(
        RunRecord(
            phase="full", isolation="docker", isolation_description="docker", program_sha256="",
            image="", benchmarks=dict.fromkeys(phase.benchmarks, binding),
        )
    )  # fmt: skip
    for number in range(submissions):
        name = f"submission{number:04d}"
        folder = results.open_submission(
            SubmissionRecord(name=name, sha256="", refusal="", position=number)
        )
        noise = rng.uniform(1, 12)
        for key, reference in references.items():
            truth = list(reference.accuracies.values())
            scores = (np.array(truth) + rng.normal(0, noise, architectures)).tolist()
            times = rng.uniform(0.05, 0.4, architectures).round(6).tolist()
            lines = [
                msgspec.json.encode(
                    Prediction(
                        id=token, status="ok", score=score, wall_time_s=seconds,
                        cpu_time_s=seconds, peak_memory_mb=240.312,
                    )
                )
                for token, score, seconds in zip(reference.accuracies, scores, times, strict=True)
            ]  # fmt: skip
            content = b"\n".join(lines) + b"\n"
            ResultFiles(folder, key).predictions.write_bytes(content)
    return results, references


def open_ranking(page):
    """Return milliseconds to the first row, the browser's CPU time until loaded, and the rows."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS.split()
        )
        times = []
        for _ in range(5):
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            tab.add_init_script(FIRST_ROW)
            before = browser_cpu_s()
            tab.goto(page.as_uri())
            tab.wait_for_function("window.firstRow")
            times.append((tab.evaluate("window.firstRow"), 1000 * (browser_cpu_s() - before)))
            rows = tab.locator("#board tbody tr").count()
            tab.close()
        browser.close()
    return *sorted(times)[2], rows


def browser_cpu_s():
    """Return the CPU seconds that this process's living descendants have used."""
    times = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return sum(each.user + each.system for each in times)


def scatter_ratio():
    """Return how many times longer matplotlib takes for one scatter plot of 100 points."""
    from matplotlib.figure import Figure

    ranks = np.random.default_rng(0).permutation(100).astype(np.int32)
    begin = time.perf_counter()
    for _ in range(200):
        scatter_figure(ranks, ranks < 0, "text")
    by_hand = (time.perf_counter() - begin) / 200
    begin = time.perf_counter()
    for _ in range(10):
        canvas = Figure(figsize=(2, 2))
        canvas.add_subplot().plot(ranks, "o")
        canvas.savefig(io.BytesIO(), format="svg")
    return (time.perf_counter() - begin) / 10 / by_hand


def main():
    """Print seconds, megabytes, milliseconds, and the ratio."""
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cpus)})
    sizes = [int(argument) for argument in sys.argv[1:]] or [SUBMISSIONS, ARCHITECTURES]
    phase = load_phase(ROOT / "reference_data" / "phases.toml", "full")
    phase = msgspec.structs.replace(phase, benchmarks=tuple(BENCHMARKS))
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary)
        results, references = write_run(out, phase, *sizes)
        begin, cpu = time.perf_counter(), time.process_time()
        publish(judge(read_contest(results, phase, references)), phase, results)
        seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
        pages = list((out / "leaderboard").iterdir())
        size = sum(page.stat().st_size for page in pages) / 1e6
        largest = max(pages, key=lambda page: page.stat().st_size)
        print(
            f"{sizes[0]} submissions x {len(phase.benchmarks)} benchmarks x N = {sizes[1]}: "
            f"{len(pages)} pages in {seconds:.1f} s ({cpu:.1f} s CPU), {size:.1f} MB, "
            f"the largest {largest.name} {largest.stat().st_size / 1e6:.2f} MB"
        )
        if shutil.which("chromium"):
            os.sched_setaffinity(0, cpus)
            milliseconds, busy, rows = open_ranking(out / "leaderboard" / "index.html")
            print(
                f"ranking of {rows} rows in Chromium: first row after {milliseconds:.0f} ms, "
                f"{busy:.0f} ms of CPU of all its processes until loaded"
            )
    print(f"{scatter_ratio():.0f}x")


if __name__ == "__main__":
    main()
