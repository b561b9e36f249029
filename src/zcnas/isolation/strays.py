"""Containers that nobody waits for any more, and their removal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from docker.errors import DockerException
from requests.exceptions import RequestException

from zcnas.isolation import Isolation
from zcnas.isolation.container import OWNER_LABEL, DockerIsolation
from zcnas.isolation.owners import owner_is_gone, owner_mark


def remove_strays(isolation: Isolation) -> int:
    """Remove the containers that killed runs on this machine have left; return how many."""
    return _remove(isolation, owner_is_gone)


def remove_own(isolation: Isolation) -> int:
    """Remove every container this process has started; return how many there were.

    For the end of a run, when no worker of it is wanted any more.
    """
    own = owner_mark()
    return _remove(isolation, lambda mark: mark == own)


def _remove(isolation: Isolation, wanted: Callable[[str], bool]) -> int:
    """Remove containers by their owner; an engine that is gone has none to remove."""
    removed = 0
    if isinstance(isolation, DockerIsolation):
        with contextlib.suppress(DockerException, RequestException):
            api = isolation.client.api
            for container in api.containers(all=True, filters={"label": OWNER_LABEL}):
                if wanted(container["Labels"][OWNER_LABEL]):
                    with contextlib.suppress(DockerException):
                        api.remove_container(container["Id"], force=True, v=True)
                        removed += 1
    return removed
