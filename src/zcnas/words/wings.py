"""The wings of the house: who may import whom, and what is shipped where.

The one table of the architecture. `make check` holds every import against it, through others as
well; the worker's folder and a bundle's programs are copied by it. A room is a module or a package
directly below ``zcnas``; a program takes a room whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Program = Literal["worker", "ingestion", "scoring"]
"""Where a room is shipped: the sandbox, or one of the two programs of a platform."""

WORDS = ("benchmarks", "errors", "phases", "plugins", "words")
"""Values, files and errors that everybody speaks of; ``zcnas/__init__`` goes with them."""
SANDBOX = ("compat", "proxies", "search_spaces", "worker")
INGESTION = ("datasets", "ingestion", "isolation", "submissions")
JUDGING = ("judging", "pages")
PARTICIPANT = ("participant",)
RESEARCH = ("jobs", "tables", "testing")
STUDIES = ("analyses", "forge", "searches")


@dataclass(frozen=True)
class Wing:
    """Rooms that are shipped together and may import the same.

    Attributes:
        rooms: The wing's modules and packages.
        may_import: Rooms beside its own that its modules may import, directly or through others.
        shipped_to: The programs that hold it; none for what stays with the organiser.
    """

    rooms: tuple[str, ...]
    may_import: tuple[str, ...]
    shipped_to: tuple[Program, ...] = ()


WINGS: dict[str, Wing] = {
    "words": Wing(WORDS, (), ("worker", "ingestion", "scoring")),
    "sandbox": Wing(SANDBOX, WORDS, ("worker", "ingestion")),
    "hosted": Wing(("hosted",), WORDS, ("ingestion", "scoring")),
    "ingestion": Wing(INGESTION, (*WORDS, *SANDBOX, "hosted"), ("ingestion",)),
    "judging": Wing(JUDGING, (*WORDS, "hosted"), ("scoring",)),
    "research": Wing(
        RESEARCH, (*WORDS, "search_spaces", "proxies", "datasets", "isolation", *JUDGING)
    ),
    "participant": Wing(PARTICIPANT, (*WORDS, *SANDBOX, "hosted", *INGESTION, *JUDGING)),
    "studies": Wing(
        STUDIES, (*WORDS, "search_spaces", "proxies", "datasets", "isolation", *JUDGING, *RESEARCH)
    ),
    "organiser": Wing(
        ("organiser",),
        (*WORDS, *SANDBOX, "hosted", *INGESTION, *JUDGING, *RESEARCH, *PARTICIPANT, *STUDIES),
    ),
}
"""Every room of ``zcnas`` stands in exactly one wing."""

PROGRAM_FILES: dict[Program, tuple[str, ...]] = {
    "worker": (
        "ingestion_program/worker.py",
        "ingestion_program/naslib",
        "ingestion_program/torchvision",
    ),
    "ingestion": ("ingestion_program",),
    "scoring": ("scoring_program",),
}
"""A program's own files and folders; it may import, directly or through others, what it holds."""

PACKAGE = Path(__file__).parents[1]


def shipped_rooms(program: Program) -> tuple[str, ...]:
    """Return the rooms that a program is shipped, in the order of their names."""
    wings = [wing for wing in WINGS.values() if program in wing.shipped_to]
    return tuple(sorted(room for wing in wings for room in wing.rooms))


def shipped_files(program: Program) -> Iterator[tuple[str, Path]]:
    """Yield (name below the program's root, file) of all the library that a program is shipped."""
    for room in ("__init__", *shipped_rooms(program)):
        module = PACKAGE / f"{room}.py"
        for path in [module] if module.is_file() else sorted((PACKAGE / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield f"zcnas/{path.relative_to(PACKAGE).as_posix()}", path
