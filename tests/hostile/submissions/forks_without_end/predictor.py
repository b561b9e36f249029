"""Starts processes until it is stopped, or has a hundred."""

import subprocess


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        started = []
        try:
            for _ in range(100):
                started.append(subprocess.Popen(["/bin/sleep", "1000"]))
        except OSError as error:
            print("refused:", error)
        return float(len(started))
