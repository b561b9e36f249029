"""Every way a query can fail: its own status and message, and the next architecture unharmed.

Each predictor misbehaves on the first architecture, which is large, and answers 1.0 on the second.
The same table runs in a plain process and, among the slow tests, in a real container.
"""

import msgspec
import pytest

from zcnas.isolation.process import ProcessIsolation

CONTAINER = pytest.param("docker", marks=[pytest.mark.container, pytest.mark.slow])


@pytest.fixture(params=["process", CONTAINER])
def isolation(request):
    """A plain process, and a container where there is time: the attacks fail in both as well."""
    if request.param == "docker":
        return request.getfixturevalue("docker_isolation")
    return ProcessIsolation()


MISBEHAVES = """
import os, sys, time, signal, threading
import numpy as np
import torch

class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        if sum(p.numel() for p in graph.parameters()) < 200_000:
            return 1.0
        {body}
"""

BODIES = {
    "none": ("return None", "invalid", "returned NoneType None"),
    "string": ("return 'high'", "invalid", "returned str 'high'"),
    "two_numbers": ("return torch.ones(2)", "invalid", "shape (2,)"),
    "nan": ("return float('nan')", "invalid", "returned NaN"),
    "exception": (
        "return 1 / 0",
        "error",
        "ZeroDivisionError: division by zero (predictor.py, line",
    ),
    "unprintable_exception": (
        "class E(Exception):\n            def __str__(self): return 1 / 0\n        raise E()",
        "error",
        "E: (its text is unavailable)",
    ),
    "missing_import": ("import tensorflow", "error", "No module named 'tensorflow'"),
    "sys_exit": ("sys.exit(3)", "error", "SystemExit: 3"),
    "python_loop": ("while True: pass", "timeout", "(predictor.py, line 10)"),
    "handles_sigxcpu": (
        "signal.signal(signal.SIGXCPU, lambda *a: None)\n        while True: pass",
        "timeout",
        "of CPU time",
    ),
    "huge_matmul": (
        "a = torch.randn(4000, 4000, dtype=torch.float64)\n        while True: a @ a",
        "timeout",
        "of CPU time",
    ),
    "sleep": ("time.sleep(1000)", "timeout", "no answer after 6 s (0."),
    "memory": ("return np.ones(400_000_000).sum()", "memory", ""),
    "torch_memory": ("return torch.ones(400_000_000, dtype=torch.float64).sum()", "memory", ""),
    "os_exit": (
        "os._exit(7)",
        "killed",
        "exited with code 7 before answering: os._exit was called (predictor.py, line 10)",
    ),
    "os_exit_0": ("os._exit(0)", "killed", "exited with code 0 before answering"),
    "segfault": (
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "killed",
        "SIGSEGV (predictor.py, line 10)",
    ),
    "aborts": ("os.abort()", "killed", "SIGABRT (predictor.py, line 10)"),
    "closes_everything": ("os.closerange(0, 1 << 16)\n        return None", "invalid", "NoneType"),
    "worker_processes": (
        "torch.utils.data.DataLoader([1, 2], num_workers=1).__iter__()",
        "error",
        "no worker processes with semaphores or shared memory: use num_workers=0",
    ),
    "lock": (
        "__import__('multiprocessing').Lock()",
        "error",
        "'What cannot be had' in starting_kit",
    ),
    "kills_itself": ("os.kill(os.getpid(), signal.SIGKILL)", "killed", "SIGKILL"),
    "huge_message": ("raise ValueError('x' * 10_000_000)", "error", "ValueError: xxxxx"),
}
ALIKE = {"handles_sigxcpu", "huge_matmul", "torch_memory", "os_exit_0", "aborts"}
"""Ends much like another's, which is tried every time."""


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=[pytest.mark.slow] * (each in ALIKE)) for each in BODIES]
)
def test_a_failure_has_its_status_and_costs_one_architecture(
    ingest_source, isolation, limits, tight_limits, name
):
    body, status, message = BODIES[name]
    chosen = tight_limits if status == "timeout" else limits
    predictions, manifest, _ = ingest_source(MISBEHAVES.format(body=body), isolation, limits=chosen)
    assert (predictions[0].status, predictions[0].score) == (status, None)
    assert message in predictions[0].message
    assert (predictions[1].status, predictions[1].score) == ("ok", 1.0)
    assert manifest.public.worker_starts == 1, "the worker itself survived"


@pytest.mark.container
def test_memory_taken_below_pythons_allocators_is_a_memory_failure(ingest_source, docker_isolation):
    """Shared memory escapes the limit on private data; the container's own limit ends it."""
    body = """import mmap
        shared = mmap.mmap(-1, 3 << 30)
        for _ in range(3 << 10):
            shared.write(bytes(1 << 20))"""
    predictions, _, _ = ingest_source(MISBEHAVES.format(body=body), docker_isolation)
    assert predictions[0].status == "memory"
    assert predictions[0].message == "more than 1500 MiB of memory"
    assert predictions[1].score == 1.0


@pytest.mark.container
def test_a_fork_bomb_costs_one_architecture(ingest_source, docker_isolation, tight_limits):
    body = """while True:
            try:
                os.fork()
            except OSError:
                pass"""
    predictions, _, _ = ingest_source(
        MISBEHAVES.format(body=body), docker_isolation, limits=tight_limits
    )
    assert predictions[0].status in ("timeout", "killed", "error")
    assert (predictions[1].status, predictions[1].score) == ("ok", 1.0)


def test_processes_left_behind_do_not_reach_the_next_query(ingest_source, isolation):
    body = """for _ in range(5):
            if os.fork() == 0:
                try:
                    os.setsid()
                except OSError:
                    pass  # outside a container nobody leaves the worker's group
                if os.fork() == 0:
                    time.sleep(1000)
                os._exit(0)
        return 2.0"""
    source = MISBEHAVES.format(body=body).replace(
        "return 1.0", "import psutil; return float(len(psutil.Process().parent().children()))"
    )
    predictions, _, _ = ingest_source(source, isolation)
    assert predictions[0].score == 2.0
    assert predictions[1].score == 1.0, "the worker's only child is the query itself"


def test_a_worker_that_dies_costs_the_query_in_flight_and_is_started_again(
    ingest_source, isolation
):
    """No query can end its worker; code that took the worker over in set-up can."""
    source = (
        MISBEHAVES.format(body="return 5.0")
        + """
    def pre_process(self):
        server = sys.modules["__main__"].QueryServer
        answer = server.answer
        def die_at_convolutions(self, query):
            return os._exit(9) if "conv" in query.spec else answer(self, query)
        server.answer = die_at_convolutions
"""
    )
    predictions, manifest, _ = ingest_source(source, isolation)
    assert predictions[0].status == "killed"
    assert "the worker is gone" in predictions[0].message
    assert manifest.public.worker_starts == 3, "one, one more try, one for the next query"
    assert (predictions[1].status, predictions[1].score) == ("ok", 1.0)


def test_what_is_not_reached_in_the_benchmarks_time_says_so(
    ingest_source, isolation, limits, small
):
    source = MISBEHAVES.format(body="pass").replace(
        "return 1.0",
        "end = time.process_time() + 1.5\n            while time.process_time() < end: pass\n"
        "            return 1.0",
    )
    limits = msgspec.structs.replace(limits, benchmark_cpu_s=4)
    predictions, _, _ = ingest_source(source, isolation, specs=(small,) * 6, limits=limits)
    statuses = [prediction.status for prediction in predictions]
    assert statuses[0] == "ok"
    assert statuses[-1] == "not_reached"
    assert statuses == sorted(statuses, key=["ok", "not_reached"].index)
    assert "4 s of CPU time were used up" in predictions[-1].message
