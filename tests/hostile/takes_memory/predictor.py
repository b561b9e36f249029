"""Takes more memory than allowed, by numpy, and as shared memory that no limit of a process counts."""

import mmap

import numpy as np
from attempts import is_large


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        if is_large(graph):
            return np.ones(400_000_000).sum()
        shared = mmap.mmap(-1, 2 << 30)
        for position in range(0, 2 << 30, 4096):
            shared[position] = 1
        return 1.0
