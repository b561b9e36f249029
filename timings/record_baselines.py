"""Records a phase's baselines from a run of all samples, as `make baselines` does.

    python timings/record_baselines.py OUT

Writes docs/baselines.json, the leaderboard of that run; docs/baselines.md, the same as a table;
reference_data/<phase>/baselines.json, the taus that stand beside a participant's on a platform; and
docs/baseline_scores.json, every score, for the pages of a participant's own run.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from zcnas.errors import PredictionError
from zcnas.judging.leaderboard import Leaderboard
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.pages.environment import format_interval, format_tau
from zcnas.participant.baselines import SCORES, record_scores
from zcnas.words.records import read_input, read_json, read_reference, write_json
from zcnas.words.resources import public_halves
from zcnas.words.text import plural

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "docs" / "baselines.json"
TABLE = ROOT / "docs" / "baselines.md"


def taus_of(board: Leaderboard) -> dict[str, dict[str, float]]:
    """Return the taus by baseline and benchmark, to the four decimals a page shows."""
    return {
        entry.submission: {key: round(tau, 4) for key, tau in entry.kendall_tau.items()}
        for entry in sorted(board.entries, key=lambda entry: entry.submission)
        if entry.status == "scored"
    }


def table_of(board: Leaderboard, architectures: int) -> str:
    """Return the leaderboard as a Markdown page with one table.

    Args:
        board: With intervals and rank groups.
        architectures: N of a benchmark.
    """
    images = "; ".join(dict.fromkeys(board.data_sources.values()))
    heads = ["rank", "group", "baseline", "score", "95 % interval"]
    heads += [*board.benchmarks, "failed", "CPU s per architecture"]
    lines = [
        f"# Baselines on the {board.phase} phase",
        "",
        f"{plural(len(board.entries), 'baseline')} on {plural(len(board.benchmarks), 'benchmark')} "
        f"with {architectures} architectures each: sample submissions, and the vote of three. "
        "Samples that were written later are among the [published proxies](published_proxies.md). "
        f"Isolation: {board.isolation}. Images: {images}.",
        "",
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
    ]
    queries = architectures * len(board.benchmarks)
    for entry in board.entries:
        cells = [
            f"{entry.rank}",
            f"{entry.rank_group}",
            f"`{entry.submission}`",
            f"**{format_tau(entry.score)}**",
            format_interval(entry.score_interval),
            *(format_tau(entry.kendall_tau[key]) for key in board.benchmarks),
            f"{sum(entry.failures.values())}",
            f"{entry.cpu_time_s / queries:.2g}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "The score is the mean tau-b. The entries of a group cannot be distinguished from its "
        "first entry with this sample of",
        "architectures. [`leaderboard.md`](leaderboard.md) explains the numbers, "
        "`make site` draws their leaderboard,",
        "and [`baselines.json`](baselines.json) has all digits and the SHA-256 of each sample as "
        "it was scored. `vote` is not a",
        "submission: it is the pairwise majority of `synflow`, `jacov` and `snip`, derived from "
        "their scores. CPU times were measured",
        "with other work running on the machine.",
        "",
        "Written by `make baselines`; for another phase: `make score PHASE=… "
        "SUBMISSIONS=starting_kit/submissions`.",
    ]
    return "\n".join(lines) + "\n"


def write_scores(board: Leaderboard, results: ResultsFolder) -> None:
    """Write every score of a run's entries in the order of the draw."""
    inputs, _ = public_halves(board.phase)
    ids = {
        key: [each.id for each in read_input(inputs / f"{key}.json").architectures]
        for key in board.benchmarks
    }
    folders = {
        entry.submission: (entry.method, results.folder_of(entry.submission))
        for entry in board.entries
        if entry.status == "scored"
    }
    record = record_scores(board.phase, ids, folders)
    (ROOT / SCORES).write_bytes(msgspec.json.encode(record) + b"\n")


def main() -> None:
    """Read a run and write the records."""
    results = ResultsFolder(Path(sys.argv[1]))
    board = read_json(results.path / "leaderboard.json", Leaderboard, PredictionError)
    folder = ROOT / "reference_data" / board.phase
    truth = read_reference(folder / f"{board.benchmarks[0]}.json")
    write_json(RECORD, board)
    TABLE.write_text(table_of(board, len(truth.accuracies)), encoding="utf-8")
    write_json(folder / "baselines.json", taus_of(board))
    write_scores(board, results)


if __name__ == "__main__":
    main()
