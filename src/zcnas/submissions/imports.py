"""Which modules a submission's files import, found in their source; nothing is imported.

An import counts as tried if the file handles its failure (``try … except ImportError``), and is
left out under ``if TYPE_CHECKING``, where it never happens.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from zcnas.submissions.sources import SourceError, parse_source
from zcnas.words.entry_points import ENTRY_POINTS

_CATCHES = ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")


@dataclass(frozen=True)
class Import:
    """An import of a module that is not the submission's own.

    Attributes:
        file: The file, relative to the submission.
        line: The line in it.
        module: The top-level module.
        tried: Whether the file handles its absence.
    """

    file: str
    line: int
    module: str
    tried: bool


def foreign_imports(files: Mapping[str, bytes]) -> list[Import]:
    """Return what the entry point, and every file it imports, imports from elsewhere.

    Args:
        files: The submission's files by name. Files that are not Python are passed over.
    """
    found: list[Import] = []
    open_files = [name for name in ENTRY_POINTS if name in files]
    seen = set(open_files)
    while open_files:
        name = open_files.pop()
        for module, level, line, tried in _imports_of(tree_of(name, files[name])):
            own = _own_files(module, level, name, files)
            open_files += [each for each in own if each not in seen]
            seen |= own
            top = module.partition(".")[0]
            if line and not own and not level and top and not _is_own(top, files):
                found.append(Import(name, line, top, tried))
    return sorted(set(found), key=lambda each: (each.file, each.line, each.module))


def tree_of(name: str, source: bytes) -> ast.Module:
    """Return a file's syntax tree; an empty one if it is not Python."""
    try:
        return parse_source(name, source)
    except SourceError:
        return ast.Module([], [])


def _imports_of(tree: ast.AST, tried: bool = False) -> Iterator[tuple[str, int, int, bool]]:
    """Yield (module, level of a relative import, line, tried) of every import below a node.

    The line is 0 for a name imported from a module, which may be a module as well.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, 0, node.lineno, tried
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level, node.lineno, tried
            for alias in node.names:
                yield f"{node.module or ''}.{alias.name}".lstrip("."), node.level, 0, True
        elif isinstance(node, ast.Try):
            caught = tried or any(_handles_imports(handler) for handler in node.handlers)
            for part in node.body:
                yield from _imports_of(ast.Module([part], []), caught)
            for other in (*node.handlers, *node.orelse, *node.finalbody):
                yield from _imports_of(ast.Module([other], []), tried)  # type: ignore[list-item]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _imports_of(ast.Module(node.orelse, []), tried)
        else:
            yield from _imports_of(node, tried)


def _handles_imports(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(each, ast.Name) and each.id in _CATCHES for each in caught)


def _own_files(module: str, level: int, importer: str, files: Mapping[str, bytes]) -> set[str]:
    """Return the files of the submission that importing a module runs."""
    parts = [part for part in module.split(".") if part]
    if level:
        folder = PurePosixPath(importer).parents[min(level, len(PurePosixPath(importer).parts)) - 1]
        parts = [*folder.parts, *parts]
    candidates = set()
    for length in range(1, len(parts) + 1):
        path = "/".join(parts[:length])
        candidates |= {f"{path}.py", f"{path}/__init__.py"}
    return candidates & files.keys()


def _is_own(top: str, files: Mapping[str, bytes]) -> bool:
    """Return whether a top-level name is a folder of the submission, or a compiled module."""
    return any(name.startswith((f"{top}/", f"{top}.")) for name in files)
