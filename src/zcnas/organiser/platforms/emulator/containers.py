"""Runs steps in real containers, started the way a platform's worker starts them.

The user is the image's, because platforms set none; who may read and write what then follows from
the folders' owner and mode. CPU, memory and processes are not limited, and only the data folder is
read-only. Unlike on a platform there is no network unless it is asked for.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from typing import Any

from docker.errors import DockerException
from docker.types import Mount
from requests.exceptions import ConnectionError as NoAnswer
from requests.exceptions import ReadTimeout, RequestException

import docker
from zcnas.errors import OrganiserError
from zcnas.isolation.container import OWNER_LABEL, DockerIsolation
from zcnas.isolation.owners import owner_mark
from zcnas.isolation.strays import remove_strays
from zcnas.organiser.platforms.emulator.steps import Ended, Step, Tick

LABEL = "zcnas.organiser.platforms.emulator"
TICK_S = 2.0
MAX_LOG_BYTES = 16 << 20
_ROOT, _NOBODY = "0", 65534


class ContainerRunner:
    """Runs steps in containers of one image."""

    def __init__(self, client: docker.DockerClient, image: str, network: bool = False) -> None:
        self._client = client
        self._image = image
        self._network = network
        words = "with a network" if network else "without a network"
        self.description = f"containers of {image}, {words}"

    def run(self, steps: list[Step], time_limit_s: float | None, tick: Tick) -> list[Ended]:
        """Run steps concurrently; see ``Runner``."""
        try:
            remove_strays(DockerIsolation(self._client, self._image))
            return self._run(steps, time_limit_s, tick)
        except (DockerException, RequestException) as error:
            raise OrganiserError(
                f"cannot run a container of {self._image}: {error}; `zcnas image` builds the image"
            ) from None

    def _run(self, steps: list[Step], time_limit_s: float | None, tick: Tick) -> list[Ended]:
        containers: list[Any] = []
        run = uuid.uuid4().hex
        try:
            for step in steps:
                containers.append(self._create(step, run))
            begun = [_start(container) for container in containers]
            deadline = None if time_limit_s is None else min(begun) + time_limit_s
            return [
                _wait(container, begin, deadline, tick)
                for container, begin in zip(containers, begun, strict=True)
            ]
        finally:
            for step, container in zip(steps, containers, strict=False):
                _keep_logs(step, container)
            own = f"{LABEL}={run}"  # includes one whose creation timed out
            for left in self._client.api.containers(all=True, filters={"label": own}):
                with contextlib.suppress(docker.errors.NotFound):
                    self._client.api.remove_container(left["Id"], force=True, v=True)

    def _create(self, step: Step, run: str) -> Any:
        return self._client.containers.create(
            self._image,
            list(step.command),
            user=self._user(),
            working_dir=step.rules.working_directory,
            environment=dict(step.rules.environment),
            cap_drop=list(step.rules.dropped_capabilities),
            security_opt=["no-new-privileges"],
            network_mode="bridge" if self._network else "none",
            mounts=[
                Mount(each.inside, str(path.resolve()), type="bind", read_only=each.read_only)
                for each, path in step.mounts.items()
            ],
            labels={LABEL: run, OWNER_LABEL: owner_mark()},
        )

    def _user(self) -> str | None:
        """Return the user of the containers: the image's, or who is to the folders what it is.

        A platform's folders are root's. If they are an ordinary user's here, that user takes root's
        part, and an image's own user must not be their owner by chance.
        """
        named = str(self._client.images.get(self._image).attrs["Config"].get("User") or _ROOT)
        own = os.getuid()
        if own == 0:
            return None
        if named.partition(":")[0] in (_ROOT, "root"):
            return f"{own}:{os.getgid()}"
        return str(_NOBODY) if named.partition(":")[0] == str(own) else None


def _start(container: Any) -> float:
    """Start a container and return when; a command that is not there is an exit code later."""
    begin = time.monotonic()
    with contextlib.suppress(docker.errors.APIError):
        container.start()
    return begin


def _wait(container: Any, begin: float, deadline: float | None, tick: Tick) -> Ended:
    while True:
        remaining = TICK_S if deadline is None else min(TICK_S, deadline - time.monotonic())
        if remaining <= 0:
            with contextlib.suppress(DockerException):
                container.kill()
            return Ended(None, time.monotonic() - begin)
        with contextlib.suppress(ReadTimeout, NoAnswer):
            status = container.wait(timeout=remaining)
            return Ended(int(status["StatusCode"]), time.monotonic() - begin)
        tick()


def _keep_logs(step: Step, container: Any) -> None:
    for stream in ("stdout", "stderr"):
        with (step.logs / f"{step.kind}.{stream}").open("wb") as file:
            _copy_start(container, stream, file.fileno())


def _copy_start(container: Any, stream: str, descriptor: int) -> None:
    left = MAX_LOG_BYTES
    wanted = {"stdout": stream == "stdout", "stderr": stream == "stderr"}
    chunks = container.logs(**wanted, stream=True, follow=False)  # it may still be running
    for chunk in chunks:
        os.write(descriptor, chunk[:left])
        left -= len(chunk)
        if left <= 0:
            break
