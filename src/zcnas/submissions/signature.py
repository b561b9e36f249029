"""Whether a submission's methods can be called as the contract calls them, by the source alone.

A class that inherits, or decorates its method, may get another method than the one written; then
nothing is said.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

from zcnas.words.entry_points import CLASS_NAME
from zcnas.words.tracks import FEW_LABELS, Track

QUERY = "query(self, graph, dataloader=None)"
FIT = "fit(self, graphs, accuracies)"
COMBINE = "combine(self, answers)"

_Method = ast.FunctionDef | ast.AsyncFunctionDef


def problem_of_query(tree: ast.Module, file: str) -> str:
    """Return what is wrong with the class's ``query``; "" if nothing is, or it cannot be told.

    Args:
        tree: The entry point.
        file: Its name.
    """
    found = _class_in(tree)
    if found is None:
        return ""
    query = _method_of(found, "query")
    if query is None:
        if _may_have(found, "query"):
            return ""
        return f"{file}, line {found.lineno}: {CLASS_NAME} has no method {QUERY}; add one"
    keywords = ("dataloader", "info")
    return _problem(query, file, QUERY, takes=("the network",), keywords=keywords)


def problem_of_fit(tree: ast.Module, file: str, track: Track) -> str:
    """Return what is wrong with the class's ``fit``, if its track calls one; "" for nothing.

    Args:
        tree: The entry point.
        file: Its name.
        track: The track it states.
    """
    found = _class_in(tree)
    if found is None or track != FEW_LABELS:
        return ""
    fit = _method_of(found, "fit")
    if fit is None:
        if _may_have(found, "fit"):
            return ""
        return (
            f"{file}, line {found.lineno}: {CLASS_NAME} states the track {FEW_LABELS} and has no "
            f"method {FIT}; add one, or state another track"
        )
    takes = ("the networks", "the accuracies")
    return _problem(fit, file, FIT, takes=takes, keywords=("dataloader",))


def remark_on_combine(tree: ast.Module, file: str) -> str:
    """Return why the class's ``combine`` cannot be called; "" if it can, or it cannot be told.

    It is no reason to refuse: a query that answers with numbers never calls it.

    Args:
        tree: The entry point.
        file: Its name.
    """
    found = _class_in(tree)
    combine = None if found is None else _method_of(found, "combine")
    if combine is None:
        return ""
    return _problem(combine, file, COMBINE, takes=("the answers",), keywords=())


def _class_in(tree: ast.Module) -> ast.ClassDef | None:
    found = [
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == CLASS_NAME
    ]
    return found[0] if len(found) == 1 else None


def _method_of(owner: ast.ClassDef, name: str) -> _Method | None:
    methods = [node for node in owner.body if isinstance(node, _Method) and node.name == name]
    return methods[-1] if methods else None


def _may_have(owner: ast.ClassDef, name: str) -> bool:
    """Return whether a class may get a method in another way than by writing it."""
    assigned = any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(owner))
    return assigned or any(not _is_plain(base) for base in owner.bases) or bool(owner.keywords)


def _problem(
    method: _Method, file: str, expected: str, takes: Collection[str], keywords: Collection[str]
) -> str:
    """Return why a method cannot be called; "" if it can, or if it is decorated."""
    if method.decorator_list:
        return ""
    place = f"{file}, line {method.lineno}: {method.name}"
    if isinstance(method, ast.AsyncFunctionDef):
        return f"{place} is `async`; write `def {method.name}(…)`"
    if reason := _cannot_be_called(method.args, tuple(takes), keywords):
        return f"{place}({ast.unparse(method.args)}) {reason}; write {expected}"
    return ""


def _cannot_be_called(
    arguments: ast.arguments, takes: tuple[str, ...], keywords: Collection[str]
) -> str:
    """Return why a method cannot be called with ``takes`` by position and one of ``keywords``."""
    positional = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    by_keyword = {each.arg for each in (*arguments.args, *arguments.kwonlyargs)}
    given = {name for name in keywords if name in by_keyword}
    if "dataloader" in keywords and "info" in keywords:  # of query: the first that it has
        takes_any = {"dataloader"} if arguments.kwarg else set()
        given = {"dataloader"} & given or takes_any or given
    required = positional[: len(positional) - len(arguments.defaults)]
    required_keywords = {
        each.arg
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    }
    count = 1 + len(takes)
    if len(positional) < count and not arguments.vararg:
        missing = ("`self`", *takes)[len(positional)]
        return f"takes no {missing.removeprefix('the ')}"
    if len(positional) > 1 and (wrong := given.intersection(positional[1:count])):
        return f"takes {takes[0]} as `{wrong.pop()}`"
    unknown = (set(required[count:]) | required_keywords) - given
    if unknown:
        return f"needs {', '.join(sorted(unknown))}, which nobody passes"
    return ""


def _is_plain(base: ast.expr) -> bool:
    """Return whether a base class has no methods of ours: object alone."""
    return isinstance(base, ast.Name) and base.id == "object"
