"""Which isolation a run gets: what was asked for, what the phase allows, what this machine has."""

from __future__ import annotations

import os
from collections.abc import Callable

from zcnas.errors import OrganiserError, UsageError
from zcnas.isolation import Isolation
from zcnas.isolation.admission import refusal_of
from zcnas.isolation.apptainer import ApptainerIsolation
from zcnas.isolation.bubblewrap import BubblewrapIsolation
from zcnas.isolation.container import DockerIsolation
from zcnas.isolation.engine import (
    EngineForbidden,
    EngineUnusable,
    connect,
    refuse_podman,
    refuse_unknown_runtime,
)
from zcnas.isolation.image import ensure_image
from zcnas.isolation.packages import image_modules
from zcnas.isolation.process import ProcessIsolation
from zcnas.phases import Phase
from zcnas.plugins import find_plugin, installed

OURS = ("auto", "docker", "bubblewrap", "apptainer", "process")
"""After ``auto`` the strongest first; ``auto`` passes over Apptainer, which was never tried."""
TRUST_VARIABLE = "TRUST_SUBMISSIONS"


def choose_isolation(name: str, phase: Phase, say: Callable[[str], None]) -> Isolation:
    """Return the isolation called ``name``; ``auto`` is the strongest that answers here.

    A plugin's isolation is an ``Isolation`` behind an entry point in ``zcnas.isolation``; a hidden
    phase must name the plugin.

    A hidden phase runs in containers of Docker, and in whatever a record says has held every known
    attack on this machine (``zcnas doctor --attack-table``). Anything else is allowed for it only
    if the organiser says in the environment that the submissions are trusted
    (``TRUST_SUBMISSIONS=yes``).

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
    trusted = phase.truth == "public" or os.environ.get(TRUST_VARIABLE) == "yes"
    if name == "process" and not trusted:
        raise _not_hidden(phase, "a process can read this machine's files")
    if name == "auto":
        return _strongest(say) if phase.truth == "public" else _strongest_admitted(phase, say)
    isolation = open_isolation(name, say)
    if not trusted and _needs_record(isolation):
        _admit(isolation, phase)
    return isolation


def open_isolation(name: str, say: Callable[[str], None]) -> Isolation:
    """Return one of our back ends by its name, whatever a phase may ask of it.

    Raises:
        OrganiserError: It does not answer here.
        UsageError: The name is unknown.
    """
    if name == "process":
        return ProcessIsolation(image_modules())
    if name not in _STARTED:
        known = ", ".join((*_STARTED, "process"))
        raise UsageError(f"'{name}' is no back end that attacks are tried in; choose from {known}")
    return _STARTED[name](say)


NEED_RECORD = ("bubblewrap", "apptainer")
"""What a hidden phase runs in only where a record says that it held every known attack."""


def _needs_record(isolation: Isolation) -> bool:
    """Return whether the tests on every change do not speak for it: another runtime, say."""
    runtime = isolation.runtime if isinstance(isolation, DockerIsolation) else ""
    return isolation.name in NEED_RECORD or bool(runtime)


def _admit(isolation: Isolation, phase: Phase) -> None:
    """Refuse a back end for a hidden phase unless a record admits it.

    Raises:
        UsageError: None does, and why.
    """
    if reason := refusal_of(isolation):
        raise _not_hidden(
            phase,
            f"{isolation.name} has no record that it held every known attack here ({reason}); make "
            f"one with `zcnas doctor --attack-table {isolation.name}` (some minutes)",
        )


def _not_hidden(phase: Phase, why: str) -> UsageError:
    return UsageError(
        f"phase '{phase.name}' is hidden, and {why}; or start a Docker engine and use --isolation "
        f"docker, or set {TRUST_VARIABLE}=yes if every submission is your own"
    )


def _strongest_admitted(phase: Phase, say: Callable[[str], None]) -> Isolation:
    """Return the strongest isolation that answers and may run a hidden phase; say which.

    Raises:
        OrganiserError: No engine answers, and nothing else has a record.
        UsageError: The engine's containers need a record, and have none.
    """
    try:
        container = _container(say)
    except EngineUnusable as error:
        engine = error
    else:
        if _needs_record(container):
            _admit(container, phase)
        return container
    reasons = []
    for name in NEED_RECORD:
        try:
            isolation = _STARTED[name](say)
            _admit(isolation, phase)
        except (OrganiserError, UsageError) as error:
            reasons.append(f"{name}: {error}")
            continue
        say(f"isolation {name}, which held every known attack here; not docker: {engine.finding}")
        return isolation
    raise OrganiserError(f"{engine}. Nor can a hidden phase run in {'; '.join(reasons)}")


def _strongest(say: Callable[[str], None]) -> Isolation:
    """Return the strongest isolation that answers; say which, and why no stronger one."""
    try:
        return _container(say)
    except EngineUnusable as error:
        engine = error
    try:
        sandbox = _sandbox(say)
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
    try:
        refuse_podman(client)
        refuse_unknown_runtime(client)
        return DockerIsolation(client, ensure_image(client, say))
    except OrganiserError:
        client.close()
        raise


def _sandbox(say: Callable[[str], None]) -> Isolation:
    sandbox = BubblewrapIsolation()
    sandbox.try_out()
    return sandbox


def _apptainer(say: Callable[[str], None]) -> Isolation:
    isolation = ApptainerIsolation()
    isolation.try_out()
    return isolation


_STARTED: dict[str, Callable[[Callable[[str], None]], Isolation]] = {
    "docker": _container,
    "bubblewrap": _sandbox,
    "apptainer": _apptainer,
}
"""How the isolations that have to be looked for are found."""
