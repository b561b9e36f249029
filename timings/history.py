"""The history of the five ratios of ``ratios.py``: recorded per commit, drawn, and held in CI.

    python timings/history.py record [--rounds 9]   # append to docs/reports/timings.jsonl, draw
    python timings/history.py draw                  # draw the page again
    python timings/history.py check [--rounds 3]    # exit 1 if a ratio grew beyond its noise

A record is one line of JSON: a ratio's median over the rounds with its quartiles, the commit whose
package was measured, and the machine. Only records of one machine are compared, because a ratio
depends on the processor and on torch.

**The bound.** Logarithms of the records that one commit has on one machine differ by noise alone.
``s`` is their standard deviation around their commit's mean, pooled over the newest commits (ν
degrees of freedom, commits until there are eight). A further measurement of what the newest
recorded commit had (mean m of n records) lies below m + t(ν, 1 − 0.001) · s · √(1 + 1/n) with a
probability of 99.9 %. A ratio above that is measured again at once, with more rounds, and only if
it is above again does ``check`` fail. Less than four degrees of freedom are no bound.

**Quiet and busy.** Other work changes both level and noise, so a measurement that began on a quiet
machine (``QUIET_LOAD``) is held against records that did, and one beside other work against those
beside other work. Until a machine has enough quiet records, all of them bound a quiet measurement.
"""

import argparse
import datetime
import math
import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import timings_page

ROOT = Path(__file__).resolve().parents[1]
HISTORY = ROOT / "docs" / "reports" / "timings.jsonl"
ALARM = 0.001
"""The probability that one measurement of an unchanged ratio lies beyond its bound."""
LEAST_FREEDOM = 4
ENOUGH_FREEDOM = 8
"""Older commits add nothing to the noise once the newer ones have this many degrees of freedom."""
QUIET_LOAD = 1.5
"""At most this load when it began: nothing else ran, or the measurement before this one."""


class Record(msgspec.Struct, frozen=True):
    """One measurement of one ratio.

    Attributes:
        ratio: Its name.
        value: The median of the rounds.
        low: Their lower quartile.
        high: Their upper quartile.
        rounds: How many there were.
        commit: Whose package was measured.
        changed: Whether the tree had changes beyond that commit.
        machine: Processor, cores, torch and Python.
        load: Processes that ran or waited when it began, a minute's mean.
        at: When, in UTC.
    """

    ratio: str
    value: float
    low: float
    high: float
    rounds: int
    commit: str
    changed: bool
    machine: str
    load: float
    at: str

    @property
    def quiet(self) -> bool:
        """Whether it began with nothing else running."""
        return self.load <= QUIET_LOAD


class Bound(msgspec.Struct, frozen=True):
    """What a ratio may be.

    Attributes:
        usual: The geometric mean of the newest commit's records.
        most: What it exceeds by noise once in a thousand times.
        noise: Standard deviation of its logarithm.
        freedom: Degrees of freedom of ``noise``.
    """

    usual: float
    most: float
    noise: float
    freedom: int


def read_history(path: Path = HISTORY) -> list[Record]:
    """Return the records, oldest first."""
    if not path.exists():
        return []
    return [msgspec.json.decode(line, type=Record) for line in path.read_bytes().splitlines()]


def append(records: Iterable[Record], path: Path = HISTORY) -> None:
    """Write a line per record at the end of the history."""
    with path.open("ab") as file:
        file.writelines(msgspec.json.encode(each) + b"\n" for each in records)


def bound_for(quiet: bool, records: Sequence[Record]) -> Bound | None:
    """Return the bound of a measurement on a quiet or a busy machine; None without enough records.

    Args:
        quiet: Which of the two.
        records: Those of one ratio on one machine.
    """
    alike = bound_of([each for each in records if each.quiet == quiet])
    return bound_of(records) if alike is None and quiet else alike


def bound_of(records: Sequence[Record]) -> Bound | None:
    """Return the bound that records of one ratio on one machine give; None where they are too few.

    Records of a changed tree do not count.
    """
    from scipy.stats import t

    commits: dict[str, list[float]] = {}
    for each in records:
        if not each.changed:
            commits.setdefault(each.commit, []).append(math.log(each.value))
    freedom, squares = 0, 0.0
    newest_first = timings_page.in_order(commits)[::-1]
    for values in (commits[commit] for commit in newest_first):
        if freedom < ENOUGH_FREEDOM:
            freedom += len(values) - 1
            squares += sum((value - statistics.fmean(values)) ** 2 for value in values)
    if freedom < LEAST_FREEDOM:
        return None
    newest = commits[newest_first[0]]
    noise = math.sqrt(squares / freedom)
    reach = t.ppf(1 - ALARM, freedom) * noise * math.sqrt(1 + 1 / len(newest))
    usual = statistics.fmean(newest)
    return Bound(math.exp(usual), math.exp(usual + reach), noise, freedom)


def measure(count: int) -> list[Record]:
    """Return a record of every ratio, over that many rounds."""
    import ratios

    found: dict[str, list[float]] = {name: [] for name in ratios.RATIOS}
    load = os.getloadavg()[0]
    source = ratios.rounds()
    for _ in range(count):
        for name, value in next(source).items():
            found[name].append(value)
    source.close()
    commit, changed = commit_of_package()
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    records = []
    for name, values in found.items():
        low, middle, high = (float(f"{q:.4g}") for q in statistics.quantiles(values, n=4))
        records.append(
            Record(
                *(name, middle, low, high, count, commit, changed),
                *(machine(), round(load, 2), now),
            )
        )
    return records


def commit_of_package() -> tuple[str, bool]:
    """Return the commit of the package that is imported, and whether its tree was changed."""
    import zcnas

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(Path(zcnas.__file__).parent), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    return git("rev-parse", "HEAD"), bool(git("status", "--porcelain", "--", "."))


def machine() -> str:
    """Return the processor, its cores, and the versions that a ratio depends on."""
    import torch

    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.machine()
    return (
        f"{name}, {os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()}, "
        f"torch {torch.__version__}, Python {platform.python_version()}"
    )


def beyond(found: Sequence[Record], history: Sequence[Record]) -> list[str]:
    """Print each ratio beside its bound and return the names of those beyond it."""
    names = []
    for each in found:
        known = [r for r in history if (r.ratio, r.machine) == (each.ratio, each.machine)]
        bound = bound_for(each.quiet, known)
        said = f"{each.ratio:8} {each.value:7.3f} ({each.low:.3f} to {each.high:.3f})"
        if bound is None:
            state = "quiet" if each.quiet else "busy"
            print(f"{said}: {len(known)} records are no bound for a {state} machine; record more")
            continue
        print(f"{said}: usually {bound.usual:.3f}, at most {bound.most:.3f}", flush=True)
        if each.value > bound.most:
            names.append(each.ratio)
    return names


def check(rounds: int) -> None:
    """Measure, and end with an error if a ratio is twice beyond its bound."""
    history = read_history()
    first = beyond(measure(rounds), history)
    if not first:
        return
    print(f"beyond the noise: {', '.join(first)}; measuring again, with twice as many rounds")
    again = set(first) & set(beyond(measure(2 * rounds), history))
    if again:
        raise SystemExit(
            f"slower than recorded, twice: {', '.join(sorted(again))}. If that is intended, commit "
            "and record the new level: make timings (docs/reports/timings.md says how the bound "
            "was found)"
        )


def main() -> None:
    """Record, draw or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("record", "draw", "check"))
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.rounds < 3:
        parser.error("--rounds must be 3 or more: quartiles of fewer say nothing")
    if arguments.action != "draw":
        import ratios

        ratios.enter_environment()
    if arguments.action == "check":
        check(arguments.rounds)
        return
    if arguments.action == "record":
        records = measure(arguments.rounds)
        append(records)
        for each in records:
            print(f"{each.ratio:8} {each.value:7.3f} ({each.low:.3f} to {each.high:.3f})")
    history = read_history()
    timings_page.write(history, bound_of)


if __name__ == "__main__":
    main()
