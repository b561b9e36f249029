"""The protocol between recorder and worker: length-prefixed frames over two byte streams.

The recorder sends one ``Setup``, then ``Query`` frames; the worker sends one ``Answer`` for each.
An answer carries the nonce of its query, a status byte, three IEEE float64 and a short text.
Nothing in it is unpickled, evaluated or trusted, and it cannot be longer than ``MAX_ANSWER_BYTES``.
The worker's first frame, sent before it touches the submission, is an answer with ``HELLO_NONCE``.

Imports only the standard library and numpy: this module runs on both sides of the boundary.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import struct
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from zcnas.errors import WorkerFault
from zcnas.packed import NO_IMAGES, PackedImages
from zcnas.text import printable

NONCE_BYTES = 16
HELLO_NONCE = bytes(NONCE_BYTES)
MAX_MESSAGE_BYTES = 4000
MAX_ANSWER_BYTES = MAX_MESSAGE_BYTES + 64
MAX_REQUEST_BYTES = 1 << 30

AnswerStatus = Literal["ok", "error", "timeout", "memory", "killed", "invalid"]
ANSWER_STATUSES: tuple[AnswerStatus, ...] = get_args(AnswerStatus)
"""The status byte of an answer indexes this tuple."""

_LENGTH = struct.Struct("!I")
_ANSWER = struct.Struct(f"!{NONCE_BYTES}sBddd")
_QUERY = struct.Struct(f"!{NONCE_BYTES}sQ")


@dataclass(frozen=True)
class Answer:
    """The worker's answer to one query, or to the set-up.

    Attributes:
        nonce: The nonce of the query it answers.
        status: One of ``ANSWER_STATUSES``.
        score: The score; meaningless unless the status is ``ok``.
        cpu_time_s: CPU seconds the worker claims.
        peak_memory_mb: Peak resident memory in MiB the worker claims.
        message: One short text for the participant.
    """

    nonce: bytes
    status: AnswerStatus
    score: float = 0.0
    cpu_time_s: float = 0.0
    peak_memory_mb: float = 0.0
    message: str = ""

    def encode(self) -> bytes:
        """Return the frame's content, at most ``MAX_ANSWER_BYTES`` long."""
        head = _ANSWER.pack(
            self.nonce,
            ANSWER_STATUSES.index(self.status),
            self.score,
            self.cpu_time_s,
            self.peak_memory_mb,
        )
        return head + self.message.encode(errors="replace")[:MAX_MESSAGE_BYTES]

    @classmethod
    def decode(cls, content: bytes) -> Answer:
        """Return the answer in a frame, its text stripped of control characters.

        Raises:
            WorkerFault: The content is not an answer.
        """
        if len(content) < _ANSWER.size:
            raise WorkerFault(f"the worker sent {len(content)} bytes that are not an answer")
        nonce, status, score, cpu_time_s, peak_memory_mb = _ANSWER.unpack_from(content)
        if status >= len(ANSWER_STATUSES):
            raise WorkerFault(f"the worker sent an answer with unknown status {status}")
        text = content[_ANSWER.size :].decode(errors="replace")
        return cls(
            nonce,
            ANSWER_STATUSES[status],
            score,
            cpu_time_s,
            peak_memory_mb,
            printable(text),
        )


@dataclass(frozen=True)
class Setup:
    """The first request: everything the worker may know of a benchmark.

    Attributes:
        nonce: Must be repeated in the answer.
        benchmark: The benchmark's key.
        seed: Seed of ``pre_process``.
        query_cpu_s: CPU limit of one query in seconds.
        query_wall_s: Wall limit of one query in seconds.
        memory_mb: Memory limit of one query's process in MiB.
        inputs: (B, C, H, W) float32, the first minibatch.
        targets: (B, …).
        further: The images of all minibatches after it.
    """

    nonce: bytes
    benchmark: str
    seed: int
    query_cpu_s: int
    query_wall_s: int
    memory_mb: int
    inputs: NDArray[Any]
    targets: NDArray[Any]
    further: PackedImages = NO_IMAGES

    def encode(self) -> bytes:
        """Return the frame's content: a JSON header and the raw arrays."""
        arrays = (self.inputs, self.targets, *self.further.arrays())
        head = {field.name: getattr(self, field.name) for field in fields(self)}
        head = {name: value for name, value in head.items() if name not in _RAW}
        head["arrays"] = [[array.dtype.str, array.shape] for array in arrays]
        text = json.dumps(head).encode()
        raw = (array.tobytes() for array in arrays)
        return b"".join([self.nonce, _LENGTH.pack(len(text)), text, *raw])

    @classmethod
    def decode(cls, content: bytes) -> Setup:
        """Return the set-up in a frame, which comes from the recorder and is trusted."""
        start = NONCE_BYTES + _LENGTH.size
        end = start + _LENGTH.unpack_from(content, NONCE_BYTES)[0]
        head = json.loads(content[start:end])
        arrays: list[NDArray[Any]] = []
        for dtype, shape in head.pop("arrays"):
            count = int(np.prod(shape))
            arrays.append(np.frombuffer(content, dtype, count, end).reshape(shape).copy())
            end += arrays[-1].nbytes
        inputs, targets, *rest = arrays
        return cls(
            nonce=content[:NONCE_BYTES],
            inputs=inputs,
            targets=targets,
            further=PackedImages.from_arrays(tuple(rest)),
            **head,
        )


_RAW = ("nonce", "inputs", "targets", "further")


@dataclass(frozen=True)
class Query:
    """A request for one score.

    Attributes:
        nonce: Must be repeated in the answer.
        seed: Seed of the network's initial weights and of all randomness in the query.
        spec: The architecture's canonical string.
    """

    nonce: bytes
    seed: int
    spec: str

    def encode(self) -> bytes:
        """Return the frame's content."""
        return _QUERY.pack(self.nonce, self.seed) + self.spec.encode()

    @classmethod
    def decode(cls, content: bytes) -> Query:
        """Return the query in a frame, which comes from the recorder and is trusted."""
        nonce, seed = _QUERY.unpack_from(content)
        return cls(nonce, seed, content[_QUERY.size :].decode())


Wait = Callable[[int, int], None]
"""Returns when ``select``'s event has come on a descriptor; raises what ends the waiting."""


def send_frame(descriptor: int, content: bytes, wait: Wait | None = None) -> None:
    """Write one frame.

    Args:
        descriptor: A stream; non-blocking if ``wait`` is given.
        content: The frame's content.
        wait: Called before every piece; None to block for as long as it takes.

    Raises:
        BrokenPipeError: The other side is gone.
    """
    rest = memoryview(_LENGTH.pack(len(content)) + content)
    while rest:
        if wait is not None:
            wait(descriptor, select.POLLOUT)
        with contextlib.suppress(BlockingIOError):
            rest = rest[os.write(descriptor, rest[:65536]) :]


def receive_frame(descriptor: int, max_bytes: int, wait: Wait | None = None) -> bytes | None:
    """Return the content of the next frame, or None if the stream ended instead.

    Args:
        descriptor: A stream.
        max_bytes: The maximum length to accept.
        wait: Called before every piece; None to block for as long as it takes.

    Raises:
        WorkerFault: The frame is longer than ``max_bytes``.
    """
    head = _receive_exactly(descriptor, _LENGTH.size, wait)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > max_bytes:
        raise WorkerFault(
            f"the worker announced a frame of {length} bytes; at most {max_bytes} are allowed"
        )
    return _receive_exactly(descriptor, length, wait)


def _receive_exactly(descriptor: int, length: int, wait: Wait | None) -> bytes | None:
    received = bytearray()
    while len(received) < length:
        if wait is not None:
            wait(descriptor, select.POLLIN)
        chunk = os.read(descriptor, min(length - len(received), 1 << 20))
        if not chunk:
            return None
        received += chunk
    return bytes(received)
