"""What a submission does to its process at import and in set-up: it works, or is told by its line.

Every predictor here ends in the same two plain queries, which must score as if nothing were done.
"""

import msgspec
import pytest

from zcnas.isolation.process import ProcessIsolation

HEAD = "import os, sys, time, signal, threading, random, builtins, warnings\nimport numpy as np\n"
TAIL = """
    def query(self, graph, dataloader=None):
        inputs, targets = next(iter(dataloader))
        graph.get_loss_fn()(graph(inputs), targets).backward()
        return sum(p.grad.abs().sum().item() for p in graph.parameters() if p.grad is not None)
"""


def at_import(code):
    return f"{HEAD}import torch\n{code}\nclass ZeroCostPredictor:{TAIL}"


def in_set_up(code):
    lines = "".join(f"        {line}\n" for line in code.splitlines())
    return (
        f"{HEAD}import torch\nclass ZeroCostPredictor:\n    def pre_process(self):\n{lines}{TAIL}"
    )


def scores(ingested):
    predictions, manifest, _ = ingested
    assert [(each.status, each.message) for each in predictions] == [("ok", "")] * 2
    assert manifest.public.worker_starts == 1
    return [each.score for each in predictions]


@pytest.fixture(scope="module")
def plain_scores():
    """What the two queries score when nothing was done; filled by the first test."""
    return []


TOGETHER = {
    "seed functions that are numbers": """
np.random.seed = 42; random.seed = 1; torch.manual_seed = 3; random.random = 0.5""",
    "streams": """
class Tee:
    def __init__(self, stream): self.stream = stream
    def write(self, text): self.stream.write(text)
sys.stdout = Tee(sys.stdout); print("seen"); sys.stderr = None; sys.stdin = None""",
    "arguments, hooks, exits": """
import argparse, atexit
parser = argparse.ArgumentParser(); parser.add_argument("--x", default=1); parser.parse_args()
sys.argv = None; sys.excepthook = None; atexit.register(time.sleep, 1000)""",
    "signals and timers": """
signal.signal(signal.SIGCHLD, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
signal.setitimer(signal.ITIMER_REAL, 60)
import faulthandler; faulthandler.dump_traceback_later(60, exit=True, file=2)""",
    "settings": """
import gc, resource; gc.disable(); sys.setrecursionlimit(300); warnings.simplefilter("error")
np.seterr(all="raise"); torch.use_deterministic_algorithms(True); os.chdir("/")
os.environ.clear(); builtins.print = None; sys.path.clear()""",
}


TOGETHER["what the worker serves with"] = """
import math, resource, select, struct, traceback
os.fork = lambda: 0; os.pipe = os.wait4 = os._exit = select.poll = resource.setrlimit = None
struct.pack = None; time.monotonic = time.sleep = lambda *a: 0.0; math.isnan = None
del os.getppid, os.kill, traceback.print_exception"""


def test_nothing_at_all_is_done(ingest_source, isolation, plain_scores):
    found = scores(ingest_source(at_import(""), isolation))
    assert plain_scores in ([], found)
    plain_scores[:] = found


@pytest.mark.parametrize("name", TOGETHER)
def test_what_is_replaced_or_set_at_import_changes_no_score(ingest_source, plain_scores, name):
    found = scores(ingest_source(at_import(TOGETHER[name]), ProcessIsolation()))
    assert found == (plain_scores or found)


@pytest.mark.container
def test_everything_at_once_in_a_container_changes_no_score(
    ingest_source, docker_isolation, plain_scores
):
    found = scores(ingest_source(at_import("".join(TOGETHER.values())), docker_isolation))
    assert found == (plain_scores or found)


@pytest.mark.parametrize(
    "code",
    [
        "sys.stdout.close(); sys.stderr.close(); os.closerange(0, 512)",
        "class T:\n    def flush(self): raise SystemExit(4)\nsys.stdout = sys.stderr = T()",
    ],
)
def test_streams_that_are_closed_or_raise_change_no_score(ingest_source, plain_scores, code):
    found = scores(ingest_source(at_import(code), ProcessIsolation()))
    assert found == (plain_scores or found)


def test_threads_of_torch_in_set_up_are_as_if_they_were_not_asked_for(
    ingest_source, isolation, plain_scores
):
    code = "torch.set_num_threads(4); a = torch.randn(512, 512); (a @ a).sum()"
    found = scores(ingest_source(in_set_up(code), isolation))
    assert found == (plain_scores or found)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("threading.Thread(target=time.sleep, args=(99,), daemon=True).start()", "Thread-1"),
        ("threading.Timer(99, print).start()", "Thread-1"),
        (
            "from concurrent.futures import ThreadPoolExecutor\n"
            "self.pool = ThreadPoolExecutor(2); self.pool.submit(abs, 1).result()",
            "ThreadPoolExecutor-0_0",
        ),
    ],
)
def test_threads_that_set_up_leaves_are_refused_at_once_with_their_line(ingest_source, code, name):
    predictions, manifest, _ = ingest_source(in_set_up(code), ProcessIsolation())
    line = 6 + code.count("\n")
    for each in predictions:
        assert each.status == "error"
        assert "in set-up: ThreadsLeftError: set-up left threads running: " in each.message
        assert f"'{name}" in each.message
        assert f"(started in predictor.py, line {line})" in each.message
    assert manifest.public.worker_starts == 1


def test_threads_that_set_up_ends_are_nobodys_business(ingest_source, plain_scores):
    code = """from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool: pool.submit(abs, 1).result()
threading.Thread(target=time.sleep, args=(0.2,)).start()
self.later = ThreadPoolExecutor(2)"""
    source = in_set_up(code).replace(
        "inputs, targets",
        "assert self.later.submit(abs, -3).result() == 3\n        inputs, targets",
    )
    found = scores(ingest_source(source, ProcessIsolation()))
    assert found == (plain_scores or found)


def test_a_handler_of_set_up_is_in_place_in_a_query(ingest_source):
    source = f"""{HEAD}
def ring(number, frame): raise TimeoutError("mine")
signal.signal(signal.SIGALRM, ring)
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        try:
            time.sleep(100)
        except TimeoutError:
            return 2.0
"""
    assert scores(ingest_source(source, ProcessIsolation())) == [2.0, 2.0]


def test_a_query_finds_what_set_up_has_made_of_the_names_that_the_worker_serves_with(
    ingest_source,
):
    source = f"""{HEAD}
os.fork = lambda: 5
del os.wait4
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return os.fork() + hasattr(os, "wait4")
"""
    assert scores(ingest_source(source, ProcessIsolation())) == [5.0, 5.0]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("torch.nn.Conv2d = None", "set-up had changed torch.nn.Conv2d"),
        ("torch.set_default_device('cuda')", "set-up had changed torch's default device"),
    ],
)
def test_our_code_that_no_longer_runs_names_what_set_up_changed(
    ingest_source, limits, code, message
):
    limits = msgspec.structs.replace(limits, query_cpu_s=10)
    predictions, manifest, _ = ingest_source(at_import(code), ProcessIsolation(), limits=limits)
    assert predictions[0].status == "error"
    assert message in predictions[0].message
    assert manifest.public.worker_starts == 1
