"""Computes on in `fit` after its time, itself and in children that nobody waits for."""

import os
import signal
import time


def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


class ZeroCostPredictor:
    track = "few-labels"

    def fit(self, graphs, accuracies):
        """Use many times the allowed CPU time, and never come back of its own will."""
        self.graphs = graphs
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for _ in range(4):
            if os.fork() == 0:
                if os.fork() == 0:
                    burn(100)
                os._exit(0)
        while True:
            try:
                signal.signal(signal.SIGXCPU, signal.SIG_IGN)
                burn(100)
            except BaseException as error:  # noqa: BLE001
                print("refused:", type(error).__name__)

    def query(self, graph, dataloader=None):
        return 1.0
