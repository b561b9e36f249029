"""Reading other people's pickles without running anything they name."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping

Allowed = Mapping[tuple[str, str], object]
"""(module, name) to what stands for it; nothing else is looked up, and nothing is imported."""


class UnsafePickleError(ValueError):
    """The bytes are no pickle, are damaged, or name something that is not allowed."""


def load_pickle(content: bytes, allowed: Allowed | None = None, encoding: str = "ASCII") -> object:
    """Return the data of a pickle: numbers, strings, containers, and what is ``allowed``.

    Args:
        content: The pickle.
        allowed: (module, name) to the class or function that stands for it.
        encoding: How Python 2's strings are read; ``bytes`` leaves them as bytes.

    Raises:
        UnsafePickleError: With the reason, one clause.
    """
    unpickler = _Unpickler(io.BytesIO(content), encoding=encoding)
    unpickler.allowed = allowed or {}
    try:
        return unpickler.load()
    # A damaged pickle fails in as many ways as there are opcodes.
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
