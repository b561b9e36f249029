"""A query goes for its worker: memory, descriptors, signals, tracing."""

import ctypes
import os
import signal

from attempts import first_opened, successes

LIBC = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if LIBC[name](*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def system_call(number, *arguments):
    if LIBC.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), str(number))


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        worker = os.getppid()
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGSEGV, signal.SIGSTOP, signal.SIGKILL)
        signals = {
            f"signal_{number}": lambda number=number: os.kill(worker, number) for number in numbers
        }
        return successes(
            reads_memory=lambda: open(f"/proc/{worker}/mem", "rb"),
            writes_memory=lambda: open(f"/proc/{worker}/mem", "r+b"),
            descriptors=lambda: first_opened(f"/proc/{worker}/fd"),
            takes_descriptor=lambda: system_call(438, os.pidfd_open(worker), 3, 0),
            traces=lambda: call("ptrace", 16, worker, 0, 0),
            environment=lambda: open(f"/proc/{worker}/environ").read(),
            limits=lambda: __import__("resource").prlimit(worker, 0, (1, 1)),
            priority=lambda: os.setpriority(os.PRIO_PROCESS, worker, 19),
            **signals,
        )
