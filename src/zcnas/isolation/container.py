"""The worker in a container: the one place that holds the container's flags.

The numbers come from the phase's limits. The container has one CPU, no network, a read-only root,
one size-limited scratch folder, no capabilities, no shared memory, no log driver and no writable
mount of the host; its clock and its end are in the recorder's hands. Nothing of the host is in it
but the program's modules and the submission, read-only.
"""

from __future__ import annotations

import contextlib
import functools
import os
import struct
import threading
from typing import Any

from docker.errors import DockerException, NotFound
from docker.types import LogConfig, Mount, Ulimit
from requests.exceptions import RequestException

import docker
from zcnas.errors import OrganiserError
from zcnas.isolation import FIRST_USER, WORKER_ENVIRONMENT, IsolationName, WorkerPlace
from zcnas.isolation.control_groups import ControlGroup
from zcnas.isolation.engine import RUNTIME_VARIABLE, last_clause
from zcnas.isolation.owners import owner_mark

PROGRAM, SUBMISSION, SCRATCH = "/app/program", "/app/ingested_program", "/scratch"
LABEL = "zcnas.worker"
OWNER_LABEL = "zcnas.owner"
"""Says which process started a container, so that one it has left behind is found."""
SCRATCH_FILES = 2000
DESCRIPTION = "docker (one CPU, no network, read-only{})"
"""What it isolates, with room for the runtime."""
MASKED = (
    # What the engine hides by itself and no longer does if it is given a list.
    *("/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys"),
    *("/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list"),
    *("/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware"),
    # What the kernel tells of the whole machine, and no library needs: containers could talk.
    *("/proc/buddyinfo", "/proc/cgroups", "/proc/diskstats", "/proc/key-users", "/proc/loadavg"),
    *("/proc/locks", "/proc/pagetypeinfo", "/proc/pressure", "/proc/schedstat", "/proc/slabinfo"),
    *("/proc/softirqs", "/proc/swaps", "/proc/vmallocinfo", "/proc/vmstat", "/proc/zoneinfo"),
    *("/proc/sys/fs/aio-nr", "/proc/sys/fs/dentry-state", "/proc/sys/fs/file-nr"),
    *("/proc/sys/fs/inode-nr", "/proc/sys/fs/inode-state", "/proc/sys/kernel/ns_last_pid"),
    *("/proc/sys/kernel/pty/nr", "/proc/sys/kernel/random/entropy_avail"),
)
"""Files and folders that are empty in a container; one that a kernel lacks is passed over."""
_MIB = 1 << 20
_STREAM_HEAD = struct.Struct(">BxxxI")
_STDOUT, _STDERR = 1, 2


class DockerIsolation:
    """Starts workers in containers of one image.

    Args:
        client: The Docker engine.
        image: The image's name.

    Attributes:
        runtime: What starts containers, such as gVisor's ``runsc``; "" for the engine's default.
    """

    name: IsolationName = "docker"
    contained = True

    def __init__(self, client: docker.DockerClient, image: str) -> None:
        self.client = client
        self.image = image
        self.runtime = os.environ.get(RUNTIME_VARIABLE, "")

    @property
    def description(self) -> str:
        """What it isolates."""
        return DESCRIPTION.format(f", runtime {self.runtime}" if self.runtime else "")

    @functools.cached_property
    def version(self) -> str:
        """The engine's version, and the runtime that starts containers."""
        try:
            info = self.client.info()
        except (DockerException, RequestException, OSError) as error:
            raise OrganiserError(
                f"the engine does not answer ({last_clause(error)}); see `zcnas doctor`"
            ) from None
        runtime = self.runtime or info.get("DefaultRuntime", "?")
        return f"{info.get('ServerVersion', '?')}, runtime {runtime}"

    def start(self, place: WorkerPlace) -> ContainerWorker:
        """Start a worker in a fresh container.

        Raises:
            OrganiserError: The engine is gone, the image is missing, or the CPU does not exist.
        """
        try:
            return ContainerWorker(self.client, self.image, place, self.runtime)
        except (DockerException, RequestException, OSError) as error:
            raise OrganiserError(
                f"cannot start a container of {self.image} on CPU {place.cpu}: "
                f"{last_clause(error)}; `zcnas image` builds the image, --cpus names the CPUs to "
                "use"
            ) from None


class ContainerWorker:
    """A worker in a container; see ``Worker``."""

    bounds = "a container bounds CPU time and memory and the number of processes together"

    def __init__(
        self, client: docker.DockerClient, image: str, place: WorkerPlace, runtime: str = ""
    ) -> None:
        self._api = client.api
        self._log = place.log
        limits = place.limits
        user = FIRST_USER + place.cpu
        host_config = self._api.create_host_config(
            cpuset_cpus=str(place.cpu),
            network_mode="none",
            read_only=True,
            tmpfs={
                SCRATCH: (
                    f"size={limits.scratch_mb}m,nr_inodes={SCRATCH_FILES},mode=1777,"
                    "nosuid,nodev,noexec"
                )
            },
            mounts=[
                Mount(PROGRAM, str(place.program.resolve()), type="bind", read_only=True),
                Mount(SUBMISSION, str(place.submission.resolve()), type="bind", read_only=True),
            ],
            mem_limit=limits.memory_mb * _MIB,
            memswap_limit=limits.memory_mb * _MIB,
            pids_limit=limits.processes,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            ipc_mode="none",
            log_config=LogConfig(type=LogConfig.types.NONE),
            ulimits=[Ulimit(name="core", soft=0, hard=0)],
            runtime=runtime or None,
        )
        host_config["MaskedPaths"] = list(MASKED)  # the SDK has no argument for it
        container = self._api.create_container(
            image,
            ["python3", f"{PROGRAM}/worker.py", SUBMISSION],
            user=f"{user}:{user}",
            working_dir=SCRATCH,
            environment={**WORKER_ENVIRONMENT, "HOME": SCRATCH, "TMPDIR": SCRATCH},
            stdin_open=True,
            network_disabled=True,
            host_config=host_config,
            labels={LABEL: str(os.getpid()), OWNER_LABEL: owner_mark()},
        )
        self._id: str = container["Id"]
        try:
            self._input = self._attach(stdin=1)
            self._output = self._attach(stdout=1, stderr=1)
            self._api.start(self._id)
            pid = self._api.inspect_container(self._id)["State"]["Pid"]
        except BaseException:
            self._remove()
            raise
        self._cgroup = ControlGroup(pid)
        self._cpu_time_s: float | None = None
        self._memory_kills = 0
        self.stdin = self._input.fileno()
        os.set_blocking(self.stdin, False)
        self.stdout, self._stdout_writer = os.pipe()
        self._reader = threading.Thread(target=self._read_output, daemon=True)
        self._reader.start()

    def cpu_time_s(self) -> float | None:
        """Return the CPU seconds of the container, or None where the engine's host is another."""
        measured = self._cgroup.cpu_time_s()
        if measured is not None:
            self._cpu_time_s = measured
        return self._cpu_time_s

    def memory_kills(self) -> int:
        """Return how many of the container's processes the kernel has killed for want of memory."""
        self._memory_kills = max(self._memory_kills, self._cgroup.memory_kills())
        return self._memory_kills

    def longest_wait_s(self) -> float:
        """Return how long a thread in the container has waited for a CPU at most."""
        return self._cgroup.longest_wait_s()

    def stop(self) -> str:
        """Kill and remove the container.

        Raises:
            OrganiserError: The engine no longer answers, or no longer knows the container: nothing
                inside one can bring that about.
        """
        if self.stdout < 0:
            return "stopped by the recorder"
        end, lost = "stopped by the recorder", None
        self.cpu_time_s()
        self.memory_kills()
        try:
            state = self._api.inspect_container(self._id)["State"]
            if not state["Running"]:
                end = f"container ended with exit code {state['ExitCode']}"
            if state["OOMKilled"]:
                self._memory_kills = max(self._memory_kills, 1)
        except NotFound:
            lost = "somebody removed the worker's container while it ran"
        except (DockerException, RequestException) as error:
            lost = f"the Docker engine is gone ({last_clause(error)})"
        self._remove()
        self._close()
        if lost:
            raise OrganiserError(f"{lost}; see that the engine runs (`zcnas doctor`), start again")
        return end

    def _close(self) -> None:
        """Close the streams."""
        if self.stdout >= 0:
            os.close(self.stdout)  # the reading thread, if blocked on a full pipe, continues
            self.stdout = -1
            self._reader.join(timeout=5)
            for connection in (self._input, self._output):
                socket = connection._sock
                connection._response.close()  # the SDK hangs the HTTP response on its stream
                socket.close()

    def _attach(self, **streams: int) -> Any:
        """Return a connection to some of the container's streams; it has ``fileno``."""
        return self._api.attach_socket(self._id, params={**streams, "stream": 1})

    def _remove(self) -> None:
        with contextlib.suppress(DockerException, RequestException):
            self._api.remove_container(self._id, force=True, v=True)

    def _read_output(self) -> None:
        """Split the engine's multiplexed stream.

        Stdout into a pipe for the recorder, stderr into the log.
        """
        source = self._output.fileno()
        with contextlib.suppress(OSError):
            while head := _read_exactly(source, _STREAM_HEAD.size):
                stream, length = _STREAM_HEAD.unpack(head)
                while length and (chunk := os.read(source, min(length, 65536))):
                    length -= len(chunk)
                    if stream == _STDOUT:
                        with contextlib.suppress(BrokenPipeError):
                            _write_all(self._stdout_writer, chunk)
                    elif stream == _STDERR:
                        self._log(chunk)
        with contextlib.suppress(OSError):
            os.close(self._stdout_writer)


def _read_exactly(descriptor: int, length: int) -> bytes:
    """Return the next ``length`` bytes of a stream, or none if it ends before."""
    received = b""
    while len(received) < length:
        chunk = os.read(descriptor, length - len(received))
        if not chunk:
            return b""
        received += chunk
    return received


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
