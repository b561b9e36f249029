"""Asks for more CPUs, itself and through children."""

import os
import subprocess
import sys

import psutil
from attempts import successes


def in_a_child():
    code = "import os; os.sched_setaffinity(0, range(os.cpu_count())); print(len(os.sched_getaffinity(0)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return int(done.stdout) > 1


def widened(action):
    action()
    return len(os.sched_getaffinity(0)) > 1


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        every = list(range(os.cpu_count()))
        return successes(
            already=lambda: len(os.sched_getaffinity(0)) > 1,
            itself=lambda: widened(lambda: os.sched_setaffinity(0, every)),
            psutil=lambda: widened(lambda: psutil.Process().cpu_affinity(every)),
            in_a_child=in_a_child,
            priority=lambda: os.nice(-5),
            real_time=lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
        )
