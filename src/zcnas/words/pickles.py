"""Safe reading of untrusted pickles: nothing they name is imported or run."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping

Allowed = Mapping[tuple[str, str], object]
"""Maps (module, name) to a stand-in; nothing else is looked up, and nothing is imported."""


class UnsafePickleError(ValueError):
    """The bytes are not a pickle, are damaged, or name something that is not allowed."""


def load_pickle(content: bytes, allowed: Allowed | None = None, encoding: str = "ASCII") -> object:
    """Return the data in a pickle: numbers, strings, containers, and what ``allowed`` lists.

    Args:
        content: The pickle.
        allowed: Maps (module, name) to the class or function that stands in for it.
        encoding: How strings from Python 2 are decoded; ``bytes`` leaves them as bytes.

    Raises:
        UnsafePickleError: Gives the reason in one clause.
    """
    unpickler = _Unpickler(io.BytesIO(content), encoding=encoding)
    unpickler.allowed = allowed or {}
    try:
        return unpickler.load()
    # A damaged pickle can fail in as many ways as there are opcodes.
    except (
        pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError,
        AttributeError, ImportError, OverflowError, MemoryError,
    ) as error:  # fmt: skip
        raise UnsafePickleError(str(error) or type(error).__name__) from None


class _Unpickler(pickle.Unpickler):
    allowed: Allowed

    def find_class(self, module: str, name: str) -> object:
        try:
            return self.allowed[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it names {module}.{name}, which is not allowed"
            ) from None
