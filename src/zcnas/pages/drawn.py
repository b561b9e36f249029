"""Parts of pages that were drawn for an earlier board, and are the same on this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from zcnas.judging.board_cache import BoardCache, key_of
from zcnas.judging.leaderboard import Entry

Part = TypeVar("Part")


def _nothing(entry: Entry) -> bytes:
    del entry
    return b""


@dataclass(frozen=True, kw_only=True)
class DrawnParts:
    """Where parts are found that follow from one entry's results alone.

    Attributes:
        cache: Of earlier boards; None for none.
        keys: Submission to the key of what was judged; one without is drawn every time.
        fingerprint: Returns a digest of what a submission's page tells beside its predictions.
    """

    cache: BoardCache | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    fingerprint: Callable[[Entry], bytes] = _nothing

    def recall(
        self,
        kind: str,
        entry: Entry,
        about: object,
        of: type[Part],
        draw: Callable[[], Part],
    ) -> Part:
        """Return a part of the pages, drawn unless it is known.

        Args:
            kind: Which part.
            entry: Whose.
            about: What it follows from beside the entry's results.
            of: Type of the part, for its record.
            draw: Draws it.
        """
        judged = self.keys.get(entry.submission, "")
        if self.cache is None or not judged:
            return draw()
        key = key_of(kind, judged, entry.submission, about)
        record = self.cache.find(key)
        if record is not None:
            return msgspec.msgpack.decode(record, type=of)
        part = draw()
        self.cache.keep(key, msgspec.msgpack.encode(part))
        return part
