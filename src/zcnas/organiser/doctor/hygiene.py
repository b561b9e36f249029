"""Checks what makes a measured CPU second mean less on one machine, or at one moment, than another.

Reference: the environment checks of Mareš and Blackham, "A New Contest Sandbox", Olympiads in
Informatics, 2012 (ioi/isolate), and of Beyer, Löwe and Wendler, "Reliable Benchmarking:
Requirements and Solutions", STTT, 2019 (BenchExec).
"""

from __future__ import annotations

import os
from pathlib import Path

from zcnas.errors import UsageError
from zcnas.isolation.cores import shared_cores
from zcnas.isolation.machine import parse_cpus, usable_cpus
from zcnas.isolation.throttling import throttle_count
from zcnas.organiser.doctor import Finding, Situation, ok, warning
from zcnas.words.text import plural

SYS, PROC = Path("/sys"), Path("/proc")
_BUSY = 0.5
"""Load per usable CPU above which others are taken to be computing."""
_STEADY_GOVERNORS = ("performance",)


def cores(situation: Situation) -> Finding:
    """Check that no two workers share a physical core."""
    active = _read("devices/system/cpu/smt/active")
    threads = {"1": "on", "0": "off"}.get(active, "not shown by this kernel")
    try:
        chosen = parse_cpus(situation.cpus)
    except UsageError:
        chosen = usable_cpus()
    if shared_cores(chosen):
        return warning(
            f"hyper-threads are {threads}, and CPUs {chosen} share physical cores: two workers of "
            "one core slow each other down, and the leaderboard says so",
            "leave --cpus out for one worker per core",
        )
    idle = len(usable_cpus()) - len(chosen)
    return ok(
        f"one worker per physical core, hyper-threads {threads}; {plural(idle, 'CPU')} left idle"
    )


def frequency(situation: Situation) -> Finding:
    """Check that the clock of the CPUs is steady."""
    governors = {
        _read(f"devices/system/cpu/cpu{n}/cpufreq/scaling_governor") for n in usable_cpus()
    }
    boost = _boost()
    if governors == {""}:
        return ok(f"the frequency is not this kernel's to choose, as in a virtual machine{boost}")
    text = f"frequency governor {', '.join(sorted(governors - {''}))}{boost}"
    if governors <= set(_STEADY_GOVERNORS) and "boost on" not in boost:
        return ok(text)
    return warning(
        f"{text}: a CPU second does more work on a cool or idle machine",
        "`cpupower frequency-set -g performance`, and switch boost off for comparable times",
    )


def memory_settings(situation: Situation) -> Finding:
    """Check swap, transparent huge pages and address space randomisation."""
    rows = (PROC / "swaps").read_text().splitlines()[1:] if (PROC / "swaps").exists() else []
    pages = _read("kernel/mm/transparent_hugepage/enabled")
    chosen = pages.partition("[")[2].partition("]")[0] or "not shown"
    randomised = _text(PROC / "sys/kernel/randomize_va_space")
    text = (
        f"{'swap on' if rows else 'no swap'}, transparent huge pages {chosen}, address space "
        f"randomisation {'off' if randomised == '0' else 'on'}"
    )
    if rows:
        return warning(
            f"{text}: a query that is swapped out takes longer and uses less memory than it needs",
            "`swapoff -a` during a run",
        )
    return ok(text)


def groups(situation: Situation) -> Finding:
    """Say which version of control groups counts and limits here."""
    unified = (SYS / "fs/cgroup/cgroup.controllers").exists()
    return ok(f"control groups version {'2' if unified else '1'}")


def throttling(situation: Situation) -> Finding:
    """Check that no CPU has been slowed down by heat since the machine started."""
    found = (throttle_count(cpu, SYS / "devices/system/cpu") for cpu in usable_cpus())
    counts = [count for count in found if count is not None]
    if not counts:
        return ok("this kernel shows no counts of throttling, as in a virtual machine")
    if any(counts):
        return warning(
            f"CPUs were throttled {sum(counts)} times since this machine started",
            "cool it, or use fewer --cpus; times measured while it is hot are too long",
        )
    return ok("no CPU was ever throttled since this machine started")


def load(situation: Situation) -> Finding:
    """Check that nobody else computes here."""
    minute, number = os.getloadavg()[0], len(usable_cpus())
    text = f"load {minute:.1f} on {plural(number, 'CPU')} over the last minute"
    if minute > _BUSY * number:
        return warning(
            f"{text}: somebody else computes here, and shared caches slow everybody down",
            "wait for them, or name CPUs that are idle with --cpus",
        )
    return ok(text)


def _boost() -> str:
    """Return whether CPUs may exceed their nominal frequency, in words; "" if unknown."""
    if (general := _read("devices/system/cpu/cpufreq/boost")) in ("0", "1"):
        return f", boost {'on' if general == '1' else 'off'}"
    if (intel := _read("devices/system/cpu/intel_pstate/no_turbo")) in ("0", "1"):
        return f", boost {'off' if intel == '1' else 'on'}"
    return ""


def _read(name: str) -> str:
    return _text(SYS / name)


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
