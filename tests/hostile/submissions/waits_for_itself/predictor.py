"""Times out without computing, and as if others had its CPU, to be asked again.

Its own children keep each other from the one CPU, so the kernel sees every one of them wait.
"""

import os
import time

from attempts import is_large


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        print("asked", flush=True)
        if is_large(graph):
            for _ in range(8):
                if os.fork() == 0:
                    while True:
                        pass
        time.sleep(1000)
