"""JSON files of records: read with checks, written whole.

Every file of the project that one program writes and another reads goes through here, so none has
NaN, an infinity or a key twice, and none is ever seen half written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from zcnas.errors import ZcnasError

_T = TypeVar("_T")


def read_json(path: Path, record: type[_T], error: type[ZcnasError]) -> _T:
    """Return the record in a JSON file.

    Raise ``error`` with file and place if it is missing or malformed, or has a key twice.
    """
    try:
        content = path.read_bytes()
        found = msgspec.json.decode(content, type=record)
        json.loads(content, object_pairs_hook=distinct_pairs)
    except OSError as reason:
        raise error(f"cannot read {path}: {reason.strerror}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as reason:
        raise error(f"{path} is malformed: {reason}") from None
    except ValueError as reason:
        raise error(f"{path} has a {reason}; which value counts, it does not say") from None
    return found


def distinct_pairs(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of a JSON file, as ``object_pairs_hook`` of the standard library's decoder.

    Raises:
        ValueError: A key occurs twice; which of the two rows counts, the file does not say.
    """
    read = list(pairs)
    found = dict(read)
    if len(found) < len(read):
        keys = [key for key, _ in read]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"duplicate key {twice!r}")
    return found


def write_json(path: Path, record: object, mode: int | None = None) -> None:
    """Write a record as indented JSON, keys in the record's order.

    The file appears whole or not at all.

    Args:
        path: The file; its folder is made.
        record: What to write.
        mode: The file's permissions from its first byte on; the system's own by default.

    Raises:
        ValueError: The record holds NaN or an infinity.
    """
    content = json.dumps(msgspec.to_builtins(record), indent=1, ensure_ascii=False, allow_nan=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    if mode is not None:
        partial.unlink(missing_ok=True)
        partial.touch(mode, exist_ok=False)
    partial.write_text(content + "\n", encoding="utf-8")
    partial.replace(path)
