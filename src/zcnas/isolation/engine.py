"""The Docker engine: finding it, and telling why one that is there cannot be used."""

from __future__ import annotations

import os

from docker.errors import DockerException
from requests.exceptions import RequestException

import docker
from zcnas.errors import OrganiserError

RUNTIME_VARIABLE = "ZCNAS_RUNTIME"
"""Environment variable that names another runtime of the engine: ``runsc``, gVisor's kernel."""
MAY_USE_ENGINE = (
    "have this user added to the group that owns the socket (`sudo usermod -aG docker $USER`, then "
    "log in again), use sudo, or set DOCKER_HOST to an engine of your own"
)
"""What helps somebody whom the engine's socket refuses."""


class EngineUnusable(OrganiserError):  # noqa: N818 - it names what the engine is
    """No Docker engine can be used.

    Attributes:
        finding: What is wrong, with the system's words.
    """

    def __init__(self, finding: str, ways_out: str) -> None:
        self.finding = finding
        super().__init__(f"{finding}{ways_out}")


class EngineForbidden(EngineUnusable):
    """A Docker engine is here, but its socket refuses this user."""

    def __init__(self, reason: str) -> None:
        finding = f"this user may not use the Docker engine ({reason})"
        super().__init__(finding, f": {MAY_USE_ENGINE}")


def connect() -> docker.DockerClient:
    """Return a client of the Docker engine.

    Raises:
        EngineForbidden: There is an engine, but this user may not use it.
        EngineUnusable: No engine answers, or its address is malformed.
    """
    client = None
    try:
        client = docker.from_env(timeout=60)
        client.ping()
    except (DockerException, RequestException, OSError, ValueError) as error:
        if client is not None:
            client.close()
        if _is_forbidden(error):
            raise EngineForbidden(last_clause(error)) from None
        raise EngineUnusable(
            f"no Docker engine answers ({last_clause(error)})",
            "; start it, or choose --isolation bubblewrap, or --isolation process on a public "
            "phase",
        ) from None
    return client


def engine_answers() -> bool:
    """Return whether a Docker engine answers.

    Raises:
        EngineForbidden: There is one, but this user may not use it: that is no reason to go on
            without containers.
    """
    try:
        connect().close()
    except EngineForbidden:
        raise
    except OrganiserError:
        return False
    return True


def refuse_podman(client: docker.DockerClient) -> None:
    """Refuse an engine that speaks Docker's language and is Podman.

    Podman 4.3 knows no limit on the number of files in a scratch folder (``nr_inodes``), and does
    not start a container whose streams are attached before.

    Raises:
        EngineUnusable: It is Podman.
    """
    try:
        components = client.version().get("Components") or []
    except (DockerException, RequestException) as error:
        raise EngineUnusable(f"the engine does not answer ({last_clause(error)})", "") from None
    for component in components:
        if "podman" in str(component.get("Name", "")).lower():
            raise EngineUnusable(
                f"the engine is Podman {component.get('Version', '?')}, which cannot limit the "
                "number of files in a scratch folder",
                "; set DOCKER_HOST to a Docker engine, or choose --isolation bubblewrap, which "
                "needs no engine",
            )


def _is_forbidden(error: BaseException) -> bool:
    """Return whether a refused permission is what an error of the Docker SDK came from."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop()
        if isinstance(each, PermissionError):
            return True
        if isinstance(each, BaseException) and each not in seen:
            seen.append(each)
            waiting += [each.__cause__, each.__context__, *each.args]
    return False


def runtimes_of(client: docker.DockerClient) -> tuple[str, ...]:
    """Return the names of the runtimes that an engine knows, its default first.

    Raises:
        EngineUnusable: It does not answer.
    """
    try:
        info = client.info()
    except (DockerException, RequestException, OSError) as error:
        raise EngineUnusable(
            f"the engine does not answer ({last_clause(error)})", "; see `zcnas doctor`"
        ) from None
    default = str(info.get("DefaultRuntime", "?"))
    return (default, *sorted(set(info.get("Runtimes") or {}) - {default}))


def refuse_unknown_runtime(client: docker.DockerClient) -> None:
    """Refuse a runtime that ``ZCNAS_RUNTIME`` names and the engine does not know.

    Raises:
        OrganiserError: It does not.
    """
    name, known = os.environ.get(RUNTIME_VARIABLE, ""), runtimes_of(client)
    if name and name not in known:
        raise OrganiserError(
            f"the engine knows no runtime '{name}', which {RUNTIME_VARIABLE} names; it knows "
            f"{', '.join(known)}. Add it to /etc/docker/daemon.json, for example "
            f'{{"runtimes": {{"{name}": {{"path": "/usr/bin/{name}"}}}}}}, and reload the engine '
            f"(`systemctl reload docker`), or unset {RUNTIME_VARIABLE}"
        )


def last_clause(error: Exception) -> str:
    """Return the last clause of the engine's nested error texts."""
    explanation = getattr(error, "explanation", None) or str(error)
    return str(explanation).strip().splitlines()[-1][:300]
