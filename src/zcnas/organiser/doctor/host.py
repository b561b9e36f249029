"""Checks the machine itself: packages, CPUs, memory, disks, clock."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import tempfile
import time
from pathlib import Path

import psutil

from zcnas.errors import UsageError
from zcnas.isolation.machine import parse_cpus, usable_cpus
from zcnas.organiser.doctor import Finding, Situation, error, ok, warning
from zcnas.words.resources import package_file
from zcnas.words.text import plural

FREE_GIB = 1
"""Free space that a run may need for results, logs and unpacked submissions."""
CLOCK_SAMPLE_S = 0.2
MAX_CLOCK_DRIFT_S = 0.05
_GIB, _MIB = 1 << 30, 1 << 20
CPU_BUILD = (
    'set PIP_EXTRA_INDEX_URL to PyTorch\'s CPU index, given on pytorch.org under "Get Started"'
)


def packages(situation: Situation) -> Finding:
    """Check that the installed packages are the image's, or machines may disagree on a score."""
    wrong, missing = [], []
    for name, version in locked_versions().items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if found.partition("+")[0] != version.partition("+")[0]:
            wrong.append(f"{name} {found} instead of {version}")
    if wrong:
        return warning(
            f"{', '.join(wrong)}: scores from plain processes may differ from the container's in "
            "their last digits",
            "run `make install` in a checkout to install the locked versions",
        )
    left_out = f"; not installed: {', '.join(missing)}" if missing else ""
    return ok(f"every installed package has the version in the image{left_out}")


def locked_versions() -> dict[str, str]:
    """Return the locked version of each package that the image requires, keyed by its name."""
    docker = package_file("docker")
    asked = {
        line.partition("==")[0]
        for line in (docker / "requirements.in").read_text().splitlines()
        if line and not line.startswith("#")
    }
    lines = (docker / "requirements.txt").read_text().splitlines()
    pairs = (line.split()[0].partition("==") for line in lines if "==" in line)
    return {name: version for name, _, version in pairs if name in asked}


def torch_build(situation: Situation) -> Finding:
    """Check that torch is the CPU build; a CUDA build only wastes disk space and download time."""
    try:
        version = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        fix = f"run `pip install 'zcnas[run]'`; for the CPU build, first {CPU_BUILD}"
        if situation.isolation == "process":
            return error("torch is not installed, which a plain process needs", fix)
        return warning("torch is not installed: submissions run in containers only", fix)
    size = _installed_gb("torch")
    cuda = sorted(
        name
        for each in importlib.metadata.distributions()
        if (name := each.metadata["Name"] or "").startswith("nvidia-")
    )
    if cuda or "+cu" in version:
        size += sum(_installed_gb(name) for name in cuda)
        return warning(
            f"torch {version} is a CUDA build and takes {size:.1f} GB with its "
            f"{plural(len(cuda), 'library', 'libraries')}; only its CPU part is used",
            f"the CPU build takes 0.8 GB (.venv then 1.7 GB, the image 1.4 GB): {CPU_BUILD}, "
            "delete .venv and run `make install`",
        )
    return ok(
        f"torch {version} is a CPU build and takes {size:.1f} GB (.venv 1.7 GB in total, the image "
        f"1.4 GB; a CUDA build takes several GB more). To get it on another machine: {CPU_BUILD}"
    )


def _installed_gb(name: str) -> float:
    """Return the size of a distribution's files in 10⁹ bytes, according to its own list."""
    return sum(file.size or 0 for file in importlib.metadata.files(name) or ()) / 1e9


def cpus(situation: Situation) -> Finding:
    """Check that the CPU list contains only CPUs this process may use."""
    try:
        usable = parse_cpus(situation.cpus)
    except UsageError as fault:
        return error(str(fault), f"choose --cpus from {usable_cpus()}")
    return ok(f"{plural(len(usable), 'CPU')}: {usable}")


def memory(situation: Situation) -> Finding:
    """Check that the workers of all CPUs together can have the memory the phase allows."""
    try:
        count = len(parse_cpus(situation.cpus))
    except UsageError:
        count = 1
    needed = count * situation.phase.limits.memory_mb * _MIB
    available = psutil.virtual_memory().available
    text = (
        f"{available / _GIB:.1f} GiB free, up to {needed / _GIB:.1f} GiB needed for "
        f"{plural(count, 'worker')}"
    )
    if available < needed:
        return warning(text, "use fewer --cpus, or a smaller memory_mb in phases.toml")
    return ok(text)


def output(situation: Situation) -> Finding:
    """Check that the results folder is writable and has enough space."""
    folder = situation.out
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as fault:
        return error(f"cannot write to {folder}: {fault.strerror}", "choose another --out")
    return _room(folder, "choose another --out")


def temporary(situation: Situation) -> Finding:
    """Check that the temporary folder, where submissions are unpacked, is writable and large."""
    folder = Path(tempfile.gettempdir())
    if not os.access(folder, os.W_OK | os.X_OK):
        return error(f"cannot write to {folder}", "set TMPDIR to a folder you may write to")
    return _room(folder, "set TMPDIR to a folder on a larger disk")


def clock(situation: Situation) -> Finding:
    """Check that the wall clock agrees with the monotonic clock and shows a plausible date.

    Times are measured with the monotonic clock, so a jump only results in a wrong date.
    """
    wall, steady = time.time(), time.monotonic()
    time.sleep(CLOCK_SAMPLE_S)
    drift = abs((time.time() - wall) - (time.monotonic() - steady))
    fix = "set the clock (`timedatectl set-ntp true`)"
    if drift > MAX_CLOCK_DRIFT_S:
        return warning(f"the clock jumped by {drift:.2f} s during the check", fix)
    year = time.gmtime().tm_year
    if year < 2024:
        return warning(f"the clock says {year}; results will carry that date", fix)
    return ok("the clock runs steadily")


def _room(folder: Path, fix: str) -> Finding:
    free = shutil.disk_usage(folder).free
    if free < FREE_GIB * _GIB:
        return error(f"{free // _MIB} MiB free in {folder}, {FREE_GIB} GiB needed", fix)
    return ok(f"{free / _GIB:.0f} GiB free in {folder}")
