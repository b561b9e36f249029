"""Prints without end, to both streams."""

import os

from attempts import is_large


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        if is_large(graph):
            for _ in range(64):
                os.write(1, b"x" * 65536)
                os.write(2, b"y" * 65536)
        return 1.0
