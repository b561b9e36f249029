"""The entries of a folder or zip before they are read, and which of their names are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from zcnas.submissions.bounds import MAX_NAME_BYTES, quoted


@dataclass(frozen=True)
class Entry:
    """A plain file that nobody has read yet.

    Attributes:
        name: Its relative path, with forward slashes.
        size: Its declared size in bytes; ``read`` returns no more.
        read: Returns its content, or raises ``ValueError`` with the reason it cannot.
    """

    name: str
    size: int
    read: Callable[[], bytes]


@dataclass
class Listing:
    """What is in a folder or zip.

    Attributes:
        entries: The plain files.
        left_out: Paths of what tools left behind.
        replaced: Paths of files that a zip has more than once; its last entry counts.
        problems: Reasons to refuse it, each with a remedy.
    """

    entries: list[Entry] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def fault_of_name(name: str) -> str:
    """Return why a relative path is refused, or an empty string."""
    path = PurePosixPath(name)
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return f"the name {quoted(name)} is not UTF-8; rename the file"
    if path.is_absolute() or ".." in path.parts or name[1:2] == ":":
        return f"{quoted(name)} points outside the submission; use plain relative paths"
    if "\\" in name:
        return f"the name {quoted(name)} contains a backslash; rename the file"
    if not name.isprintable() or not path.parts:
        return f"the name {quoted(name)} contains control characters; rename the file"
    if length > MAX_NAME_BYTES:
        return f"the name {quoted(name)} is longer than {MAX_NAME_BYTES} bytes; shorten it"
    return ""
