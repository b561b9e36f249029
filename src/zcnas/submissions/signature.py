"""Whether ``query`` can be called as the contract calls it, judged by the source alone."""

from __future__ import annotations

import ast

from zcnas.worker.contract import CLASS_NAME


def problem_of_query(tree: ast.Module, file: str) -> str:
    """Return what is wrong with the class's ``query``; "" if nothing is, or it cannot be told.

    A class that inherits, or decorates its method, may get another ``query`` than the one written.

    Args:
        tree: The entry point.
        file: Its name.
    """
    found = [
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == CLASS_NAME
    ]
    if len(found) != 1:
        return ""
    queries = [
        node
        for node in found[0].body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "query"
    ]
    if not queries:
        assigned = any(
            isinstance(name, ast.Name) and name.id == "query" for name in ast.walk(found[0])
        )
        if assigned or any(not _is_plain(base) for base in found[0].bases) or found[0].keywords:
            return ""
        return (
            f"{file}, line {found[0].lineno}: {CLASS_NAME} has no method "
            "query(self, graph, dataloader=None); add one"
        )
    query = queries[-1]
    if query.decorator_list:
        return ""
    if isinstance(query, ast.AsyncFunctionDef):
        return f"{file}, line {query.lineno}: query is `async`; write `def query(…)`"
    if reason := _cannot_be_called(query.args):
        return (
            f"{file}, line {query.lineno}: query({ast.unparse(query.args)}) {reason}; write "
            "query(self, graph, dataloader=None)"
        )
    return ""


def _cannot_be_called(arguments: ast.arguments) -> str:
    """Return why a method cannot be called with a network and ``dataloader=`` or ``info=``."""
    positional = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    by_keyword = {each.arg for each in (*arguments.args[:], *arguments.kwonlyargs)}
    given = {"dataloader"} if "dataloader" in by_keyword or arguments.kwarg else set()
    if not given and "info" in by_keyword:
        given = {"info"}
    required = positional[: len(positional) - len(arguments.defaults)]
    required_keywords = {
        each.arg
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    }
    if len(positional) < 2 and not arguments.vararg:
        return "takes no network" if positional else "takes no `self`"
    if len(positional) > 1 and positional[1] in given:
        return f"takes the network as `{positional[1]}`"
    missing = (set(required[2:]) | required_keywords) - given
    if missing:
        return f"needs {', '.join(sorted(missing))}, which nobody passes"
    return ""


def _is_plain(base: ast.expr) -> bool:
    """Return whether a base class has no ``query``: object, or the base class of 2022."""
    return isinstance(base, ast.Name) and base.id == "object"
