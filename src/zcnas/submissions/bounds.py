"""The limits on a submission.

``reading.py`` reads an untrusted folder or zip into memory and refuses everything that is not a
plain file; ``content.py`` inspects the files. Nothing is executed, imported or written, and every
refusal is one line with a remedy.
"""

from __future__ import annotations

MAX_FILES = 200
MAX_BYTES = 20 * (1 << 20)
"""Unpacked size: room for source code and small tables, not for a search space's accuracies."""
MAX_SOURCE_BYTES = 256 * 1024
"""Size of the entry point, which is parsed: the syntax tree is some hundred times as large."""
MAX_LISTED = 20_000
"""Entries of a folder or zip that are looked at at most, to say where there are too many."""
MAX_NAME_BYTES = 200
"""Length of a file's path in the submission."""


def quoted(name: str) -> str:
    """Return an untrusted file name for use in a message: escaped and shortened."""
    return repr(name if len(name) <= 80 else f"{name[:77]}...")
