"""What the page of a phase says: benchmarks, limits, what counts, and where all of it ran."""

from __future__ import annotations

from collections.abc import Sequence

from zcnas.judging.leaderboard import Leaderboard
from zcnas.judging.outcomes import Outcomes
from zcnas.pages.titles import benchmark_href, benchmark_title
from zcnas.phases import Limits, Phase
from zcnas.words.records import STATUSES, PublicManifest, Share

COUNTS = {
    "every": "Every entry counts, also several of one team.",
    "best": "Of a team, the best entry counts, of equals the earliest.",
    "last": "Of a team, the last entry that came in counts.",
    "chosen": "Of a team, the entry it has chosen counts; without a choice, the last that came in.",
}

SHARES: dict[Share, str] = {
    "all": "",
    "shown": "Some architectures of each benchmark are kept back: this ranking is made on the "
    "others, and the final one on those.",
    "deciding": "Until the deadline scores were shown on other architectures of the same draw; "
    "those that were kept back decide.",
}


def phase_facts(
    phase: Phase,
    board: Leaderboard,
    outcomes: Sequence[Outcomes],
    manifests: Sequence[PublicManifest],
) -> dict[str, object]:
    """Return the values of the phase's template.

    Args:
        phase: The phase.
        board: Its leaderboard.
        outcomes: One per benchmark.
        manifests: Of some entries, for what they ran on.
    """
    benchmarks = [
        {
            "title": benchmark_title(each.benchmark),
            "href": benchmark_href(each.benchmark.key),
            "count": len(each.tokens),
            "batch": phase.batch_size_of(each.benchmark),
            "accuracies": board.accuracy_sources.get(each.benchmark.key, ""),
            "images": board.data_sources.get(each.benchmark.key, ""),
            "ceiling": each.ceiling,
        }
        for each in outcomes
    ]
    versions = [f"{name} {value}" for m in manifests for name, value in m.versions.items()]
    provenance = {
        "Isolation": [board.isolation],
        "Processor": [m.cpu_model for m in manifests],
        "Versions": versions,
    }
    return {
        "benchmarks": benchmarks,
        "has_ceiling": any(each.ceiling is not None for each in outcomes),
        "limits": _limits(phase.limits, "reference s" if phase.reference_seconds else "s"),
        "meanings": [(name, text) for name, text in STATUSES.items() if name != "ok"],
        "counts": " ".join(filter(None, (COUNTS[phase.counts], SHARES[board.share]))),
        "provenance": [(n, "; ".join(dict.fromkeys(v))) for n, v in provenance.items() if v],
    }


def _limits(limits: Limits, second: str) -> list[tuple[str, str]]:
    return [
        ("One query, CPU time", f"{limits.query_cpu_s} {second}"),
        ("One query, wall time", f"{limits.query_wall_s} {second}"),
        ("All queries, CPU time", f"{limits.benchmark_cpu_s} {second}"),
        ("All queries, wall time", f"{limits.benchmark_wall_s} {second}"),
        ("Set-up, wall time", f"{limits.setup_s} {second}"),
        ("Memory", f"{limits.memory_mb} MiB"),
        ("Processes and threads", str(limits.processes)),
        ("Scratch folder", f"{limits.scratch_mb} MiB"),
        ("Output kept", f"{limits.log_kb} KiB"),
    ]
