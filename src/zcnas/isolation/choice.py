"""Which isolation a run gets: what was asked for, what the phase allows, what this machine has."""

from __future__ import annotations

import os
from collections.abc import Callable

from zcnas.errors import OrganiserError, UsageError
from zcnas.isolation import Isolation
from zcnas.isolation.bubblewrap import BubblewrapIsolation
from zcnas.isolation.container import DockerIsolation, EngineForbidden, EngineUnusable, connect
from zcnas.isolation.image import ensure_image
from zcnas.isolation.packages import image_modules
from zcnas.isolation.process import ProcessIsolation
from zcnas.phases import Phase
from zcnas.plugins import find_plugin, installed

OURS = ("auto", "docker", "bubblewrap", "process")
"""After ``auto`` the strongest first."""
TRUST_VARIABLE = "TRUST_SUBMISSIONS"


def choose_isolation(name: str, phase: Phase, say: Callable[[str], None]) -> Isolation:
    """Return the isolation called ``name``; ``auto`` is the strongest that answers here.

    A plugin's isolation is an ``Isolation`` behind an entry point in ``zcnas.isolation``; a hidden
    phase must name the plugin.

    A hidden phase runs in containers. Anything else is allowed for it only if the organiser says in
    the environment that the submissions are trusted (``TRUST_SUBMISSIONS=yes``).

    Raises:
        OrganiserError: The engine or bubblewrap is missing, or refuses this user.
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
    if hidden and name in _NOT_HIDDEN and os.environ.get(TRUST_VARIABLE) != "yes":
        raise UsageError(
            f"phase '{phase.name}' is hidden, and {_NOT_HIDDEN[name]}: start a Docker engine and "
            f"use --isolation docker, or set {TRUST_VARIABLE}=yes if every submission is your own"
        )
    if name == "auto" and not hidden:
        return _strongest(say)
    if name == "bubblewrap":
        return _sandbox()
    return ProcessIsolation(image_modules()) if name == "process" else _container(say)


_NOT_HIDDEN = {
    "process": "a process can read this machine's files",
    "bubblewrap": "a sandbox of bubblewrap has no record that it held every known attack here",
}
"""What a hidden phase does not run in, and why."""


def _strongest(say: Callable[[str], None]) -> Isolation:
    """Return the strongest isolation that answers; say which, and why no stronger one."""
    try:
        return _container(say)
    except EngineUnusable as error:
        engine = error
    try:
        sandbox = _sandbox()
    except OrganiserError as error:
        if isinstance(engine, EngineForbidden):  # no reason to go on without a boundary
            raise engine from None
        say(
            "WARNING: no Docker engine answers, so submissions run as plain processes of this "
            "user: they can reach the network and your files. Run only code you trust, or start "
            f"Docker (--isolation docker makes it mandatory). No sandbox either: {error}"
        )
        return ProcessIsolation(image_modules())
    say(f"isolation bubblewrap, the strongest that answers here; not docker: {engine.finding}")
    return sandbox


def _container(say: Callable[[str], None]) -> Isolation:
    client = connect()
    return DockerIsolation(client, ensure_image(client, say))


def _sandbox() -> BubblewrapIsolation:
    sandbox = BubblewrapIsolation()
    sandbox.try_out()
    return sandbox
