"""Checks the engine, the image and the sandbox, and runs our canary where submissions will run."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from docker.errors import DockerException, ImageNotFound
from requests.exceptions import RequestException

from zcnas.benchmarks import get_benchmark
from zcnas.datasets import load_minibatch
from zcnas.errors import OrganiserError, UsageError
from zcnas.ingestion.ingest import IngestionJob, ingest
from zcnas.ingestion.sinks import Recording
from zcnas.isolation import Isolation
from zcnas.isolation.bubblewrap import BubblewrapIsolation
from zcnas.isolation.container import OWNER_LABEL, DockerIsolation
from zcnas.isolation.engine import (
    MAY_USE_ENGINE,
    RUNTIME_VARIABLE,
    EngineForbidden,
    connect,
    engine_answers,
    refuse_podman,
    refuse_unknown_runtime,
    runtimes_of,
)
from zcnas.isolation.image import FINGERPRINT_LABEL, IMAGE, fingerprint
from zcnas.isolation.machine import parse_cpus, usable_cpus
from zcnas.isolation.owners import left_folders, owned_folder, owner_is_gone
from zcnas.isolation.probes import PROBES
from zcnas.isolation.process import ProcessIsolation
from zcnas.isolation.program import stage_worker
from zcnas.organiser.doctor import Finding, Situation, error, ok, warning
from zcnas.words.records import Architecture, BenchmarkInput, Manifest, Prediction
from zcnas.words.text import plural

SELINUX_SWITCH = Path("/sys/fs/selinux/enforce")
SELINUX = (
    "SELinux keeps containers from files that are not labelled for them (`ausearch -m avc` shows "
    "it): set TMPDIR to a folder of its own and label it with `chcon -Rt container_file_t FOLDER`, "
    "or use --isolation bubblewrap"
)
"""What helps where a container may not read the program and the submission."""
GVISOR = "runsc"
CANARY_SPEC = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+"
    "|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
)
CANARY_PARAMETERS = 1_531_546
"""NAS-Bench-201's largest cell has 1.531546 M parameters (Dong & Yang, ICLR 2020, its API)."""


def engine(situation: Situation) -> Finding:
    """Check that a Docker engine answers."""
    try:
        client = connect()
    except EngineForbidden as fault:
        if situation.isolation in ("bubblewrap", "process"):
            return warning(fault.finding, MAY_USE_ENGINE)
        return error(fault.finding, MAY_USE_ENGINE)
    except OrganiserError as fault:
        fix = "start it (`systemctl start docker`), or set DOCKER_HOST to its address"
        if situation.needs_engine:
            return error(str(fault), fix)
        return warning(str(fault), fix)
    try:
        refuse_podman(client)
        known = runtimes_of(client)
    except OrganiserError as fault:
        client.close()
        fix = "set DOCKER_HOST to a Docker engine, or use --isolation bubblewrap"
        return (error if situation.needs_engine else warning)(str(fault), fix)
    version = client.version().get("Version", "?")
    group = client.info().get("CgroupVersion", "?")
    try:
        refuse_unknown_runtime(client)
    except OrganiserError as fault:
        finding, _, fix = str(fault).partition(". ")
        return error(finding, fix)
    finally:
        client.close()
    return ok(f"Docker {version} answers and uses control groups version {group}; {_gvisor(known)}")


def _gvisor(known: tuple[str, ...]) -> str:
    """Return in words whether submissions can have gVisor's kernel instead of this machine's."""
    if GVISOR in known:
        used = os.environ.get(RUNTIME_VARIABLE) == GVISOR or known[0] == GVISOR
        how = "is used" if used else f"is not used; {RUNTIME_VARIABLE}={GVISOR} uses it"
        return f"its runtime {GVISOR} (gVisor) {how}"
    if shutil.which(GVISOR):
        return f"{GVISOR} (gVisor) is installed, but is no runtime of the engine"
    return f"no {GVISOR} (gVisor)"


def sandbox(situation: Situation) -> Finding:
    """Check that bubblewrap makes sandboxes, where nothing stronger answers."""
    try:
        isolation = BubblewrapIsolation()
        isolation.try_out()
    except OrganiserError as fault:
        finding, _, fix = str(fault).partition("); ")
        finding, fix = (f"{finding})", fix) if fix else (finding, "see bwrap(1)")
        if situation.isolation == "bubblewrap":
            return error(finding, fix)
        if situation.isolation == "auto" and not _answers():
            return warning(finding, fix)
        return ok(f"none, and none is needed: {finding}")
    return ok(f"{isolation.description} works")


def _answers() -> bool:
    try:
        return engine_answers()
    except OrganiserError:
        return False


def image(situation: Situation) -> Finding:
    """Check that the image exists and matches this version of zcnas."""
    try:
        client = connect()
    except OrganiserError:
        return warning("not checked, because there is no engine", "see the line of the engine")
    try:
        labels = client.images.get(IMAGE).labels
    except ImageNotFound:
        return error(f"{IMAGE} is missing", "run `zcnas image`")
    except (DockerException, RequestException) as fault:
        return error(f"the engine does not answer ({fault})", "restart the engine")
    finally:
        client.close()
    if labels.get(FINGERPRINT_LABEL) != fingerprint():
        return error(f"{IMAGE} was built from another version of docker/", "run `zcnas image`")
    return ok(f"{IMAGE} is up to date")


def canary(situation: Situation) -> Finding:
    """Check that our own trivial submission gets the right score where submissions will run."""
    try:
        isolation, place = _where(situation)
    except OrganiserError as fault:
        if situation.isolation == "bubblewrap":
            return error(f"not run: {fault}", "see the line of the sandbox")
        return error("not run, because there is no engine", "see the line of the engine")
    try:
        prediction, manifest = _ask_canary(situation, isolation)
    except OrganiserError as fault:
        if place == "container" and selinux_enforces():
            return error(f"{fault}; SELinux is enforcing here", SELINUX)
        return error(str(fault), "fix the problems above, then run `zcnas doctor` again")
    finally:
        if isinstance(isolation, DockerIsolation):
            isolation.client.close()
    if prediction.value != CANARY_PARAMETERS:
        seen = f"{prediction.status} {prediction.message}{prediction.value or ''}"
        return error(
            f"the canary returned {seen}, not {CANARY_PARAMETERS}",
            "run `make test` to find out why",
        )
    if prediction.cpu_time_s == 0:
        return warning(
            "the kernel's record of a container's CPU time cannot be read here",
            "run on the engine's own host with /sys/fs/cgroup; until then, times are only claimed",
        )
    versions = manifest.public.versions["worker"]
    if "landlock" not in versions or "no landlock" in versions or "no seccomp" in versions:
        return warning(
            f"this kernel lacks part of the confinement ({versions.rpartition('; ')[2]})",
            "use Linux 6.12 or newer with Landlock and seccomp; a container still isolates",
        )
    return ok(f"the canary gets its score in a {place}, {versions.rpartition('; ')[2]}")


def selinux_enforces() -> bool:
    """Return whether SELinux is here and refuses what its policy does not allow."""
    with contextlib.suppress(OSError):
        return SELINUX_SWITCH.read_text().strip() == "1"
    return False


def _where(situation: Situation) -> tuple[Isolation, str]:
    """Return where a run would start its workers, and what that is called.

    Raises:
        OrganiserError: What it needs is not there.
    """
    if situation.isolation == "bubblewrap":
        return BubblewrapIsolation(), "sandbox"
    if situation.isolation != "process":
        try:
            return DockerIsolation(connect(), IMAGE), "container"
        except OrganiserError:
            if situation.needs_engine:
                raise
        with contextlib.suppress(OrganiserError):
            sandboxes = BubblewrapIsolation()
            sandboxes.try_out()
            return sandboxes, "sandbox"
    return ProcessIsolation(), "plain process"


def strays(situation: Situation) -> Finding:
    """Check that no container or folder is left over from a run that was killed."""
    folders = left_folders()
    containers = _left_containers()
    left = [plural(len(each), noun) for each, noun in
            ((containers, "container"), (folders, "temporary folder")) if each]  # fmt: skip
    if not left:
        return ok("nothing is left over from an earlier run")
    by_hand = [f"docker rm -f {' '.join(containers)}"] if containers else []
    by_hand += [f"rm -r {' '.join(map(str, folders))}"] if folders else []
    return warning(
        f"{' and '.join(left)} left over from earlier runs",
        f"the next run removes them; or run `{' && '.join(by_hand)}`",
    )


def _left_containers() -> list[str]:
    """Return the short ids of containers whose run has ended; none where no engine answers."""
    try:
        client = connect()
    except OrganiserError:
        return []
    try:
        found = client.containers.list(all=True, filters={"label": OWNER_LABEL})
        return [str(c.short_id) for c in found if owner_is_gone(c.labels[OWNER_LABEL])]
    finally:
        client.close()


def _ask_canary(situation: Situation, isolation: Isolation) -> tuple[Prediction, Manifest]:
    benchmark = get_benchmark("nasbench201_cifar10")
    data = BenchmarkInput(
        benchmark=benchmark.key,
        search_space=benchmark.search_space,
        dataset=benchmark.dataset.name,
        batch_size=2,
        eval_seed=0,
        architectures=(Architecture("0" * 8, CANARY_SPEC),),
    )
    try:
        cpu = parse_cpus(situation.cpus)[0]
    except UsageError:
        cpu = min(usable_cpus())
    with owned_folder("doctor") as folder:
        job = IngestionJob(
            data=data,
            minibatch=load_minibatch(benchmark, 2, 0, None),
            submission=PROBES / "canary",
            submission_name="canary",
            submission_sha256="",
            program=stage_worker(folder / "program"),
            limits=situation.phase.limits,
            cpu=cpu,
        )
        recording = Recording()
        manifest = ingest(job, isolation, recording)
    return recording.predictions[0], manifest
