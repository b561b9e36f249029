"""The programs of a bundle: what a platform runs, and what a participant downloads.

A program is its folder at the repository's root plus the rooms that ``zcnas/words/wings.py`` ships
to it. These include no reader of accuracy tables, and the ingestion program has no code that
judges.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from zcnas.organiser.kit import kit_files
from zcnas.plugins import shipped_files as plugin_files
from zcnas.words.resources import package_file
from zcnas.words.wings import Program, shipped_files

KIT_FOLDER = "starting_kit"
"""The one top folder of the kit that participants download."""


def ingestion_program(plugins: Iterable[str] = ()) -> dict[str, bytes]:
    """Return the files of the ingestion program by name, including those of the plugins."""
    return _program("ingestion_program", "ingestion", plugins)


def scoring_program(plugins: Iterable[str] = ()) -> dict[str, bytes]:
    """Return the files of the scoring program by name, including those of the plugins."""
    return _program("scoring_program", "scoring", plugins)


def starting_kit() -> dict[str, bytes]:
    """Return the files of the starting kit by name, all in one top folder."""
    return {f"{KIT_FOLDER}/{name}": content for name, content in kit_files().items()}


def _program(folder: str, program: Program, plugins: Iterable[str]) -> dict[str, bytes]:
    """Return a program's files, with a copy of ``metadata.yaml`` as ``metadata`` if it has none.

    CodaLab reads only the latter name, Codabench the former first.
    """
    library = {name: path.read_bytes() for name, path in shipped_files(program)}
    own = _collect(package_file(folder), package_file(folder))
    for distribution in plugins:
        library |= dict(plugin_files(distribution))
    return {"metadata": own["metadata.yaml"], **library, **own}


def _collect(top: Path, base: Path) -> dict[str, bytes]:
    """Return the file ``top``, or the files in that folder, keyed by path relative to ``base``."""
    return {
        path.relative_to(base).as_posix(): path.read_bytes()
        for path in ([top] if top.is_file() else sorted(top.rglob("*")))
        if path.is_file() and not _is_left_over(path)
    }


def _is_left_over(path: Path) -> bool:
    return "__pycache__" in path.parts or path.name.startswith(".") or path.suffix == ".pyc"
