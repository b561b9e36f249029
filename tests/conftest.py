"""What several tests need, and what continuous integration demands of a skipped one."""

import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import hypothesis
import msgspec
import pytest

from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets import load_minibatch
from zcnas.errors import OrganiserError
from zcnas.ingestion.gauge import Gauge
from zcnas.ingestion.ingest import IngestionJob, ingest_and_combine
from zcnas.ingestion.sinks import Recording
from zcnas.isolation import Isolation
from zcnas.isolation.container import DockerIsolation
from zcnas.isolation.engine import connect
from zcnas.isolation.image import ensure_image
from zcnas.isolation.machine import LOCKS_VARIABLE
from zcnas.isolation.process import ProcessIsolation
from zcnas.isolation.program import stage_worker
from zcnas.phases import Limits
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.words.labels import Labels
from zcnas.words.records import Architecture, BenchmarkInput, Manifest, Prediction
from zcnas.words.tracks import ZERO_SHOT, Track

ROOT = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI") == "true"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
USABLE_CPUS = sorted(os.sched_getaffinity(0))
OWN_CPU = USABLE_CPUS[
    int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % len(USABLE_CPUS)
]
"""The CPU of a worker a test starts: one of its own for each process the tests run in."""
RESOURCE_MARKERS = ("container", "browser", "real_table", "interpreters", "slurm")

LONGEST = (
    "tests/hostile/test_attacks.py",
    "tests/install/test_wheel.py",
    "tests/organiser/platforms/emulator/test_our_bundle.py",
    "tests/ingestion/test_statuses.py",
    "tests/ingestion/test_ingest.py",
    "tests/hostile/test_plain_user.py",
    "tests/pages/test_in_browser.py",
    "tests/pages/test_large_ranking.py",
    "tests/organiser/cli/test_main.py",
    "tests/ingestion/test_combine.py",
    "tests/install/test_kit.py",
    "tests/organiser/competition/test_faults.py",
    "tests/organiser/competition/test_resume.py",
    "tests/organiser/platforms/second_container/test_attacks.py",
    "tests/organiser/cli/test_process.py",
)
"""The files of tests that take more than a minute, the longest first."""

BIG = str(NasBench201Spec(("nor_conv_3x3",) * 6))
SMALL = "|skip_connect~0|+|none~0|none~1|+|none~0|skip_connect~1|skip_connect~2|"
LIMITS = Limits(
    query_cpu_s=30,
    benchmark_cpu_s=600,
    setup_s=100,
    memory_mb=1500,
    processes=32,
    scratch_mb=16,
    log_kb=64,
)


hypothesis.settings.register_profile(
    "any_machine",
    hypothesis.settings(),  # as they are by now: in CI others than elsewhere
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("any_machine")


def pytest_configure():
    """Let Ctrl-C reach the commands under test: a shell's background jobs inherit ignoring it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Begin with the files that take longest, so that no process ends long after the other."""
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.nodeid.partition("::")[0], len(rank)))


def pytest_runtest_makereport(item, call):
    """In CI, a test skipped for want of an engine, a browser or a table is a failure.

    Without ``ZCNAS_DATA`` no table is expected.
    """
    expected = [m for m in RESOURCE_MARKERS if m != "real_table" or os.environ.get("ZCNAS_DATA")]
    if (
        IN_CI
        and call.excinfo is not None
        and call.excinfo.errisinstance(pytest.skip.Exception)
        and any(item.get_closest_marker(marker) for marker in expected)
    ):
        reason = f"skipped in CI, where nothing may be missing: {call.excinfo.value}"
        call.excinfo = pytest.ExceptionInfo.from_exc_info(
            (pytest.fail.Exception, pytest.fail.Exception(reason), call.excinfo.tb)
        )


def pytest_terminal_summary(terminalreporter):
    """End a run by saying how many tests used real parts."""
    counts = Counter(
        marker
        for report in terminalreporter.stats.get("passed", [])
        if report.when == "call"
        for marker in RESOURCE_MARKERS
        if marker in report.keywords
    )
    parts = ", ".join(f"{counts[marker]} {marker}" for marker in RESOURCE_MARKERS)
    terminalreporter.write_line(f"tests on real parts that passed: {parts}")


@pytest.fixture(scope="session", autouse=True)
def _own_locks(tmp_path_factory):
    """CPUs and queries of the tests are locked apart from other runs on this machine."""
    os.environ[LOCKS_VARIABLE] = str(tmp_path_factory.mktemp("locks"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout's root."""
    return ROOT


@pytest.fixture(scope="session")
def own_cpu() -> int:
    """The CPU a test may keep busy."""
    return OWN_CPU


@pytest.fixture
def limits() -> Limits:
    """Limits with so much time that what must succeed does so on a busy machine."""
    return LIMITS


@pytest.fixture
def tight_limits() -> Limits:
    """Limits that soon stop what computes or waits on and on; all else must be trivial."""
    return msgspec.structs.replace(LIMITS, query_cpu_s=2)


@pytest.fixture
def small() -> str:
    """A cell without convolutions."""
    return SMALL


@pytest.fixture
def big() -> str:
    """The cell with most parameters."""
    return BIG


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder with real accuracy tables."""
    named = os.environ.get("ZCNAS_DATA")
    if not named:
        pytest.skip("ZCNAS_DATA is not set: no folder with accuracy tables is named")
    if not Path(named).is_dir():
        pytest.skip(f"ZCNAS_DATA names {named}, which is not a folder")
    return Path(named)


@pytest.fixture(scope="session")
def engine():
    """A client of a real Docker engine."""
    try:
        client = connect()
    except OrganiserError as error:
        pytest.skip(str(error))
    yield client
    client.close()


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium here; apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def docker_isolation(engine) -> Isolation:
    """Containers of the image this checkout builds."""
    return DockerIsolation(engine, ensure_image(engine, print))


@pytest.fixture(params=["process", pytest.param("docker", marks=pytest.mark.container)])
def isolation(request) -> Isolation:
    """Both ways to run a worker."""
    if request.param == "docker":
        return request.getfixturevalue("docker_isolation")
    return ProcessIsolation()


@pytest.fixture(scope="session")
def program(tmp_path_factory) -> Path:
    """The worker's program as it is shipped, outside the checkout."""
    folder = stage_worker(tmp_path_factory.mktemp("program") / "program")
    for parent in list(folder.parents)[:3]:
        parent.chmod(0o755)
    return folder


Ingested = tuple[list[Prediction], Manifest, Recording]


@pytest.fixture
def ingest_source(tmp_path, program) -> Callable[..., Ingested]:
    """A function that runs the ingestion on a predictor's source and a few architectures."""
    return _ingestion_in(tmp_path, program)


@pytest.fixture(scope="module")
def ingest_source_once(tmp_path_factory, program) -> Callable[..., Ingested]:
    """The same, for a run whose outcomes several tests judge."""
    return _ingestion_in(tmp_path_factory.mktemp("once"), program)


def _ingestion_in(folder: Path, program: Path) -> Callable[..., Ingested]:
    def run(
        source: str,
        isolation: Isolation,
        specs: tuple[str, ...] = (BIG, SMALL),
        limits: Limits = LIMITS,
        benchmark: str = "nasbench201_cifar10",
        entry_point: str = "predictor.py",
        eval_seed: int = 5,
        labels: Labels | None = None,
        track: Track = ZERO_SHOT,
        gauge: Gauge | None = None,
        reference_seconds: bool = False,
    ) -> Ingested:
        submission = folder / "submission"
        submission.mkdir(exist_ok=True)
        (submission / entry_point).write_text(source)
        for readable in (submission, *list(submission.parents)[:3]):
            readable.chmod(0o755)
        data = BenchmarkInput(
            benchmark=benchmark,
            search_space=BENCHMARKS[benchmark].search_space,
            dataset=BENCHMARKS[benchmark].dataset.name,
            batch_size=4,
            eval_seed=eval_seed,
            architectures=tuple(
                Architecture(f"{number:08x}", spec) for number, spec in enumerate(specs)
            ),
        )
        job = IngestionJob(
            data=data,
            minibatch=load_minibatch(BENCHMARKS[benchmark], 4, 1, None),
            submission=submission,
            submission_name="mine",
            submission_sha256="0" * 64,
            program=program,
            limits=limits,
            cpu=OWN_CPU,
            labels=labels,
            track=track,
            gauge=gauge,
            reference_seconds=reference_seconds,
        )
        recording = Recording()
        manifest = ingest_and_combine(job, isolation, recording)
        # A query that a busy machine kept waiting has been asked again, after the others.
        return sorted(recording.predictions, key=lambda each: each.id), manifest, recording

    return run
