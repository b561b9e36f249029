"""The folder a worker is started from: ``worker.py`` and the rooms that are shipped to it.

``zcnas/wings.py`` says which those are. They hold specs, networks and the protocol; no table, no
reference, no reader of accuracies.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from zcnas.resources import package_file
from zcnas.wings import PROGRAM_FILES, shipped_files


def stage_worker(target: Path) -> Path:
    """Copy the worker's program into ``target``, readable by every user, and return it."""
    for source in map(package_file, PROGRAM_FILES["worker"]):
        if source.is_file():
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / source.name)
        else:
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target / source.name, ignore=ignore)
    for name, source in shipped_files("worker"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target / name)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target
