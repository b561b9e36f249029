"""Runs steps in real containers, started the way a platform's worker starts them.

The user is the image's, because platforms set none. There are no capabilities and no way to gain
any. The network is on, but each run has its own, so that containers of two runs cannot meet. CPU,
memory and processes are not limited, and nothing is read-only. Which capabilities a platform drops
besides SETUID and SETGID has changed over time, so all are dropped here: a program that runs here
needs none.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from typing import Any

from docker.errors import DockerException
from docker.types import Mount
from requests.exceptions import ConnectionError as NoAnswer
from requests.exceptions import ReadTimeout, RequestException

import docker
from zcnas.errors import OrganiserError
from zcnas.organiser.platforms.emulator.steps import WORKING_DIRECTORY, Ended, Step

LABEL = "zcnas.organiser.platforms.emulator"


class ContainerRunner:
    """Runs steps in containers of one image."""

    def __init__(self, client: docker.DockerClient, image: str) -> None:
        self._client = client
        self._image = image
        self.description = f"containers of {image}"

    def run(self, steps: list[Step], time_limit_s: float | None) -> list[Ended]:
        """Run steps concurrently; see ``Runner``."""
        try:
            name = f"{LABEL}-{uuid.uuid4().hex}"
            network = self._client.networks.create(name, labels={LABEL: ""})
            try:
                return self._run(steps, time_limit_s, name)
            finally:
                network.remove()
        except (DockerException, RequestException) as error:
            raise OrganiserError(
                f"cannot run a container of {self._image}: {error}; `zcnas image` builds the image"
            ) from None

    def _run(self, steps: list[Step], time_limit_s: float | None, network: str) -> list[Ended]:
        containers: list[Any] = []
        try:
            for step in steps:
                containers.append(self._create(step, network))
            for container in containers:
                container.start()
            begin = time.monotonic()
            deadline = None if time_limit_s is None else begin + time_limit_s
            return [self._wait(container, begin, deadline) for container in containers]
        finally:
            for step, container in zip(steps, containers, strict=False):
                _keep_logs(step, container)
            ours: dict[str, str | list[str] | bool] = {
                "label": f"{LABEL}={network}"
            }  # includes one whose creation timed out
            for container in self._client.containers.list(all=True, filters=ours):
                container.remove(force=True)

    def _create(self, step: Step, network: str) -> Any:
        return self._client.containers.create(
            self._image,
            list(step.command),
            working_dir=WORKING_DIRECTORY,
            environment={"PYTHONUNBUFFERED": "1"},
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            network=network,
            mounts=[
                Mount(inside, str(folder.resolve()), type="bind")
                for inside, folder in step.mounts.items()
            ],
            labels={LABEL: network},
        )

    @staticmethod
    def _wait(container: Any, begin: float, deadline: float | None) -> Ended:
        while True:
            remaining = 5.0 if deadline is None else min(5.0, deadline - time.monotonic())
            if remaining <= 0:
                with contextlib.suppress(DockerException):
                    container.kill()
                return Ended(None, time.monotonic() - begin)
            with contextlib.suppress(ReadTimeout, NoAnswer):
                status = container.wait(timeout=remaining)
                return Ended(int(status["StatusCode"]), time.monotonic() - begin)


def _keep_logs(step: Step, container: Any) -> None:
    for stream in ("stdout", "stderr"):
        content = container.logs(stdout=stream == "stdout", stderr=stream == "stderr")
        (step.logs / f"{step.kind}.{stream}").write_bytes(content)
