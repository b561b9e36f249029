"""The folder a worker is started from: ``worker.py`` and exactly the modules it imports.

The literal list below is what is mounted into a container and copied into a bundle. It holds specs,
networks and the protocol; no table, no reference, no reader of accuracies.
"""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WORKER_MODULES = (
    "zcnas/__init__.py",
    "zcnas/benchmarks.py",
    "zcnas/channel.py",
    "zcnas/confinement.py",
    "zcnas/contract.py",
    "zcnas/errors.py",
    "zcnas/proxies",
    "zcnas/scratch.py",
    "zcnas/search_spaces",
)
"""Files and folders of the repository that the worker, or a submission, may import."""

WORKER_PROGRAM = ("ingestion_program/worker.py", "ingestion_program/naslib")
"""Files and folders that stand at the root of the worker's folder."""


def stage_worker(target: Path) -> Path:
    """Copy the worker's program into ``target``, readable by every user, and return it."""
    for name in WORKER_MODULES:
        _copy(ROOT / name, target / name)
    for name in WORKER_PROGRAM:
        _copy(ROOT / name, target / Path(name).name)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)
