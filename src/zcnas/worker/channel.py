"""The protocol between recorder and worker: length-prefixed frames over two byte streams.

The recorder sends a ``Calibrate`` now and then, one ``Setup``, a ``Fit`` if it said so, then
``Query`` frames or one ``Combine``; the worker sends one ``Answer`` for each. An answer carries the
nonce of its query, a status byte, three IEEE float64 and a short text, and where an answer is
several numbers those, each a float64, with names of bounded length.
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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from zcnas.errors import WorkerFault
from zcnas.words.packed import NO_IMAGES, PackedImages
from zcnas.words.parts import MAX_PART_NAME, MAX_PARTS, is_part_name
from zcnas.words.text import printable

NONCE_BYTES = 16
HELLO_NONCE = bytes(NONCE_BYTES)
MAX_MESSAGE_BYTES = 4000
MAX_ANSWER_BYTES = MAX_MESSAGE_BYTES + MAX_PARTS * (4 * MAX_PART_NAME + 9) + 64
"""Of any answer but that of ``combine``, which has ``SCORE_BYTES`` more per score."""
SCORE_BYTES = 8
MAX_REQUEST_BYTES = 1 << 30

AnswerStatus = Literal["ok", "error", "timeout", "memory", "killed", "invalid"]
ANSWER_STATUSES: tuple[AnswerStatus, ...] = get_args(AnswerStatus)
"""The status byte of an answer indexes this tuple."""

_LENGTH = struct.Struct("!I")
_ANSWER = struct.Struct(f"!{NONCE_BYTES}sBddd")
_QUERY = struct.Struct(f"!{NONCE_BYTES}sQ")
_COUNTS = struct.Struct("!BI")
_HAS_NUMBERS = 0x80
"""Bit of the status byte: numbers stand between the head and the message."""

Purpose = Literal["query", "combine"]
"""What a worker is set up for."""


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
        parts: A query's named numbers, if it answered with parts.
        scores: One per answer, if it is the answer to ``Combine``.
    """

    nonce: bytes
    status: AnswerStatus
    score: float = 0.0
    cpu_time_s: float = 0.0
    peak_memory_mb: float = 0.0
    message: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)
    scores: tuple[float, ...] = ()

    def encode(self) -> bytes:
        """Return the frame's content, at most ``MAX_ANSWER_BYTES`` long, and longer by scores."""
        numbers = _encode_numbers(self.parts, self.scores)
        head = _ANSWER.pack(
            self.nonce,
            ANSWER_STATUSES.index(self.status) | (_HAS_NUMBERS if numbers else 0),
            self.score,
            self.cpu_time_s,
            self.peak_memory_mb,
        )
        return head + numbers + self.message.encode(errors="replace")[:MAX_MESSAGE_BYTES]

    @classmethod
    def decode(cls, content: bytes) -> Answer:
        """Return the answer in a frame, its text stripped of control characters.

        Raises:
            WorkerFault: The content is not an answer.
        """
        if len(content) < _ANSWER.size:
            raise WorkerFault(f"the worker sent {len(content)} bytes that are not an answer")
        nonce, flags, score, cpu_time_s, peak_memory_mb = _ANSWER.unpack_from(content)
        status = flags & ~_HAS_NUMBERS
        if status >= len(ANSWER_STATUSES):
            raise WorkerFault(f"the worker sent an answer with unknown status {status}")
        rest = content[_ANSWER.size :]
        parts: dict[str, float] = {}
        scores: tuple[float, ...] = ()
        if flags & _HAS_NUMBERS:
            rest, parts, scores = _decode_numbers(rest)
        return cls(
            nonce,
            ANSWER_STATUSES[status],
            score,
            cpu_time_s,
            peak_memory_mb,
            printable(rest.decode(errors="replace")),
            parts,
            scores,
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
        purpose: What it will be asked for; the limits are those of that. Nothing is combined with
            a minibatch at hand, so its arrays are then empty, unless ``fit`` is given them.
        fits: Whether a ``Fit`` follows.
        disguised: Whether a query's network is changed into one that computes the same.
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
    purpose: Purpose = "query"
    fits: bool = False
    disguised: bool = False

    def encode(self) -> bytes:
        """Return the frame's content: a JSON header and the raw arrays."""
        arrays = (self.inputs, self.targets, *self.further.arrays())
        head = {each.name: getattr(self, each.name) for each in fields(self)}
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
class Calibrate:
    """A request for the CPU time of a fixed piece of work, before the set-up.

    The answer's score is the median CPU seconds of the piece (``calibration.py``).

    Attributes:
        nonce: Must be repeated in the answer.
        repetitions: How often the piece is computed.
    """

    nonce: bytes
    repetitions: int

    def encode(self) -> bytes:
        """Return the frame's content."""
        return _QUERY.pack(self.nonce, self.repetitions)

    @classmethod
    def decode(cls, content: bytes) -> Calibrate | None:
        """Return the request in a frame from the recorder; None if it holds a set-up."""
        return cls(*_QUERY.unpack(content)) if len(content) == _QUERY.size else None


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


@dataclass(frozen=True)
class Fit:
    """A request to learn from labelled architectures, before any query.

    Attributes:
        nonce: Must be repeated in the answer.
        seed: Seed of all randomness in the call.
        cpu_s: CPU limit of the call in seconds.
        labels: (spec, seed of the network's weights, accuracy) of each architecture.
    """

    nonce: bytes
    seed: int
    cpu_s: int
    labels: tuple[tuple[str, int, float], ...]

    def encode(self) -> bytes:
        """Return the frame's content."""
        told = [self.cpu_s, self.labels]
        return _QUERY.pack(self.nonce, self.seed) + json.dumps(told).encode()

    @classmethod
    def decode(cls, content: bytes) -> Fit:
        """Return the request in a frame, which comes from the recorder and is trusted."""
        nonce, seed = _QUERY.unpack_from(content)
        cpu_s, labels = json.loads(content[_QUERY.size :])
        return cls(nonce, seed, cpu_s, tuple((spec, own, told) for spec, own, told in labels))


@dataclass(frozen=True)
class Combine:
    """A request for one score per answer.

    Attributes:
        nonce: Must be repeated in the answer.
        seed: Seed of all randomness in the call.
        answers: Named numbers of each architecture, infinities included.
    """

    nonce: bytes
    seed: int
    answers: tuple[dict[str, float], ...]

    def encode(self) -> bytes:
        """Return the frame's content."""
        return _QUERY.pack(self.nonce, self.seed) + json.dumps(self.answers).encode()

    @classmethod
    def decode(cls, content: bytes) -> Combine:
        """Return the request in a frame, which comes from the recorder and is trusted."""
        nonce, seed = _QUERY.unpack_from(content)
        return cls(nonce, seed, tuple(json.loads(content[_QUERY.size :])))


def _encode_numbers(parts: Mapping[str, float], scores: tuple[float, ...]) -> bytes:
    """Return what stands between head and message; nothing if there are no numbers."""
    if not parts and not scores:
        return b""
    named = b"".join(
        bytes([len(name.encode())]) + name.encode() + struct.pack("!d", number)
        for name, number in parts.items()
    )
    return _COUNTS.pack(len(parts), len(scores)) + named + struct.pack(f"!{len(scores)}d", *scores)


def _decode_numbers(content: bytes) -> tuple[bytes, dict[str, float], tuple[float, ...]]:
    """Return what follows the numbers, and the numbers.

    Raises:
        WorkerFault: They are not numbers within the bounds.
    """
    try:
        named, count = _COUNTS.unpack_from(content)
        at, parts = _COUNTS.size, {}
        for _ in range(named):
            end = at + 1 + content[at]
            name = content[at + 1 : end].decode()
            (parts[name],) = struct.unpack_from("!d", content, end)
            at = end + SCORE_BYTES
        scores = struct.unpack_from(f"!{count}d", content, at)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise WorkerFault(f"the worker sent an answer with damaged numbers: {error}") from None
    if len(parts) != named or named > MAX_PARTS or not all(map(is_part_name, parts)):
        raise WorkerFault("the worker sent an answer with parts that nobody may have")
    return content[at + SCORE_BYTES * count :], parts, scores


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
