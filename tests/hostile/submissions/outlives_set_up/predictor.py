"""Leaves a process behind in set-up, before any query."""

import os
import time

if os.fork() == 0:
    try:
        os.setsid()
    except OSError as error:
        print("refused:", error)
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return 1.0
