"""Leaves a process behind and then ends its worker, so that nobody is left to reap it."""

import ctypes
import os
import time

if os.fork() == 0:
    try:
        os.setsid()
        os.setpgid(0, 0)
    except OSError as error:
        print("refused:", error)
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
time.sleep(0.2)
ctypes.CDLL(None)._exit(5)


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return 1.0
