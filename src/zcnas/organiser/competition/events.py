"""What the event log of a competition's run says beside what every log says."""

from __future__ import annotations

from zcnas.jobs import Event


class RunEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A line of ``OUT/events.jsonl``.

    Events of its own are ``submission_accepted``, ``submission_remark``, ``submission_refused``,
    ``benchmark_finished``, ``submission_finished`` and ``organiser_error``.

    Attributes:
        submission: Whose.
        benchmark: On which benchmark.
        architectures: How many the phase has, or are done of a benchmark.
    """

    submission: str = ""
    benchmark: str = ""
    architectures: int = 0
