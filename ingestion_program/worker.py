"""The worker: holds the predictor and answers each request in a forked child that exits afterwards.

The recorder starts it as ``worker.py SUBMISSION_DIR`` in a container, or as a subprocess with the
number of a user. It reads
requests from its original stdin and writes answers to its original stdout (``channel.py``); what
the participant prints goes to stderr. CPU time and memory limits are set on the child and enforced
by the kernel. Nothing here is secret or judges a score: the recorder does not trust this process
once the submission is loaded.
"""

from __future__ import annotations

import gc

gc.disable()  # imports leave no garbage; looking for it would be a twelfth of their time

import fcntl
import functools
import os
import resource
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from zcnas.benchmarks import get_benchmark
from zcnas.search_spaces import get_search_space, prepare_to_build
from zcnas.worker import channel
from zcnas.worker.account import take_account
from zcnas.worker.calibration import measure_in_child
from zcnas.worker.channel import Answer, Calibrate, Combine, Fit, Query, Setup
from zcnas.worker.confinement import confine
from zcnas.worker.contract import fit_caller, load_predictor
from zcnas.worker.dataloader import make_dataloader
from zcnas.worker.faults import refuse_debuggers
from zcnas.worker.fitting import run_fit
from zcnas.worker.hiding import VARIABLE, hide_packages
from zcnas.worker.own_process import OwnProcess
from zcnas.worker.processes import become_reaper, end_with_parent, offer_to_go_first
from zcnas.worker.scratch import Scratch
from zcnas.worker.seeding import seed_everything
from zcnas.worker.server import QueryServer
from zcnas.worker.threads import watched_threads

gc.enable()
_HIGH_DESCRIPTOR = 10_000
"""Where the worker's own descriptors begin, if the limit allows: above what code closes unseen."""


def main(submission: Path, user: int | None = None) -> None:
    """Serve one benchmark until the recorder closes the stream.

    Args:
        submission: The participant's folder.
        user: Whom a plain process started as root is to become before it loads the submission.
    """
    requests, answers, log = take_private_descriptors()
    recorder = os.getppid()
    become_reaper()
    if os.getpid() != 1:  # no container limits its memory: if the host runs out, it is killed first
        offer_to_go_first()
    torch.set_num_threads(1)
    if kept := os.environ.pop(VARIABLE, ""):
        hide_packages(kept.split(","))
    scratch = Scratch(Path(os.environ["TMPDIR"]))
    program = (Path(__file__).parent, Path(channel.__file__).parents[1])
    readable = (*program, submission)
    account = "" if user is None else f", {take_account(user, readable, scratch.folder)}"
    end_with_parent()  # a killed recorder leaves no worker behind; a change of user undoes this
    if os.getppid() != recorder:
        return
    confinement = confine(readable, scratch.folder)
    versions = (
        f"torch {torch.__version__}, numpy {np.__version__}, python {sys.version.split()[0]}; "
        f"confined by {confinement}{account}"
    )
    channel.send_frame(answers, Answer(channel.HELLO_NONCE, "ok", message=versions).encode())

    content = channel.receive_frame(requests, channel.MAX_REQUEST_BYTES)
    while content is not None and (calibrate := Calibrate.decode(content)) is not None:
        taken_s = measure_in_child(calibrate.repetitions)
        channel.send_frame(answers, Answer(calibrate.nonce, "ok", taken_s).encode())
        content = channel.receive_frame(requests, channel.MAX_REQUEST_BYTES)
    if content is None:
        return
    setup = Setup.decode(content)
    benchmark = get_benchmark(setup.benchmark)
    space = get_search_space(benchmark.search_space)
    if setup.purpose == "query" or setup.fits:
        prepare_to_build(benchmark)  # once here, not in every child
    dataloader = _dataloader_of(setup)
    refuse_debuggers()
    own = OwnProcess(submission, log)

    def tell_exit(nonce: bytes, status: int, place: str) -> None:
        told = f"the worker is gone: os._exit({status}) was called ({place})"
        channel.send_frame(answers, Answer(nonce, "killed", message=told).encode())

    own.exits.tell(functools.partial(tell_exit, setup.nonce))
    try:
        seed_everything(setup.seed)
        with watched_threads(submission):
            predictor = load_predictor(submission)
            if hasattr(predictor, "set_ss_type"):
                predictor.set_ss_type(space.name_2022)
            if hasattr(predictor, "pre_process"):
                predictor.pre_process()
        fit = fit_caller(predictor, dataloader) if setup.fits else None
        server = QueryServer(setup, predictor, dataloader, scratch, own, (requests, answers))
        method = str(getattr(predictor, "method_type", ""))
    except BaseException as error:  # noqa: BLE001 - the participant's code may raise anything
        failed = Answer(setup.nonce, "error", message=own.tell(error, is_ours=False))
        channel.send_frame(answers, failed.encode())
        return
    own.exits.be_silent()
    own.take_back()
    channel.send_frame(answers, Answer(setup.nonce, "ok", message=method).encode())

    if fit is not None:
        content = channel.receive_frame(requests, channel.MAX_REQUEST_BYTES)
        if content is None:
            return
        request = Fit.decode(content)
        own.exits.tell(functools.partial(tell_exit, request.nonce))
        fitted = run_fit(fit, request, setup, own)
        own.exits.be_silent()
        channel.send_frame(answers, fitted.encode())
        if fitted.status != "ok":
            return
    server.begin()
    while (content := channel.receive_frame(requests, channel.MAX_REQUEST_BYTES)) is not None:
        if setup.purpose == "query":
            answer = server.answer(Query.decode(content))
        else:
            answer = server.combine(Combine.decode(content))
        channel.send_frame(answers, answer.encode())


def _dataloader_of(setup: Setup) -> Any:
    """Return what yields the minibatches; None where nothing is asked that needs them."""
    if setup.purpose != "query" and not setup.fits:
        return None
    return make_dataloader(setup.inputs, setup.targets, setup.further)


def take_private_descriptors() -> tuple[int, int, int]:
    """Return copies of stdin, stdout and stderr.

    Afterwards stdin is empty, and what is written to stdout goes to stderr.
    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    lowest = max(3, min(_HIGH_DESCRIPTOR, limit - 64))
    requests, answers, log = (
        fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, lowest) for number in range(3)
    )
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers, log


if __name__ == "__main__":
    submitted, *users = sys.argv[1:]
    del sys.argv[1:]  # nothing of ours is for the submission's own parser of arguments
    main(Path(submitted), *map(int, users))
