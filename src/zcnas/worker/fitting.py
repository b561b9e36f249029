"""``fit``: a submission of the track few-labels is shown labelled networks, before the first fork.

What it learns, every query inherits. It runs in the worker itself, so its limits are the worker's
for as long as it runs; the recorder measures it from outside as well.
"""

from __future__ import annotations

import contextlib
import gc
import math
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any, NoReturn

from torch import nn

from zcnas.benchmarks import get_benchmark
from zcnas.worker.channel import Answer, AnswerStatus, Fit, Setup
from zcnas.worker.exits import own_place
from zcnas.worker.faults import classify
from zcnas.worker.labelled import KEEP_NUMBERS, LabelledNetworks
from zcnas.worker.own_process import OwnProcess
from zcnas.worker.seeding import seed_everything
from zcnas.worker.threads import watched_threads

_MIB = 1 << 20

FitCall = Callable[[Sequence[nn.Module], list[float]], Any]
"""Calls the participant's ``fit`` with networks and their accuracies."""


class _TimeIsUpError(BaseException):
    """``fit`` has used its CPU time; no ``except Exception`` of a submission stops it."""


def run_fit(call: FitCall, request: Fit, setup: Setup, own: OwnProcess) -> Answer:
    """Return what becomes of one call of ``fit`` in this process.

    Args:
        call: The predictor's ``fit``.
        request: The labelled architectures, and the limit of CPU time.
        setup: What the worker is set up for; its limit of memory holds.
        own: What the worker took before it loaded the submission.
    """
    benchmark = get_benchmark(setup.benchmark)
    networks = LabelledNetworks(benchmark, [(spec, seed) for spec, seed, _ in request.labels])
    status: AnswerStatus = "ok"
    message = ""
    own.give_back()
    try:
        with _limited(request.cpu_s, setup.memory_mb), watched_threads(own.submission):
            seed_everything(request.seed)
            call(networks, [accuracy for _, _, accuracy in request.labels])
    except _TimeIsUpError as error:
        status, message = "timeout", _late(error, request.cpu_s, own)
    except BaseException as error:  # noqa: BLE001 - the participant's code may raise anything
        status = classify(error)
        held = networks.alive()
        message = own.tell(error, is_ours=False)
        if status == "memory" and held > 1:
            message += f"; {held} networks were held: {KEEP_NUMBERS}"
    own.take_back()
    gc.collect()
    if status == "ok" and (kept := networks.alive()):
        own.note(
            f"warning: fit keeps {kept} of the {len(networks)} networks, and every query inherits "
            f"their memory: {KEEP_NUMBERS}"
        )
    return Answer(request.nonce, status, message=message)


def _late(error: _TimeIsUpError, cpu_s: int, own: OwnProcess) -> str:
    own.print_traceback(error)
    frames = [
        (each.filename, each.lineno or 0) for each in traceback.extract_tb(error.__traceback__)
    ]
    place = own_place(frames[::-1], own.submission)
    return f"it used more than {cpu_s} s of CPU time" + (f" ({place})" if place else "")


@contextlib.contextmanager
def _limited(cpu_s: int, memory_mb: int) -> Iterator[None]:
    """Bound this process's CPU time and memory from now on, and lift the bounds at the end."""
    used = math.ceil(time.process_time())
    bounds = {resource.RLIMIT_CPU: used + cpu_s, resource.RLIMIT_DATA: memory_mb * _MIB}
    before = {kind: resource.getrlimit(kind) for kind in bounds}
    handler = signal.signal(signal.SIGXCPU, _time_is_up)
    try:
        for kind, bound in bounds.items():
            hard = before[kind][1]
            soft = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
            resource.setrlimit(kind, (soft, hard))
        yield
    finally:
        for kind, limits in before.items():
            resource.setrlimit(kind, limits)
        signal.signal(signal.SIGXCPU, handler)


def _time_is_up(number: int, frame: FrameType | None) -> NoReturn:
    raise _TimeIsUpError
