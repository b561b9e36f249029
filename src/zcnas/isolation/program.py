"""The folder a worker is started from: ``worker.py``, the rooms shipped to it, and plugins.

``zcnas/words/wings.py`` says which rooms those are. They hold specs, networks and the protocol; no
table, no reference, no reader of accuracies.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from zcnas.plugins import shipped_files as plugin_files
from zcnas.words.resources import package_file
from zcnas.words.wings import PROGRAM_FILES, shipped_files


def stage_worker(target: Path, plugins: Iterable[str] = ()) -> Path:
    """Copy the worker's program into ``target``, readable by every user, and return it.

    Args:
        target: A folder to make.
        plugins: Distributions whose search spaces, datasets and proxies go with it.

    Raises:
        PluginError: A plugin's package is missing, or holds an accuracy table as well.
    """
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
    for distribution in plugins:
        for name, content in plugin_files(distribution):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(content)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target
