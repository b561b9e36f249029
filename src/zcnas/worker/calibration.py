"""A fixed piece of torch work, by whose CPU time one CPU, or one moment, is held against another.

Two convolutions with batch normalisation and their gradients on four feature maps: what a query of
a small network is made of. It is computed in a child like every query, so a worker is afterwards
what it was before. The recorder asks for it before a submission is loaded, never after.
"""

from __future__ import annotations

import os
import statistics
import struct
import time

import torch
from torch.nn import functional

_BATCH, _CHANNELS, _SIZE = 4, 16, 32
_TAKEN = struct.Struct("!d")


def measure_in_child(repetitions: int) -> float:
    """Return the median CPU seconds of the piece, computed by a child process; 0 if that died.

    Args:
        repetitions: How often it is computed, after once that does not count.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, _TAKEN.pack(_measure(repetitions)))
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        taken = answer.read()
    os.waitpid(child, 0)
    return float(_TAKEN.unpack(taken)[0]) if len(taken) == _TAKEN.size else 0.0


def _measure(repetitions: int) -> float:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(_BATCH, _CHANNELS, _SIZE, _SIZE, generator=generator)
    shape = (_CHANNELS, _CHANNELS, 3, 3)
    weights = [torch.randn(shape, generator=generator, requires_grad=True) for _ in range(2)]
    taken = []
    for _ in range(1 + repetitions):
        before = time.process_time()
        _compute(images, weights)
        taken.append(time.process_time() - before)
    return statistics.median(taken[1:])


def _compute(images: torch.Tensor, weights: list[torch.Tensor]) -> None:
    maps = images
    for weight in weights:
        maps = functional.conv2d(maps, weight, padding=1)
        maps = functional.batch_norm(maps, None, None, training=True).relu()
    torch.autograd.grad(maps.sum(), weights)
