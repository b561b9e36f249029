"""The predictor's contract: how it is loaded, how its query is called, what it may return.

    class ZeroCostPredictor:
        method_type: str                                  # shown on the leaderboard
        def set_ss_type(self, ss_type: str) -> None: ...  # receives the search space
        def pre_process(self) -> None: ...                # once per benchmark
        def query(self, graph, dataloader=None) -> float: ...  # once per architecture

Only ``query`` is required; a higher score ranks higher. This module runs in the worker, next to the
participant's code; the participant sees every error raised here verbatim.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import math
import reprlib
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

ENTRY_POINTS = ("predictor.py", "submission.py")
"""Files that may define the class; the second is the name used in 2022."""
CLASS_NAME = "ZeroCostPredictor"
SHIMS = ("naslib", "torchvision")
"""Packages beside the worker that a submission may carry itself: its own wins."""
PACKAGE = "submitted"
"""The package that a submission's files form for relative imports."""


_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 80


class InvalidScoreError(Exception):
    """A query returned something other than one usable number."""


def load_predictor(folder: Path) -> Any:
    """Return an instance of the ``ZeroCostPredictor`` in a folder.

    The entry point can import modules beside it, by name or relatively (``from .parts import f``).
    They replace no other module, except that a package of a shim's name replaces the shim.

    Raises:
        ImportError: There is no entry point, or it has no class of that name.
        Exception: Anything the participant's module or constructor raises.
    """
    path = next((folder / name for name in ENTRY_POINTS if (folder / name).is_file()), None)
    if path is None:
        raise ImportError(f"the submission has no {' or '.join(ENTRY_POINTS)}; add one")
    sys.path.append(str(folder))
    sys.meta_path.insert(0, _OwnOfShims(folder))
    package = ModuleType(PACKAGE)
    package.__path__ = [str(folder)]
    spec = importlib.util.spec_from_file_location(f"{PACKAGE}.{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules |= {PACKAGE: package, path.stem: module, spec.name: module}
    spec.loader.exec_module(module)
    try:
        predictor_class = getattr(module, CLASS_NAME)
    except AttributeError:
        raise ImportError(f"{path.name} does not define a class {CLASS_NAME}") from None
    return predictor_class()


class _OwnOfShims:
    """A finder of a submission's own packages that are named like a shim.

    Args:
        folder: The submission.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the submission's own package, or None for the usual search."""
        return PathFinder.find_spec(name, [self._folder], target) if name in SHIMS else None


def query_caller(predictor: Any, dataloader: Any) -> Callable[[Any], Any]:
    """Return a function of a network that calls ``query`` as its signature requires.

    Raises:
        TypeError: There is no ``query``, or it cannot be called with a network.
    """
    query = getattr(predictor, "query", None)
    if not callable(query):
        raise TypeError(f"{CLASS_NAME} has no method query(self, graph, dataloader=None)")
    signature = inspect.signature(query)
    parameters = signature.parameters.values()
    takes_any_keyword = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    keywords: dict[str, Any] = {}
    if "dataloader" in signature.parameters or takes_any_keyword:
        keywords["dataloader"] = dataloader
    elif "info" in signature.parameters:
        keywords["info"] = None
    try:
        signature.bind(None, **keywords)
    except TypeError as error:
        raise TypeError(
            f"query{signature} cannot be called ({error}); expected query(self, graph, "
            f"dataloader=None)"
        ) from None
    return functools.partial(query, **keywords)


def to_score(value: Any) -> float:
    """Return a query's answer as a float; infinities are valid scores.

    Accepts int, float, numpy and torch scalars, and arrays and tensors with one element.

    Raises:
        InvalidScoreError: The answer is anything else, NaN, or a finite number beyond a float.
    """
    kind = type(value).__name__
    try:
        number = _only_element(value)
    except InvalidScoreError:
        raise
    except Exception as error:  # noqa: BLE001 - a tensor without data, or a type of their own
        raise InvalidScoreError(
            f"query returned a {kind} whose number cannot be read ({_shown(error)}); expected one "
            "number"
        ) from None
    if isinstance(number, bool) or not isinstance(number, int | float | np.floating):
        kind = type(number).__name__
        raise InvalidScoreError(f"query returned {kind} {_shown(number)}; expected one number")
    try:
        score = float(number)
    except OverflowError:
        raise InvalidScoreError("query returned an integer too large for a float") from None
    if math.isnan(score):
        raise InvalidScoreError("query returned NaN; expected a number (infinities are allowed)")
    if math.isinf(score) and not np.isinf(number):
        raise InvalidScoreError(f"query returned a {kind} too large for a float")
    return score


def _only_element(value: Any) -> Any:
    """Return the element of a numpy or torch scalar, or of an array with one; others as they are.

    Raises:
        InvalidScoreError: There is not exactly one, it is masked, or it is a time.
    """
    if not (hasattr(value, "item") and hasattr(value, "shape")):
        return value
    kind, shape = type(value).__name__, tuple(value.shape)
    if math.prod(shape) != 1:
        raise InvalidScoreError(f"query returned a {kind} of shape {shape}; expected one number")
    if np.ma.is_masked(value) or getattr(value.dtype, "kind", "f") in "mM":
        raise InvalidScoreError(f"query returned {kind} {_shown(value)}; expected one number")
    return value.item()


def _shown(value: object) -> str:
    try:
        return _REPR.repr(value)
    except Exception:  # noqa: BLE001 - the participant's own type
        return "(its text is unavailable)"
