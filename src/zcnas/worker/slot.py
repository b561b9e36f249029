"""The place where a query's process leaves its answer for the worker that forked it.

Memory that both share: a query that closes every descriptor it can name still answers. Whatever is
in it is the participant's claim, as everything that comes from their process.
"""

from __future__ import annotations

import mmap
import struct

from zcnas.worker.channel import ANSWER_STATUSES, MAX_MESSAGE_BYTES, AnswerStatus

_HEAD = struct.Struct("!BBdH")


class AnswerSlot:
    """Room for one answer: make it before the fork, ``put`` in the child, ``take`` afterwards."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _HEAD.size + MAX_MESSAGE_BYTES)

    def clear(self) -> None:
        """Forget what is there."""
        self._memory[: _HEAD.size] = bytes(_HEAD.size)

    def put(self, status: AnswerStatus, score: float, message: str) -> None:
        """Leave an answer; a later one replaces it."""
        text = message.encode(errors="replace")[:MAX_MESSAGE_BYTES]
        self._memory[_HEAD.size : _HEAD.size + len(text)] = text
        head = _HEAD.pack(1, ANSWER_STATUSES.index(status), score, len(text))
        self._memory[: _HEAD.size] = head

    def take(self) -> tuple[AnswerStatus, float, str] | None:
        """Return the answer (status, score, message), or None if there is none."""
        there, status, score, length = _HEAD.unpack_from(self._memory)
        if not there:
            return None
        text = self._memory[_HEAD.size :][:length].decode(errors="replace")
        return ANSWER_STATUSES[status % len(ANSWER_STATUSES)], score, text
