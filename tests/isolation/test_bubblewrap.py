"""A sandbox without an engine: the same scores, nothing of the host, words for what is missing."""

import shutil

import msgspec
import pytest

from zcnas.errors import OrganiserError
from zcnas.isolation import bubblewrap, sandbox, sandbox_root
from zcnas.isolation.bubblewrap import BubblewrapIsolation
from zcnas.isolation.control_groups import OwnGroup
from zcnas.isolation.image import UNPACKED_MARK, fingerprint, unpack_image
from zcnas.isolation.packages import image_packages
from zcnas.isolation.process import ProcessIsolation
from zcnas.words.labels import Label, Labels

SUM = """
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        graph(next(iter(dataloader))[0]).square().sum().backward()
        return sum(p.grad.abs().sum().item() for p in graph.parameters())
"""
HIDDEN = """
import os, signal, time
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        reader, writer = os.pipe()
        for _ in range(5):
            if os.fork() == 0:
                end = time.thread_time() + 0.2
                while time.thread_time() < end: pass
                os.write(writer, b"x")
                os._exit(0)
            os.read(reader, 1)
        return 1.0
"""
LOOKS = """
import os
def files(*folders):
    return [os.path.join(f, n) for f in folders if os.path.isdir(f) for n in os.listdir(f)]
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        print("top:", *sorted(os.listdir("/")))
        print("net:", *os.listdir("/sys/class/net") if os.path.isdir("/sys/class/net") else [])
        print("pids:", *[n for n in os.listdir("/proc") if n.isdigit()])
        print("environment:", *sorted(os.environ))
        import site
        print("packages:", *sorted({n for f in site.getsitepackages() for n in os.listdir(f)}))
        return 0.0
"""


RANKS = """
class ZeroCostPredictor:
    track = "few-labels"
    def fit(self, graphs, accuracies, dataloader):
        self.most = max(accuracies) + len(next(iter(dataloader))[0])
    def query(self, graph, dataloader=None):
        return {"size": sum(p.numel() for p in graph.parameters()), "most": self.most}
    def combine(self, answers):
        sizes = sorted(answer["size"] for answer in answers)
        return [self.most + sizes.index(answer["size"]) for answer in answers]
"""


@pytest.fixture
def without_group(monkeypatch):
    """As for a user who may not make control groups."""
    monkeypatch.setattr(OwnGroup, "make", classmethod(lambda cls, pid, limits: None))


def test_fit_and_combine_run_in_the_sandbox_as_well(ingest_source, big, small):
    labels = Labels(
        benchmark="nasbench201_cifar10",
        metric="made up",
        unit="percent",
        labels=(Label(small, 40.0), Label(big, 50.0)),
    )
    told = {"labels": labels, "track": "few-labels"}
    _, manifest, recording = ingest_source(RANKS, BubblewrapIsolation(), **told)
    assert [each.value for each in recording.outcomes] == [55.0, 54.0], recording.log
    assert manifest.public.combines


def test_scores_are_those_of_a_plain_process_to_the_last_bit(ingest_source):
    sandboxed, manifest, _ = ingest_source(SUM, BubblewrapIsolation())
    plain, _, _ = ingest_source(SUM, ProcessIsolation())
    assert [p.score.hex() for p in sandboxed] == [p.score.hex() for p in plain]
    assert manifest.public.isolation == "bubblewrap"
    assert "together" in manifest.public.bounds


@pytest.mark.container
def test_scores_are_those_of_a_container_to_the_last_bit(ingest_source, docker_isolation):
    sandboxed, _, _ = ingest_source(SUM, BubblewrapIsolation())
    contained, _, _ = ingest_source(SUM, docker_isolation)
    assert [p.score.hex() for p in sandboxed] == [p.score.hex() for p in contained]


def test_without_a_group_children_that_nobody_waits_for_are_counted_all_the_same(
    ingest_source, small, without_group
):
    (prediction,), manifest, _ = ingest_source(HIDDEN, BubblewrapIsolation(), specs=(small,))
    assert prediction.status == "ok"
    assert prediction.cpu_time_s >= 1.0, "five children of 0.2 s each, none of them waited for"
    assert manifest.public.bounds.startswith("a clock of the kernel counts CPU time")
    assert "a watch from outside bounds memory" in manifest.public.bounds


def test_without_a_group_memory_that_processes_share_out_is_bounded_together(
    ingest_source, small, without_group, limits
):
    source = (
        "import mmap\nclass ZeroCostPredictor:\n    def query(self, graph, dataloader=None):\n"
        "        shared = mmap.mmap(-1, 2 << 30)\n"
        "        for _ in range(128): shared.write(bytes(16 << 20))\n        return 1.0\n"
    )
    (prediction,), _, _ = ingest_source(source, BubblewrapIsolation(), specs=(small,))
    assert (prediction.status, prediction.message) == (
        "memory", f"more than {limits.memory_mb} MiB of memory"
    )  # fmt: skip


def test_a_sandbox_shows_python_and_the_images_packages_and_nothing_else(ingest_source, small):
    _, _, recording = ingest_source(LOOKS, BubblewrapIsolation(), specs=(small,))
    said = dict(line.partition(":")[::2] for line in recording.log.splitlines() if ":" in line)
    assert set(said["top"].split()) >= {"app", "dev", "proc", "scratch", "usr"}
    assert not set(said["top"].split()) & {"boot", "media", "mnt", "opt", "run", "tmp", "var"}
    assert said["net"].strip() == ""
    assert said["pids"].split()[0] == "1"
    assert len(said["pids"].split()) == 2, "the worker and the query"
    assert "torch" in said["packages"].split()
    assert not {"pytest", "docker", "zcnas", "distributed"} & set(said["packages"].split())
    assert "PATH" in said["environment"]
    assert not any(name.startswith("ZCNAS") for name in said["environment"].split())


def test_only_what_the_image_has_and_what_that_requires_is_shown():
    names = {path.name for path in sandbox_root.image_package_files()}
    assert {"torch", "numpy"} <= names
    assert "docker" not in image_packages()
    assert not {"docker", "dask", "mypy", "pytest", "zcnas"} & names


def test_a_record_of_a_package_names_its_files_at_the_top():
    record = (
        '"odd, name/x.py",sha256=1,2\nnumpy/core.py,sha256=x,1\n../../bin/f2py,,\n'
        "pylab.py,,\nnumpy.libs/a.so,,\n__pycache__/pylab.pyc,,\n"
    )
    assert sandbox_root._top_level(record) == {"odd", "numpy", "pylab.py", "numpy.libs"}


@pytest.fixture
def refusing(tmp_path, monkeypatch):
    """A bubblewrap that ends with certain words; the kernel's own refusals need another kernel."""

    def refuse(words):
        command = tmp_path / "bin" / "bwrap"
        command.parent.mkdir()
        command.write_text(f"#!/bin/sh\necho 'bwrap: {words}' >&2\nexit 1\n")
        command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{command.parent}:/usr/bin:/bin")

    return refuse


@pytest.mark.parametrize(
    "words",
    [
        "No permissions to create new namespace, likely because the kernel does not allow it",
        "setting up uid map: Permission denied",
        "Creating new namespace failed: No space left on device",
        "Can't mount proc on /newroot/proc: Operation not permitted",
    ],
)
def test_switched_off_user_namespaces_are_one_message_with_the_switches(
    refusing, words, ingest_source, small
):
    quoted = words.replace("'", "")
    refusing(quoted)
    isolation = BubblewrapIsolation()
    for attempt in (isolation.try_out, lambda: ingest_source(SUM, isolation, specs=(small,))):
        with pytest.raises(OrganiserError, match="can make no sandbox here") as refused:
            attempt()
        assert quoted in str(refused.value)
        assert "user.max_user_namespaces" in str(refused.value)
        assert "apparmor_restrict_unprivileged_userns" in str(refused.value)


def test_without_bubblewrap_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(OrganiserError, match="bubblewrap is not installed .*apt-get install"):
        BubblewrapIsolation()


def test_a_cpu_that_does_not_exist_is_the_organisers_fault(program, limits, tmp_path):
    from zcnas.isolation import WorkerPlace

    (tmp_path / "mine").mkdir()
    place = WorkerPlace(program, tmp_path / "mine", 4000, limits, lambda piece: None)
    with pytest.raises(OrganiserError, match="cannot start a sandbox on CPU 4000.*choose CPUS"):
        BubblewrapIsolation().start(place)


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        (None, "is not an unpacked image .*zcnas image --unpack"),
        ("another", "is the image of another version of zcnas .*zcnas image --unpack"),
    ],
)
def test_a_folder_that_is_not_the_images_is_refused(tmp_path, monkeypatch, mark, message):
    if mark:
        (tmp_path / UNPACKED_MARK).write_text(mark)
    monkeypatch.setenv("ZCNAS_IMAGE_ROOT", str(tmp_path))
    with pytest.raises(OrganiserError, match=message):
        BubblewrapIsolation()


def test_an_unpacked_image_is_shown_without_what_a_sandbox_has_of_its_own(tmp_path, monkeypatch):
    (tmp_path / UNPACKED_MARK).write_text(fingerprint())
    for name in ("usr", "etc", "proc", "dev", "tmp", "root"):
        (tmp_path / name).mkdir()
    (tmp_path / "bin").symlink_to("usr/bin")
    monkeypatch.setenv("ZCNAS_IMAGE_ROOT", str(tmp_path))
    root = sandbox_root.sandbox_root()
    assert root.image == fingerprint()
    assert root.mounts == (
        "--symlink", "usr/bin", "/bin",
        "--ro-bind", str(tmp_path / "etc"), "/etc",
        "--ro-bind", str(tmp_path / "usr"), "/usr",
    )  # fmt: skip


def test_the_sandbox_has_every_boundary_of_a_container():
    arguments = sandbox.sandbox(sandbox_root.SandboxRoot("", "python3", ()), 61000)
    for boundary in ("user", "pid", "ipc", "net", "uts", "cgroup-try"):
        assert f"--unshare-{boundary}" in arguments
    for wanted in ("--die-with-parent", "--new-session", "--as-pid-1", "--clearenv"):
        assert wanted in arguments
    assert "/proc/vmstat" in arguments
    assert not {"--bind", "--bind-try", "--share-net", "--userns"} & set(arguments)


def test_a_sandbox_that_root_makes_writes_none_of_the_kernels_settings(ingest_source, small):
    """Root outside owns them inside as well, whatever number it has there."""
    source = (
        "import os\nclass ZeroCostPredictor:\n    def query(self, graph, dataloader=None):\n"
        "        opened = 0\n"
        "        for name in ('sys/kernel/core_pattern', 'sys/vm/swappiness', 'sysrq-trigger'):\n"
        "            try: os.close(os.open('/proc/' + name, os.O_WRONLY)); opened += 1\n"
        "            except OSError as error: print(error)\n"
        "        return float(opened)\n"
    )
    (prediction,), _, _ = ingest_source(source, BubblewrapIsolation(), specs=(small,))
    assert prediction.value == 0


def test_an_older_kernel_counts_all_of_a_users_threads_and_a_newer_one_the_sandboxs(monkeypatch):
    monkeypatch.setattr(bubblewrap.platform, "release", lambda: "5.14.0-70.el9.x86_64")
    assert bubblewrap._counted_already() == 0
    monkeypatch.setattr(bubblewrap.platform, "release", lambda: "4.18.0-553.el8.x86_64")
    assert bubblewrap._counted_already() > 0


def test_the_limits_of_a_phase_reach_the_scratch_folder(ingest_source, small, limits):
    source = (
        "import os\nclass ZeroCostPredictor:\n    def query(self, graph, dataloader=None):\n"
        "        seen = os.statvfs('.')\n"
        "        return float(seen.f_blocks * seen.f_frsize + seen.f_files)\n"
    )
    few = msgspec.structs.replace(limits, scratch_mb=7)
    (prediction,), _, _ = ingest_source(source, BubblewrapIsolation(), specs=(small,), limits=few)
    assert prediction.value == (7 << 20) + 2000


@pytest.mark.slow
@pytest.mark.container
def test_the_image_unpacked_gives_the_scores_of_the_container_and_is_named(
    ingest_source, docker_isolation, small, tmp_path, monkeypatch
):
    folder = tmp_path / "image"
    unpack_image(docker_isolation.client, docker_isolation.image, folder)
    with pytest.raises(OrganiserError, match="is not empty"):
        unpack_image(docker_isolation.client, docker_isolation.image, folder)
    monkeypatch.setenv("ZCNAS_IMAGE_ROOT", str(folder))
    isolation = BubblewrapIsolation()
    isolation.try_out()
    assert "files of the image" in isolation.description
    sandboxed, manifest, _ = ingest_source(SUM, isolation, specs=(small,))
    contained, inside, _ = ingest_source(SUM, docker_isolation, specs=(small,))
    assert sandboxed[0].score.hex() == contained[0].score.hex()
    assert manifest.organiser.image == fingerprint()
    assert manifest.public.versions == inside.public.versions
    shutil.rmtree(folder)
