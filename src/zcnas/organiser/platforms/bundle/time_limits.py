"""How long a submission may run on a platform: what the phase needs, and what is granted.

Without a queue of its own a competition runs on the server's shared queue, which cuts every limit
to its own (600 s by default, 1,200 s on the public Codabench); what a run has not reached by then
fails. A queue of one's own grants whatever the phase asks for.
"""

from __future__ import annotations

import msgspec

from zcnas.errors import BundleError
from zcnas.hosted.phase import default_time_limit_s
from zcnas.organiser.platforms.settings import PhaseSettings, Settings
from zcnas.phases import Phase

QUEUE_ADVICE = (
    "set `queue` in competition.yaml to a queue of your own, which grants what you ask for "
    "(docs/organisers.md)"
)


def grant_time(settings: Settings, phase: Phase, chosen: PhaseSettings) -> PhaseSettings:
    """Return a phase's settings with the time limit that the platform will really give.

    A limit that the organiser has not set is cut to what is granted.

    Raises:
        BundleError: The organiser has set a limit above what is granted.
    """
    granted = settings.time_granted_s
    wanted = chosen.time_limit_s or default_time_limit_s(phase)
    if settings.queue or wanted <= granted:
        return msgspec.structs.replace(chosen, time_limit_s=wanted)
    if chosen.time_limit_s is not None:
        raise BundleError(
            f"competition.yaml: phase {phase.name} has time_limit_s: {wanted}, but without a queue "
            f"the platform grants a submission {granted} s and then throws its results away; "
            f"{QUEUE_ADVICE}, or lower time_limit_s to {granted}; a server that grants more is "
            "told with time_granted_s"
        )
    return msgspec.structs.replace(chosen, time_limit_s=granted)


def shortfall(phase: Phase, chosen: PhaseSettings, forward_s: float) -> str:
    """Return a warning if a phase's time limit is below what its own limits allow, or nothing.

    Args:
        phase: The phase.
        chosen: Its settings, as ``grant_time`` returns them.
        forward_s: Measured CPU seconds of one forward pass per network, over all benchmarks.
    """
    allowed, given = default_time_limit_s(phase), chosen.time_limit_s or 0
    if given >= allowed:
        return ""
    return (
        f"{phase.name}: a run ends after {given} s, although the phase's limits add up to "
        f"{allowed} s and one forward pass per network takes about {forward_s:.0f} s; networks not "
        f"reached by then fail. To grant more, {QUEUE_ADVICE}"
    )
