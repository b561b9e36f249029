"""Takes more memory than allowed, by numpy, and as shared memory that no limit of a process counts."""

import mmap

import numpy as np
from attempts import is_large

PIECE = bytes(16 << 20)


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        if is_large(graph):
            return np.ones(400_000_000).sum()
        shared = mmap.mmap(-1, 100 * len(PIECE))
        for _ in range(100):
            shared.write(PIECE)
        return 1.0
