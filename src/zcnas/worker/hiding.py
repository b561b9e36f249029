"""Hides the packages that the image does not have, where a worker is a plain process.

The machine's own environment has more packages than the image, and what imports one of them would
score here and fail there. In a container, and on a platform, there is nothing to hide.
"""

from __future__ import annotations

import functools
import importlib.util
import site
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

VARIABLE = "ZCNAS_PACKAGES"
"""Environment variable of a worker: the modules it may import from this machine's packages."""


def hide_packages(kept: Sequence[str]) -> None:
    """Make every later import of a package that is not kept fail as it would in the image.

    Code that asks ``importlib.util.find_spec`` whether there is one is told that there is none.

    Args:
        kept: Top-level modules of the image's packages.
    """
    folders = tuple(map(Path, site.getsitepackages()))
    sys.meta_path.insert(0, _Hidden(frozenset(kept), folders))
    find = importlib.util.find_spec

    @functools.wraps(find)
    def find_kept(name: str, package: str | None = None) -> ModuleSpec | None:
        try:
            return find(name, package)
        except ModuleNotFoundError:
            if "." in name:  # its package is not there, which find_spec itself raises
                raise
            return None

    importlib.util.find_spec = find_kept


class _Hidden:
    """A finder that finds nothing, and refuses what lies among this machine's packages."""

    def __init__(self, kept: frozenset[str], folders: tuple[Path, ...]) -> None:
        self._kept = kept
        self._folders = folders

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a module beside the submission or the program, or None to go on looking.

        Raises:
            ModuleNotFoundError: It is a package that the image does not have.
        """
        if path is not None or "." in name or name in self._kept:
            return None
        elsewhere = [entry for entry in sys.path if Path(entry) not in self._folders]
        if (found := PathFinder.find_spec(name, elsewhere, target)) is not None:
            return found
        if PathFinder.find_spec(name, list(map(str, self._folders)), target) is None:
            return None
        raise ModuleNotFoundError(
            f"No module named '{name}' where submissions run: it is installed on this machine and "
            "not in the image; docs/participants.md lists what is",
            name=name,
        )
