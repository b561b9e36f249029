"""Leaves processes behind, in sessions of their own, from set-up and from queries."""

import os
import signal
import time
from pathlib import Path


def leave():
    try:
        os.setsid()
    except OSError as error:
        print("refused:", error)


def daemon():
    """Fork twice, so that nobody's child is left, in a session of its own that ignores signals."""
    if os.fork() == 0:
        leave()
        if os.fork() == 0:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            time.sleep(1000)
        os._exit(0)
    os.wait()


def family():
    """Count the processes that run this worker's program, but for the worker and the query."""
    mine = Path("/proc/self/cmdline").read_bytes()
    count = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            count += path.read_bytes() == mine and path.parent.name not in (
                str(os.getpid()),
                str(os.getppid()),
            )
        except OSError:
            continue
    return float(count)


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        before = family()
        daemon()
        return before
