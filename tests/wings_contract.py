"""The import-linter contract that follows from the table of wings; `make check` runs it.

It reads `zcnas/words/wings.py` and nothing else, so that no second list of the architecture can
drift. An import for type checkers counts like any other: an arrow is an arrow. What the graph
cannot see, imports by a computed name, ruff and the layout tests forbid.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output

from zcnas.words.wings import PROGRAM_FILES, WINGS, shipped_rooms

LIBRARY = "zcnas"
VERSION_LINE = "from zcnas import __version__"
"""The one import of ``zcnas`` itself that does not open every room."""


@dataclass(frozen=True)
class Group:
    """Modules that may import the same.

    Attributes:
        name: What a message calls them.
        modules: Packages and modules, with all below them.
        allowed: What they may import beside themselves, directly or through others.
    """

    name: str
    modules: tuple[str, ...]
    allowed: tuple[str, ...]


def groups() -> Iterator[Group]:
    """Yield every room, and the files of every program, with what they may import."""
    for name, wing in WINGS.items():
        allowed = tuple(f"{LIBRARY}.{room}" for room in (*wing.rooms, *wing.may_import))
        for room in wing.rooms:
            yield Group(f"the wing '{name}'", (f"{LIBRARY}.{room}",), allowed)
    for program, files in PROGRAM_FILES.items():
        own = tuple(file.removesuffix(".py").replace("/", ".") for file in files)
        shipped = tuple(f"{LIBRARY}.{room}" for room in shipped_rooms(program))
        yield Group(f"the {program} program", own, shipped)


class WingsContract(Contract):
    """Holds every room and every program to the table of wings, through other modules as well."""

    type_name = "wings"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look for every chain of imports that leaves what the table allows."""
        set_the_front_door_apart(graph)
        problems = [
            f"{module} stands in no wing: add it to WINGS in zcnas/words/wings.py"
            for module in sorted(graph.find_children(LIBRARY) - set(rooms()))
        ]
        for group in groups():
            problems += violations(graph, group)
        return ContractCheck(kept=not problems, metadata={"problems": problems})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one paragraph for each forbidden chain."""
        for problem in check.metadata["problems"]:
            output.print_error(problem, bold=False)
            output.new_line()


def rooms() -> Iterator[str]:
    """Yield every room of the table as a module's name."""
    for wing in WINGS.values():
        yield from (f"{LIBRARY}.{room}" for room in wing.rooms)


def set_the_front_door_apart(graph: ImportGraph) -> None:
    """Leave of ``zcnas`` itself only the arrows to it that ask for more than the version.

    Its lazy names reach every room, for those outside; a room asks the room that has the name.
    """
    for imported in graph.find_modules_directly_imported_by(LIBRARY):
        graph.remove_import(importer=LIBRARY, imported=imported)
    for importer in graph.find_modules_that_directly_import(LIBRARY):
        details = graph.get_import_details(importer=importer, imported=LIBRARY)
        if all(detail["line_contents"].strip() == VERSION_LINE for detail in details):
            graph.remove_import(importer=importer, imported=LIBRARY)


def violations(graph: ImportGraph, group: Group) -> Iterator[str]:
    """Yield, for each forbidden thing a group reaches, one shortest chain of imports to it."""
    for importer in (module for module in group.modules if module in graph.modules):
        reached = graph.find_upstream_modules(importer, as_package=True)
        forbidden = {
            unit_of(module)
            for module in reached
            if not any(is_in(module, home) for home in (*group.modules, *group.allowed))
        }
        for imported in sorted(forbidden):
            chain = shortest_chain(graph, importer, imported)
            steps = "\n".join(describe(graph, step) for step in itertools.pairwise(chain))
            yield f"{importer} may not import {imported} ({group.name}):\n{steps}"


def shortest_chain(graph: ImportGraph, importer: str, imported: str) -> tuple[str, ...]:
    """Return the modules from one of ``importer``'s to one of ``imported``'s."""
    if imported != LIBRARY:
        return min(graph.find_shortest_chains(importer, imported, as_packages=True))
    inside = sorted({importer, *graph.find_descendants(importer)})
    chains = (graph.find_shortest_chain(module, imported) for module in inside)
    return min((chain for chain in chains if chain), key=len)


def unit_of(module: str) -> str:
    """Return what a message names: a room of the library, or a program's module."""
    return ".".join(module.split(".")[:2]) if is_in(module, LIBRARY) else module


def is_in(module: str, package: str) -> bool:
    """Return whether a module is the package or stands below it."""
    return module == package or module.startswith(f"{package}.")


def describe(graph: ImportGraph, step: tuple[str, str]) -> str:
    """Return one line: who imports whom, and where."""
    importer, imported = step
    details = graph.get_import_details(importer=importer, imported=imported)
    lines = ", ".join(str(detail["line_number"]) for detail in details)
    return f"    {importer} -> {imported} (line {lines})"
