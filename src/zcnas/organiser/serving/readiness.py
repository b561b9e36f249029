"""What is missing before a competition can open: the checks of `zcnas doctor`, and a server's."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from zcnas.errors import ServingError, ZcnasError
from zcnas.organiser.competition import load_halves
from zcnas.organiser.doctor import Finding, Situation, error, ok, warning
from zcnas.organiser.doctor.checks import CHECKS
from zcnas.organiser.serving.calendar import ServedPhase, closed_words, open_phase
from zcnas.organiser.serving.inbox import teams_in
from zcnas.organiser.serving.layout import Layout, check_local
from zcnas.words.text import plural

if TYPE_CHECKING:
    from zcnas.organiser.serving.plan import Plan

PER_PHASE = ("draw of the phase", "data folder")
"""The doctor's checks that depend on the phase; the others are made once."""


def findings(plan: Plan, cpus: str) -> Iterator[tuple[str, Finding]]:
    """Yield each check's name and what it finds; nothing is opened by it.

    Args:
        plan: What a server is to do.
        cpus: The CPU list as typed.
    """
    layout = plan.layout
    yield "database", _database(layout)
    yield "inbox", _inbox(layout)
    yield "dates", _dates(plan)
    draws = os.environ.get("ZCNAS_PHASES")
    situations = [
        Situation(
            phase=each.phase, isolation=plan.isolation, cpus=cpus, out=layout.folder,
            data=plan.data, draws=each.references.parents[1] if draws else None,
        )
        for each in plan.phases
    ]  # fmt: skip
    for name, check in CHECKS.items():
        if name not in PER_PHASE:
            yield name, check(situations[0])
    for situation, served in zip(situations, plan.phases, strict=True):
        for name in PER_PHASE:
            yield f"{name} {served.name}", CHECKS[name](situation)
        yield f"halves of {served.name}", _halves(plan, served)


def _database(layout: Layout) -> Finding:
    try:
        check_local(layout.database)
    except ServingError as fault:
        return error(str(fault), "name a folder on a local disk")
    if layout.private.is_dir() and layout.private.stat().st_mode & 0o077:
        fix = f"run `chmod 700 {layout.private}`"
        return error(f"other users can look into {layout.private}", fix)
    return ok(f"{layout.database} is on a local disk, for this user alone")


def _inbox(layout: Layout) -> Finding:
    teams = teams_in(layout.inbox)
    if not teams:
        return warning(
            f"{layout.inbox} has no team's folder",
            "make one per team, writable for that team alone; a team without one cannot hand in",
        )
    if not os.access(layout.inbox, os.W_OK):
        return error(f"this user cannot write to {layout.inbox}", "let it remove what it has taken")
    return ok(plural(len(teams), "team"))


def _dates(plan: Plan) -> Finding:
    now = datetime.datetime.now(datetime.UTC)
    served = open_phase(plan.phases, now)
    if served is not None:
        return ok(f"{served.phase.title} is open now")
    if any(each.settings.start > now.replace(tzinfo=None) for each in plan.phases):
        return ok(closed_words(plan.phases, now))
    return error(closed_words(plan.phases, now), "set the dates in competition.yaml")


def _halves(plan: Plan, served: ServedPhase) -> Finding:
    """Check that both halves can be read and a minibatch made, as every run does."""
    try:
        halves = load_halves(served.phase, served.inputs, served.references, plan.data)
    except ZcnasError as fault:
        return error(str(fault), f"draw it again with `zcnas sample --phase {served.name}`")
    count = plural(halves.architectures, "architecture")
    return ok(f"{plural(len(halves.inputs), 'benchmark')} of {count}")
