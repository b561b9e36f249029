"""The page of the history: the newest level of each ratio, its bound, and a picture over commits.

``history.py`` writes it to ``docs/reports``.
"""

import statistics
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reports"
HEAD = """# Five ratios over the commits

Written by `make timings`, which measures five cheap ratios of what we do to a yardstick beside it,
in CPU time on one pinned core (lower is better), appends them to [`timings.jsonl`](timings.jsonl)
and draws this page. Each figure is a geometric mean of a commit's measurements, each of which is a
median over several rounds. Continuous integration measures them as well (`make timings-check`).

| ratio | ours | yardstick |
|---|---|---|
| query | synflow queries of a worker, each in its forked child | the same in a bare loop |
| start | a worker until its first query | an interpreter that imports torch |
| build | networks of the five spaces, geometric mean | drawing as many random numbers |
| proxies | all thirteen together, batch of 8 | one by one |
| taus | tau of 14 × 1,000 predictions | its definition over all pairs |

![Each ratio over the commits](timings.svg)
"""
FOOT = """
**How the bound was found.** Measurements of one commit on one machine differ by noise alone. *s* is
the standard deviation of their logarithms around their commit's mean, pooled over the newest
commits until they give eight degrees of freedom ν, so older noise drops out. A further measurement
at the newest commit's level (mean *m* of *n*) lies below m + t(ν, 0.999) · s · √(1 + 1/n) with a
probability of 99.9 %. One above is measured again at once, with twice the rounds; only if it is
above again does the check fail. So five unchanged ratios fail it about once in 200,000 times if
noise is independent and normal, and at most once in 200 if whatever disturbed the first measurement
disturbs the second as well. A machine without records of its own is not compared: the check says so
and passes.

**Quiet and busy.** A measurement that began with a load of at most 1.5 is held against records that
did too, any other against those beside other work. Five runs of `make timings` at one commit on an
idle machine are enough for quiet bounds; until then all records bound a quiet measurement.

Commits that were not recorded in their time were measured later, by the same script with their own
package (`PYTHONPATH=<their checkout>/src`).
"""


def write(history: Sequence, bound_of: Callable, folder: Path = FOLDER) -> None:
    """Write ``timings.md`` and ``timings.svg`` of the records into a folder."""
    machines = list(dict.fromkeys(each.machine for each in history))
    tables = [table_of(name, history, bound_of) for name in machines]
    (folder / "timings.md").write_text("\n".join([HEAD, *tables, FOOT]), encoding="utf-8")
    draw(history, folder / "timings.svg")


def table_of(machine: str, history: Sequence, bound_of: Callable) -> str:
    """Return a machine's ratios: newest level, bound, noise."""
    lines = [
        f"**{machine}**",
        "",
        "| ratio | machine | newest commit | usual | fails above | noise s | records |",
        "|---|---|---|---|---|---|---|",
    ]
    own = [each for each in history if each.machine == machine]
    for name, quiet in dict.fromkeys((each.ratio, each.quiet) for each in own):
        records = [each for each in own if (each.ratio, each.quiet) == (name, quiet)]
        bound = bound_of(records)
        told = (
            "– | – | –"
            if bound is None
            else f"{bound.usual:.3g} | {bound.most:.3g} | {100 * bound.noise:.1f} %"
        )
        newest = in_order(dict.fromkeys(each.commit for each in records))[-1][:7]
        state = "quiet" if quiet else "busy"
        lines.append(f"| {name} | {state} | {newest} | {told} | {len(records)} |")
    return "\n".join([*lines, ""])


def draw(history: Sequence, path: Path) -> None:
    """Draw a panel per ratio: every measurement as a dot, a commit's mean as a line."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(each.ratio for each in history))
    machines = list(dict.fromkeys(each.machine for each in history))
    commits = in_order(dict.fromkeys(each.commit for each in history))
    settings = {"svg.hashsalt": "timings", "svg.fonttype": "none", "font.size": 8}
    with mpl.rc_context(settings):
        figure, panels = plt.subplots(
            len(names), 1, figsize=(8, 1.6 * len(names)), sharex=True, squeeze=False
        )
        for name, panel in zip(names, panels[:, 0], strict=True):
            for number, machine in enumerate(machines):
                _draw_one(panel, f"C{number}", commits, _values(history, name, machine), machine)
            panel.set_ylabel(name)
            panel.set_ylim(bottom=0)
            panel.grid(alpha=0.3)
        panels[-1, 0].set_xticks(range(len(commits)), [each[:7] for each in commits], rotation=90)
        panels[0, 0].legend(loc="lower left")
        figure.tight_layout()
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def _draw_one(panel, colour, commits, values, label):
    places: dict[int, list[float]] = {}
    for commit, value in values:
        places.setdefault(commits.index(commit), []).append(value)
    line = sorted((place, statistics.geometric_mean(v)) for place, v in places.items())
    panel.plot([p for p, _ in line], [v for _, v in line], "-", color=colour, label=label)
    dots = [(place, value) for place, own in places.items() for value in own]
    panel.plot([p for p, _ in dots], [v for _, v in dots], ".", color=colour, alpha=0.4)


def _values(history, name, machine):
    return [
        (each.commit, each.value)
        for each in history
        if (each.ratio, each.machine) == (name, machine) and not each.changed
    ]


def in_order(commits) -> list[str]:
    """Return commits in the order of this checkout's history; those not in it come first."""
    command = ["git", "-C", str(ROOT), "rev-list", "--topo-order", "--reverse", "HEAD"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    place = {commit: number for number, commit in enumerate(said)}
    return sorted(commits, key=lambda commit: place.get(commit, -1))
