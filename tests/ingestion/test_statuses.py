"""Every way a query can fail: its own status and message, and the next architecture unharmed.

Most ways are those of one submission, which fails on every other architecture, in a plain process
and in a real container. Elsewhere a predictor misbehaves on the first architecture, which is large,
and answers 1.0 on the second.
"""

import msgspec
import pytest

from zcnas.isolation.process import ProcessIsolation
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec

from ..conftest import SMALL

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

FAILURES = {
    "none": ("return None", "invalid", "returned NoneType None"),
    "string": ("return 'high'", "invalid", "returned str 'high'"),
    "two_numbers": ("return torch.ones(2)", "invalid", "shape (2,)"),
    "nan": ("return float('nan')", "invalid", "returned NaN"),
    "exception": ("return 1 / 0", "error", "ZeroDivisionError: division by zero ({line}"),
    "unprintable_exception": (
        "class E(Exception):\n            def __str__(self): return 1 / 0\n        raise E()",
        "error",
        "E: (its text is unavailable)",
    ),
    "missing_import": ("import tensorflow", "error", "No module named 'tensorflow'"),
    "sys_exit": ("sys.exit(3)", "error", "SystemExit: 3"),
    "memory": ("return np.ones(400_000_000).sum()", "memory", ""),
    "torch_memory": ("return torch.ones(400_000_000, dtype=torch.float64).sum()", "memory", ""),
    "os_exit": (
        "os._exit(7)",
        "killed",
        "exited with code 7 before answering: os._exit was called ({line})",
    ),
    "os_exit_0": ("os._exit(0)", "killed", "exited with code 0 before answering"),
    "segfault": ("os.kill(os.getpid(), signal.SIGSEGV)", "killed", "SIGSEGV ({line})"),
    "aborts": ("os.abort()", "killed", "SIGABRT ({line})"),
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
"""What is done, the status, and a part of the message."""


PAIRS = [(threes, ones) for threes in range(7) for ones in range(7 - threes)]
"""How many 3x3 and 1x1 convolutions a cell has; without any, the predictor answers."""


def _cell(number: int) -> str:
    """Return a cell on which the predictor fails, another for each number."""
    threes, ones = PAIRS[number + 1]
    left = 6 - threes - ones
    ops = ("nor_conv_3x3",) * threes + ("nor_conv_1x1",) * ones + ("skip_connect",) * left
    return str(NasBench201Spec(ops))


@pytest.fixture(
    scope="module", params=["process", pytest.param("docker", marks=pytest.mark.container)]
)
def failures(request, ingest_source_once):
    """One submission that fails in each way on a network of its own, and answers in between.

    Returns:
        The prediction and its successor's by the failure's name, the source, and the manifest.
    """
    isolation = (
        request.getfixturevalue("docker_isolation")
        if request.param == "docker"
        else ProcessIsolation()
    )
    methods = "\n".join(
        f"    def {name}(self):\n        {body}\n" for name, (body, _, _) in FAILURES.items()
    )
    source = f"""
import os, sys, signal
import numpy as np
import torch

NAMES = {list(FAILURES)}
PAIRS = {PAIRS}

class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        sides = [m.kernel_size[0] for m in graph.modules() if isinstance(m, torch.nn.Conv2d)]
        number = PAIRS.index((sides.count(3) // 15, sides.count(1) // 15))
        return getattr(self, NAMES[number - 1])() if number else 1.0

{methods}"""
    specs = [spec for number in range(len(FAILURES)) for spec in (_cell(number), SMALL)]
    predictions, manifest, _ = ingest_source_once(source, isolation, specs=tuple(specs))
    pairs = zip(predictions[::2], predictions[1::2], strict=True)
    return dict(zip(FAILURES, pairs, strict=True)), source, manifest


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_has_its_status_and_costs_one_architecture(failures, name):
    predictions, source, manifest = failures
    (failed, following), (_, status, message) = predictions[name], FAILURES[name]
    line = source.splitlines().index(f"    def {name}(self):") + 2
    assert (failed.status, failed.score) == (status, None)
    assert message.format(line=f"predictor.py, line {line}") in failed.message
    assert (following.status, following.score) == ("ok", 1.0)
    assert manifest.public.worker_starts == 1, "the worker itself survived"


ENDLESS = {
    "python_loop": ("while True: pass", "(predictor.py, line 10)"),
    "sleep": ("time.sleep(1000)", "no answer after 6 s (0."),
    "handles_sigxcpu": (
        "signal.signal(signal.SIGXCPU, lambda *a: None)\n        while True: pass",
        "of CPU time",
    ),
    "huge_matmul": (
        "a = torch.randn(4000, 4000, dtype=torch.float64)\n        while True: a @ a",
        "of CPU time",
    ),
}
ALIKE = {"handles_sigxcpu", "huge_matmul"}
"""Ends much like the loop, which is tried every time."""


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=[pytest.mark.slow] * (each in ALIKE)) for each in ENDLESS]
)
def test_what_never_ends_is_a_timeout_and_costs_one_architecture(
    ingest_source, isolation, tight_limits, name
):
    body, message = ENDLESS[name]
    predictions, manifest, _ = ingest_source(
        MISBEHAVES.format(body=body), isolation, limits=tight_limits
    )
    assert (predictions[0].status, predictions[0].score) == ("timeout", None)
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
