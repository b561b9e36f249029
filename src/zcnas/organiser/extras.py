"""Which extra a command needs, where a package is not installed."""

from __future__ import annotations

import importlib.util

from zcnas.errors import ZcnasError

EXTRA_OF = {
    "dask": "cluster",
    "distributed": "cluster",
    "jinja2": "pages",
    "markupsafe": "pages",
    "matplotlib": "research",
    "pandas": "research",
    "PIL": "pages",
    "scipy": "run",
    "sklearn": "research",
    "torch": "run",
    "xgboost": "research",
}
"""Top-level module to the extra of ``pyproject.toml`` that brings it."""


class MissingExtra(ZcnasError):  # noqa: N818 - it names what is missing
    """A command needs packages that this installation left out."""


def missing_packages(extra: str) -> list[str]:
    """Return which modules of an extra are not installed."""
    own = (module for module, each in EXTRA_OF.items() if each == extra)
    return [module for module in own if importlib.util.find_spec(module) is None]


def missing_extra(error: ModuleNotFoundError) -> MissingExtra | None:
    """Return what to install for a module that is not there; None if it is of no extra."""
    module = (error.name or "").partition(".")[0]
    return _explain(module) if module in EXTRA_OF else None


def require(module: str, purpose: str) -> None:
    """Refuse to continue without a module.

    Args:
        module: One of ``EXTRA_OF``.
        purpose: What needs it, as the subject of a sentence.

    Raises:
        MissingExtra: It is not installed.
    """
    if importlib.util.find_spec(module) is None:
        raise _explain(module, purpose)


def _explain(module: str, purpose: str = "this command") -> MissingExtra:
    extra = EXTRA_OF[module]
    return MissingExtra(
        f"{purpose} needs the package {module}, which is not installed: "
        f"pip install 'zcnas[{extra}]'"
    )
