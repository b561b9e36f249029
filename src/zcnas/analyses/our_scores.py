"""Our own scores of tabled architectures: runs that grow the table and resume where they ended.

    plan ──▶ ScoreWork per benchmark, on ``zcnas.jobs`` ──▶ OUT/<benchmark>.jsonl ──▶ OUT/table

A unit is an architecture. It is evaluated in a process of its own job, on one thread, with weights
that depend only on its string, so the scores depend on neither order nor resumption.
``write_table`` makes of the rows the CSV files and the index that
``zcnas.tables.zero_cost_scores`` reads.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec

from zcnas.benchmarks import Benchmark, get_benchmark
from zcnas.datasets import load_minibatch
from zcnas.errors import AnalysisError
from zcnas.isolation.machine import Interruption, cpu_model
from zcnas.jobs.lines import read_lines
from zcnas.jobs.pools import LocalPool
from zcnas.jobs.recorded import Payload, RecordedWork, held, in_own_process, run_works
from zcnas.jobs.work import Report
from zcnas.tables import zero_cost_scores
from zcnas.tables.published_scores import PROXIES
from zcnas.words.seeds import derive_seed

EVAL_SEED = 2022
JOB_UNITS = 10
"""Architectures of one job, which starts a process."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was computed for one architecture: scores (infinities as text), and CPU seconds."""

    architecture: str
    scores: dict[str, float | str]
    seconds: float


@dataclass(frozen=True)
class Terms:
    """What scores depend on, beside the architecture.

    Attributes:
        benchmark: A benchmark's key.
        proxies: Which proxies are computed together.
        batch_size: Of the minibatch.
        data_dir: The folder with images; None for the synthetic fallback.
    """

    benchmark: str
    proxies: tuple[str, ...]
    batch_size: int
    data_dir: Path | None


class ScoreWork(RecordedWork[Row]):
    """The architectures of one benchmark as work for ``zcnas.jobs``.

    Args:
        terms: What the scores depend on.
        architectures: Canonical strings, in the order they are computed.
        folder: Where the rows are.
    """

    def __init__(self, terms: Terms, architectures: Sequence[str], folder: Path) -> None:
        super().__init__(
            rows_path(folder, terms.benchmark),
            Row,
            lambda row: row.architecture,
            architectures,
            {"benchmark": terms.benchmark},
            terms,
        )


def rows_path(folder: Path, benchmark: str) -> Path:
    """Return the file of a benchmark's rows."""
    return folder / f"{benchmark}.jsonl"


def grow(works: Sequence[ScoreWork], folder: Path, slots: int = 1) -> None:
    """Compute what is missing of all works, one after the other; interrupt and repeat freely.

    Raises:
        OrganiserError: Some architectures could not be evaluated; the others are recorded.
        ResultsError: Another run is writing to the folder.
    """
    with held(folder):
        run_works(works, folder, LocalPool(evaluate_job, slots), JOB_UNITS)


def evaluate_job(payload: Payload, report: Report, interrupted: Interruption) -> None:
    """Evaluate the architectures of a job in a new process; report each row as it is done.

    Raises:
        OrganiserError: The process ended early.
    """
    in_own_process(_evaluate, payload, report, interrupted)


def _evaluate(terms: Terms, architectures: Sequence[str], sender: Connection) -> None:
    """Run in the job's process: send a row per architecture."""
    import torch

    from zcnas.proxies import evaluate
    from zcnas.search_spaces import build_network, parse_spec

    torch.set_num_threads(1)
    benchmark = get_benchmark(terms.benchmark)
    images = load_minibatch(benchmark, terms.batch_size, EVAL_SEED, terms.data_dir)
    inputs, targets = torch.from_numpy(images.inputs), torch.from_numpy(images.targets)
    for architecture in architectures:
        torch.manual_seed(derive_seed(EVAL_SEED, benchmark.key, architecture))
        network = build_network(parse_spec(benchmark.search_space, architecture), benchmark)
        start = time.process_time()
        scores = evaluate(network, inputs, targets, terms.proxies)
        seconds = time.process_time() - start
        row = Row(architecture, {k: _as_text(v) for k, v in scores.items()}, round(seconds, 3))
        sender.send_bytes(msgspec.json.encode(row))
    sender.close()


def _as_text(score: float) -> float | str:
    return score if abs(score) < float("inf") else str(score)


def default_proxies(benchmark: Benchmark) -> tuple[str, ...]:
    """Return the proxies that are defined on a benchmark: epe_nas needs classes."""
    classes = benchmark.dataset.target in ("label", "soft_label", "permutation")
    return tuple(proxy for proxy in PROXIES if classes or proxy != "epe_nas")


def write_table(terms: Sequence[Terms], folder: Path, version: str) -> Path:
    """Write the rows of some benchmarks as a table that the package can hold; return its folder.

    Raises:
        AnalysisError: There are no rows yet.
    """
    import torch

    rows_of: dict[str, zero_cost_scores.Rows] = {}
    provenance: dict[str, dict[str, Any]] = {}
    for each in terms:
        path = rows_path(folder, each.benchmark)
        rows = read_lines(path, Row) if path.is_file() else []
        if not rows:
            continue
        rows_of[each.benchmark] = {
            row.architecture: {
                zero_cost_scores.SECONDS: row.seconds,
                **{proxy: float(score) for proxy, score in row.scores.items()},
            }
            for row in rows
        }
        images = load_minibatch(
            get_benchmark(each.benchmark), each.batch_size, EVAL_SEED, each.data_dir
        )
        provenance[each.benchmark] = {
            "images": images.source,
            "batch_size": each.batch_size,
            "initialisation": "PyTorch's default, seed SHA-256(eval seed, benchmark, architecture)",
            "eval_seed": EVAL_SEED,
            "seconds": "CPU time of all proxies together, one core",
            "cpu": cpu_model(),
            "torch": torch.__version__,
        }
    if not rows_of:
        raise AnalysisError(f"there are no scores in {folder} yet; run `zcnas analyse scores`")
    zero_cost_scores.write_scores(rows_of, provenance, version, folder / "table")
    return folder / "table"
