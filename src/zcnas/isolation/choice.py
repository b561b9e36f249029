"""Which isolation a run gets: what was asked for, what the phase allows, what this machine has."""

from __future__ import annotations

import os
from collections.abc import Callable

from zcnas.errors import UsageError
from zcnas.isolation import Isolation
from zcnas.isolation.container import DockerIsolation, connect, engine_answers
from zcnas.isolation.image import ensure_image
from zcnas.isolation.packages import image_modules
from zcnas.isolation.process import ProcessIsolation
from zcnas.phases import Phase
from zcnas.plugins import find_plugin, installed

OURS = ("auto", "docker", "process")
TRUST_VARIABLE = "TRUST_SUBMISSIONS"


def choose_isolation(name: str, phase: Phase, say: Callable[[str], None]) -> Isolation:
    """Return the isolation called ``name``; ``auto`` is a container where a Docker engine answers.

    A plugin's isolation is an ``Isolation`` behind an entry point in ``zcnas.isolation``; a hidden
    phase must name the plugin.

    A hidden phase runs in containers. ``process`` is allowed for it only if the organiser says in
    the environment that the submissions are trusted (``TRUST_SUBMISSIONS=yes``).

    Raises:
        OrganiserError: The engine is missing, or refuses this user.
        UsageError: The trust is missing, or the name is unknown.
        PhaseError: A hidden phase does not name the plugin.
        PluginError: The plugin is broken, or its name is taken.
    """
    plugin = find_plugin("isolation", name, OURS)
    if plugin is not None:
        phase.check_plugin(plugin)
        isolation: Isolation = plugin.load()
        return isolation
    if name not in OURS:
        known = ", ".join((*OURS, *(plugin.name for plugin in installed("isolation"))))
        raise UsageError(f"unknown isolation '{name}'; known isolations: {known}")
    hidden = phase.truth == "hidden"
    if name == "process" and hidden and os.environ.get(TRUST_VARIABLE) != "yes":
        raise UsageError(
            f"phase '{phase.name}' is hidden, and a process can read this machine's files: start "
            f"a Docker engine and use --isolation docker, or set {TRUST_VARIABLE}=yes if every "
            "submission is your own"
        )
    if name == "docker" or (name == "auto" and (hidden or engine_answers())):
        client = connect()
        return DockerIsolation(client, ensure_image(client, say))
    if name == "auto":
        say(
            "WARNING: no Docker engine answers, so submissions run as plain processes of this "
            "user: they can reach the "
            "network and your files. Run only code you trust, or start Docker (--isolation docker "
            "makes it mandatory)."
        )
    return ProcessIsolation(image_modules())
