"""Which isolation a run gets: what was asked for, what the phase allows, what this machine has."""

from __future__ import annotations

import os
from collections.abc import Callable

from zcnas.errors import OrganiserError
from zcnas.isolation import Isolation
from zcnas.isolation.container import DockerIsolation, connect, engine_answers
from zcnas.isolation.image import ensure_image
from zcnas.isolation.process import ProcessIsolation
from zcnas.phases import Phase

TRUST_VARIABLE = "TRUST_SUBMISSIONS"


def choose_isolation(name: str, phase: Phase, say: Callable[[str], None]) -> Isolation:
    """Return the isolation called ``name``; ``auto`` is a container where a Docker engine answers.

    A hidden phase runs in containers. ``process`` is allowed for it only if the organiser says in
    the environment that the submissions are trusted (``TRUST_SUBMISSIONS=yes``).

    Raises:
        OrganiserError: The engine, or the trust, is missing.
    """
    hidden = phase.truth == "hidden"
    if name == "process" and hidden and os.environ.get(TRUST_VARIABLE) != "yes":
        raise OrganiserError(
            f"phase '{phase.name}' is hidden, and a process can read this machine's files: start "
            f"a Docker engine "
            f"and use ISOLATION=docker, or set {TRUST_VARIABLE}=yes if every submission is your own"
        )
    if name == "docker" or (name == "auto" and (hidden or engine_answers())):
        client = connect()
        return DockerIsolation(client, ensure_image(client, say))
    if name == "auto":
        say(
            "WARNING: no Docker engine answers, so submissions run as plain processes of this "
            "user: they can reach the "
            "network and your files. Run only code you trust, or start Docker (ISOLATION=docker "
            "makes it mandatory)."
        )
    return ProcessIsolation()
