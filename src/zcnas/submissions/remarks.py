"""What is accepted and still worth a line: files that are left out, helpers nobody can import.

Nothing here refuses a submission: a helper may be unused, and a name may be meant as it stands.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping

from zcnas.isolation.packages import SHIPPED, image_modules
from zcnas.submissions.bounds import quoted
from zcnas.submissions.leftovers import listed
from zcnas.submissions.reading import Contents
from zcnas.submissions.sources import SourceError, parse_source
from zcnas.words.entry_points import ENTRY_POINTS, SHIMS

_PROGRAM = frozenset({*SHIPPED, "worker"} - set(SHIMS))
"""Modules of the worker's program, which are found before a submission's own."""


def remarks_of(contents: Contents) -> list[str]:
    """Return what the participant should know of an accepted submission, a line each."""
    trees: dict[str, ast.Module] = {}
    remarks = []
    if contents.left_out:
        remarks.append(f"left out, as no part of the submission: {listed(contents.left_out)}")
    if contents.replaced:
        remarks.append(
            "in the zip more than once, and the last one counts, as on a platform: "
            f"{listed(contents.replaced)}"
        )
    for name, source in contents.files.items():
        if name.endswith(".py"):
            try:
                trees[name] = parse_source(quoted(name)[1:-1], source)
            except SourceError as error:
                remarks.append(f"a module that cannot be imported: {error}")
    return [*remarks, *_shadowed(contents.files, trees)]


def _shadowed(files: Mapping[str, bytes], trees: Mapping[str, ast.Module]) -> Iterator[str]:
    """Yield a line for each helper module that is imported by a name that means another module."""
    imports: dict[str, str] = {}
    for name, tree in trees.items():
        for module, line in _imported(tree):
            imports.setdefault(module, f"{name}, line {line}")
    for module, helper in sorted(_modules(files).items()):
        if module in imports and helper not in ENTRY_POINTS and (whose := _taken_by(module)):
            yield (
                f"{quoted(helper)[1:-1]} cannot be imported under this name: "
                f"'import {module}' ({imports[module]}) gives {whose}; rename it"
            )


def _taken_by(module: str) -> str:
    """Return whose a top-level module is before it is a submission's, or an empty string."""
    if module in sys.stdlib_module_names:
        return "the standard library's module"
    if module in _PROGRAM:
        return "a module of the program that runs it"
    return "a package of the image" if module in _installed() else ""


def _installed() -> frozenset[str]:
    """Return the modules of the image's packages; none in a bundle's program, without the lock."""
    try:
        return image_modules()
    except FileNotFoundError:
        return frozenset()


def _modules(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the top-level modules and packages of a submission, each with its file or folder."""
    modules = {}
    for name in files:
        top, slash, _ = name.partition("/")
        if name.endswith(".py"):
            modules[top if slash else top.removesuffix(".py")] = top + slash
    return modules


def _imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield each top-level module that a source imports, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], node.lineno
