"""The predictor's contract: how it is loaded, how its query is called, what it may return.

    class ZeroCostPredictor:
        method_type: str                                  # shown on the leaderboard
        def set_ss_type(self, ss_type: str) -> None: ...  # receives the search space
        def pre_process(self) -> None: ...                # once per benchmark
        def query(self, graph, dataloader=None) -> float: ...  # once per architecture
        def combine(self, answers) -> list: ...           # once per benchmark; see below
        def fit(self, graphs, accuracies) -> None: ...    # track few-labels alone; see below

Only ``query`` is required; a higher score ranks higher. A query may return a dict of named numbers
instead; then ``combine`` is given the list of these dicts and returns one score for each. ``fit``
is given labelled networks before the first query. This module runs in the worker, next to the
participant's code; the participant sees every error raised here verbatim.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import reprlib
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from math import isinf, isnan, prod
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from zcnas.words.entry_points import CLASS_NAME, ENTRY_POINTS, SHIMS
from zcnas.words.parts import MAX_PART_NAME, MAX_PARTS, is_part_name

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
    for name in [name for name in sys.modules if name.startswith(f"{PACKAGE}.")]:
        del sys.modules[name]  # of a submission that this process loaded before
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


def fit_caller(predictor: Any, dataloader: Any) -> Callable[[Any, Any], Any]:
    """Return a function of networks and accuracies that calls ``fit`` as its signature requires.

    It is given the minibatches if it has a parameter ``dataloader``.

    Raises:
        TypeError: There is no ``fit``, or it cannot be called with networks and accuracies.
    """
    fit = getattr(predictor, "fit", None)
    if not callable(fit):
        raise TypeError(
            f"{CLASS_NAME} states the track few-labels and has no method fit(self, graphs, "
            "accuracies); add one, or state another track"
        )
    signature = inspect.signature(fit)
    keywords = {"dataloader": dataloader} if "dataloader" in signature.parameters else {}
    try:
        signature.bind(None, None, **keywords)
    except TypeError as error:
        raise TypeError(
            f"fit{signature} cannot be called ({error}); expected fit(self, graphs, accuracies)"
        ) from None
    return functools.partial(fit, **keywords)


def combine_caller(predictor: Any) -> Callable[[Any], Any] | None:
    """Return the predictor's ``combine``; None if it has none."""
    combine = getattr(predictor, "combine", None)
    return combine if callable(combine) else None


def to_score(value: Any, said: str = "query returned") -> float:
    """Return a query's answer as a float; infinities are valid scores.

    Accepts int, float, numpy and torch scalars, and arrays and tensors with one element.

    Args:
        value: The answer.
        said: Who gave it, for the message.

    Raises:
        InvalidScoreError: The answer is anything else, NaN, or a finite number beyond a float.
    """
    kind = type(value).__name__
    try:
        number = _only_element(value, said)
    except InvalidScoreError:
        raise
    except Exception as error:  # noqa: BLE001 - a tensor without data, or a type of their own
        raise InvalidScoreError(
            f"{said} a {kind} whose number cannot be read ({_shown(error)}); expected one number"
        ) from None
    if isinstance(number, bool) or not isinstance(number, int | float | np.floating):
        kind = type(number).__name__
        raise InvalidScoreError(f"{said} {kind} {_shown(number)}; expected one number")
    try:
        score = float(number)
    except OverflowError:
        raise InvalidScoreError(f"{said} an integer too large for a float") from None
    if isnan(score):
        raise InvalidScoreError(f"{said} NaN; expected a number (infinities are allowed)")
    if isinf(score) and not np.isinf(number):
        raise InvalidScoreError(f"{said} a {kind} too large for a float")
    return score


def to_parts(value: dict[Any, Any], *, combines: bool) -> dict[str, float]:
    """Return a query's named numbers as floats, in their order.

    Args:
        value: What the query returned.
        combines: Whether the predictor has a ``combine`` to make a score of them.

    Raises:
        InvalidScoreError: Nothing combines them, there are too many or none, or a name or a number
            cannot be used.
    """
    if not combines:
        raise InvalidScoreError(
            f"query returned a dict, and {CLASS_NAME} has no combine(self, answers) that makes a "
            "score of it; define it, or return one number"
        )
    if not 0 < len(value) <= MAX_PARTS:
        raise InvalidScoreError(
            f"query returned a dict of {len(value)} numbers; expected 1 to {MAX_PARTS}"
        )
    for name in value:
        if not is_part_name(name):
            raise InvalidScoreError(
                f"query returned a dict with the name {_shown(name)}; expected a text of 1 to "
                f"{MAX_PART_NAME} printable characters"
            )
    return {
        str(name): to_score(number, f"query returned under {name!r}")
        for name, number in value.items()
    }


def to_scores(values: Any, count: int) -> tuple[float, ...]:
    """Return what ``combine`` returned as floats; infinities are valid scores.

    Accepts a list, a tuple, and an array or tensor of one dimension.

    Args:
        values: What it returned.
        count: How many answers it was given.

    Raises:
        InvalidScoreError: It is anything else, of another length, or one of its scores is unusable.
    """
    kind = type(values).__name__
    dimensions = getattr(values, "ndim", None)
    if dimensions != 1 and not isinstance(values, list | tuple):
        raise InvalidScoreError(
            f"combine returned {kind} {_shown(values)}; expected a list of {count} scores, one per "
            "answer"
        )
    if len(values) != count:
        raise InvalidScoreError(
            f"combine returned {len(values)} scores for {count} answers; expected one per answer"
        )
    return tuple(
        to_score(value, f"combine returned for answer {number} of {count}")
        for number, value in enumerate(values, start=1)
    )


def _only_element(value: Any, said: str) -> Any:
    """Return the element of a numpy or torch scalar, or of an array with one; others as they are.

    Raises:
        InvalidScoreError: There is not exactly one, it is masked, or it is a time.
    """
    if not (hasattr(value, "item") and hasattr(value, "shape")):
        return value
    kind, shape = type(value).__name__, tuple(value.shape)
    if prod(shape) != 1:
        raise InvalidScoreError(f"{said} a {kind} of shape {shape}; expected one number")
    if np.ma.is_masked(value) or getattr(value.dtype, "kind", "f") in "mM":
        raise InvalidScoreError(f"{said} {kind} {_shown(value)}; expected one number")
    return value.item()


def _shown(value: object) -> str:
    try:
        return _REPR.repr(value)
    except Exception:  # noqa: BLE001 - the participant's own type
        return "(its text is unavailable)"
