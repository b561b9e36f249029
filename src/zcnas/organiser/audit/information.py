"""How much a submission's files can remember, all together: data, records, fitted numbers.

A table can be cut into pieces that are small one by one, so what counts here is the sum. Compressed
size bounds what data tells: names of architectures and regular numbers shrink, hashes and ranks do
not.
"""

from __future__ import annotations

import ast
import math
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from zcnas.organiser.audit import Sign
from zcnas.organiser.audit.constants import parsed
from zcnas.words.tracks import TRACKS, Track

MAX_INFORMATION = 8 * 1024
"""Compressed bytes; an order of NAS-Bench-201's 15,625 architectures takes 24 KiB."""
MAX_RECORDS = 2000
"""Constants in source and lines in data files."""
LABELS_PER_NUMBER = 4
"""Labels that a fitted number takes, or it is the labels that are remembered."""
FEWEST_NUMBERS = 5
"""What a formula may have in any track."""
_DIGITS = 3
"""Significant digits from which on a number looks fitted rather than chosen."""


def information_signs(folder: Path, track: Track, labels: int) -> list[Sign]:
    """Return a sign where a submission's files together hold more than a method needs.

    Args:
        folder: Its files.
        track: The track it states.
        labels: How many labels it was given.
    """
    data, records, fitted = _contents(folder)
    told = len(zlib.compress(data, 9)) if data else 0
    signs = []
    if told > MAX_INFORMATION or records > MAX_RECORDS:
        signs.append(
            Sign(
                "information",
                f"its files hold {len(data) / 1024:.0f} KiB of data in {records} records, "
                f"{entropy_of(data):.1f} bits per byte, {told / 1024:.0f} KiB compressed; "
                f"{MAX_INFORMATION >> 10} KiB and {MAX_RECORDS} records are more than a method "
                "needs",
            )
        )
    allowed = max(labels // LABELS_PER_NUMBER, FEWEST_NUMBERS)
    if track != "transfer" and len(fitted) > allowed:
        signs.append(
            Sign(
                "fitted",
                f"its source has {len(fitted)} different numbers of {_DIGITS} digits or more, "
                f"where track {track} ({TRACKS[track]}) explains {allowed}",
            )
        )
    return signs


def entropy_of(data: bytes) -> float:
    """Return Shannon's entropy of the bytes' frequencies, in bits per byte."""
    counts = Counter(data).values()
    return -math.fsum(n / len(data) * math.log2(n / len(data)) for n in counts)


def _contents(folder: Path) -> tuple[bytes, int, set[float]]:
    """Return all data of a submission, the number of its records, and what looks fitted."""
    pieces: list[bytes] = []
    records, fitted = 0, set[float]()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        content = path.read_bytes()
        tree = parsed(content) if path.suffix == ".py" else None
        if tree is None:
            pieces.append(content)
            records += content.count(b"\n")
            continue
        constants = list(_constants(tree))
        records += len(constants)
        pieces += [_as_bytes(each) for each in constants]
        fitted |= {abs(each) for each in constants if isinstance(each, float) and _is_fitted(each)}
    return b"\n".join(pieces), records, fitted


def _constants(tree: ast.Module) -> Iterator[str | bytes | int | float]:
    """Yield the constants of a source; documentation is none."""
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in documentation:
            value = node.value
            if isinstance(value, str | bytes | int | float) and not isinstance(value, bool):
                yield value


def _as_bytes(value: str | bytes | float) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, int):  # no decimal text: a huge one takes forever
        return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return str(value).encode(errors="replace")


def _is_fitted(number: float) -> bool:
    digits = repr(number).partition("e")[0].replace(".", "").strip("-0")
    return math.isfinite(number) and len(digits) >= _DIGITS
