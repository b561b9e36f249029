"""Jobs of any kind: sent out, tried again, recorded, and resumed after whatever ended the run.

    Work (``work.py``) ──▶ Dispatcher (``dispatch.py``) ──▶ a JobPool (``pools.py``, ``cluster.py``)
    ──▶ a Runner on some host ──▶ reports ──▶ Work.record, lines on disk (``lines.py``)

A work says which units it has and which of them are done; the dispatcher sends what is missing in
jobs, to threads of this machine or to the workers of a Dask cluster, and hands every report back to
the work. What a unit is, what a host is told and what it answers are the work's own business: this
room decodes none of it. Whoever keeps one line per unit (``LinesFile``) resumes by repeating the
same command. ``events.py`` keeps what happened when, ``status.py`` says what is under way.
"""

from __future__ import annotations

from zcnas.jobs.dispatch import Dispatcher
from zcnas.jobs.events import Event, EventLog, read_events
from zcnas.jobs.lines import LinesFile
from zcnas.jobs.pools import JobPool, LocalPool, working
from zcnas.jobs.work import Job, Report, Runner, Work

__all__ = [
    "Dispatcher",
    "Event",
    "EventLog",
    "Job",
    "JobPool",
    "LinesFile",
    "LocalPool",
    "Report",
    "Runner",
    "Work",
    "read_events",
    "working",
]
