"""The folder a worker is started from: ``worker.py``, the rooms shipped to it, and plugins.

``zcnas/words/wings.py`` says which rooms those are. They hold specs, networks and the protocol; no
table, no reference, no reader of accuracies. Modules are compiled as well (``compiled.py``).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from zcnas.isolation.compiled import compile_staged
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
    sources: dict[Path, Path] = {}
    for top in map(package_file, PROGRAM_FILES["worker"]):
        for source in [top] if top.is_file() else sorted(top.rglob("*")):
            if source.is_file() and "__pycache__" not in source.parts:
                sources[target / source.relative_to(top.parent)] = source
    sources |= {target / name: source for name, source in shipped_files("worker")}
    for staged, source in sources.items():
        staged.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, staged)
    for distribution in plugins:
        for name, content in plugin_files(distribution):
            staged = sources[target / name] = target / name
            staged.parent.mkdir(parents=True, exist_ok=True)
            staged.write_bytes(content)
    for staged, source in sources.items():
        if staged.suffix == ".py" and staged.parent != target:  # no worker imports its main file
            compile_staged(staged, source)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target
