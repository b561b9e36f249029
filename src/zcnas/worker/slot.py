"""The place where a process forked from the worker leaves its answer for it.

Memory that both share: a query that closes every descriptor it can name still answers. Whatever is
in it is the participant's claim, as everything that comes from their process.
"""

from __future__ import annotations

import mmap
import struct

from zcnas.errors import WorkerFault
from zcnas.worker.channel import MAX_ANSWER_BYTES, Answer

_LENGTH = struct.Struct("!I")


class AnswerSlot:
    """Room for one answer: make it before the fork, ``put`` in the child, ``take`` afterwards.

    Args:
        more_bytes: How much longer than ``MAX_ANSWER_BYTES`` an answer may be.
    """

    def __init__(self, more_bytes: int = 0) -> None:
        self._memory = mmap.mmap(-1, _LENGTH.size + MAX_ANSWER_BYTES + more_bytes)

    def clear(self) -> None:
        """Forget what is there."""
        self._memory[: _LENGTH.size] = bytes(_LENGTH.size)

    def put(self, answer: Answer) -> None:
        """Leave an answer; a later one replaces it."""
        content = answer.encode()
        self._memory[: _LENGTH.size] = bytes(_LENGTH.size)
        self._memory[_LENGTH.size : _LENGTH.size + len(content)] = content
        self._memory[: _LENGTH.size] = _LENGTH.pack(len(content))

    def take(self) -> Answer | None:
        """Return the answer, or None if there is none."""
        (length,) = _LENGTH.unpack_from(self._memory)
        if not length:
            return None
        try:
            return Answer.decode(self._memory[_LENGTH.size :][:length])
        except WorkerFault:
            return None
