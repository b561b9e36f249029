"""What data a submission contains and what its source claims to use; read, never executed."""

from __future__ import annotations

import ast
import functools
import re
import warnings
from pathlib import Path

from zcnas.organiser.audit import Sign
from zcnas.search_spaces import all_search_spaces
from zcnas.submissions.bounds import MAX_SOURCE_BYTES
from zcnas.words.entry_points import ENTRY_POINTS

MAX_ELEMENTS = 500
"""Elements in one literal; a search space of 2022 has at least 4,096 architectures."""
MAX_TEXT = 4096
"""Characters in one literal, which may encode a table."""
MAX_NUMBERS = 2000
"""Numbers in one file."""
MAX_DATA_BYTES = 64 * 1024
"""Bytes in one file that is not Python source."""
MAX_ARCHITECTURES = 5
"""Names of architectures in one file."""


def table_signs(folder: Path) -> list[Sign]:
    """Return a sign for each large table in a submission's files."""
    signs = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name, content = path.relative_to(folder).as_posix(), path.read_bytes()
            signs += [Sign("tables", f"{name} {text}") for text in _tables_in(path, content)]
    return signs


def claims(folder: Path) -> tuple[str, ...]:
    """Return what the entry point's source claims to use: ``data``, ``gradients``, ``outputs``.

    Source code that only counts parameters claims nothing; code that iterates over the dataloader,
    calls the network or takes gradients claims to depend on weights or data.
    """
    path = next(folder / name for name in ENTRY_POINTS if (folder / name).is_file())
    tree = parsed(path.read_bytes())
    if tree is None:
        return ()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "dataloader":
            found.add("data")
        elif isinstance(node, ast.Attribute) and node.attr in ("backward", "grad", "autograd"):
            found.add("gradients")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("graph", "net", "network", "model"):
                found.add("outputs")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("zcnas.proxies"):
            found |= {"gradients", "outputs"}
    return tuple(sorted(found))


@functools.cache
def _architectures() -> re.Pattern[bytes]:
    """Return what finds the canonical strings of the search spaces that can be told from text."""
    patterns = [space.pattern for space in all_search_spaces() if space.pattern is not None]
    return re.compile("|".join(patterns).encode())


def _tables_in(path: Path, content: bytes) -> list[str]:
    architectures = len(set(_architectures().findall(content)))
    found = []
    if architectures > MAX_ARCHITECTURES:
        found.append(f"names {architectures} architectures")
    if path.suffix != ".py":
        if len(content) > MAX_DATA_BYTES:
            found.append(f"is a data file of {len(content) >> 10} KiB")
        return found
    tree = parsed(content)
    if tree is None:
        return [*found, f"is a source file of {len(content) >> 10} KiB that cannot be parsed"]
    nodes = list(ast.walk(tree))
    largest = max((_elements(node) for node in nodes), default=0)
    constants = [node.value for node in nodes if isinstance(node, ast.Constant)]
    longest = max((len(c) for c in constants if isinstance(c, str | bytes)), default=0)
    numbers = sum(isinstance(c, int | float) for c in constants)
    if largest > MAX_ELEMENTS:
        found.append(f"contains a literal with {largest} elements")
    if longest > MAX_TEXT:
        found.append(f"contains a string of {longest} characters")
    if numbers > MAX_NUMBERS:
        found.append(f"contains {numbers} numbers")
    return found


def parsed(content: bytes) -> ast.Module | None:
    """Return the syntax tree of a source; None if it is too large or cannot be parsed."""
    if len(content) > MAX_SOURCE_BYTES:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _elements(node: ast.AST) -> int:
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return len(node.elts)
    return len(node.keys) if isinstance(node, ast.Dict) else 0
