"""``competition.yaml`` at the repository's root: the organiser's settings for a competition."""

from __future__ import annotations

import datetime
import itertools
import re
import uuid
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml

from zcnas.errors import BundleError
from zcnas.words.text import is_address

Positive = Annotated[int, msgspec.Meta(ge=1)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
Seconds = Annotated[int, msgspec.Meta(ge=20)]
Utc = Annotated[datetime.datetime, msgspec.Meta(tz=False)]
"""A moment without a time zone, quoted or not; it means UTC, as on the platforms."""

PAGES = {
    "overview": "Overview",
    "evaluation": "Evaluation",
    "data": "Data",
    "submission": "How to submit",
    "terms": "Terms",
}
"""Our pages in order: maps a name, which is also the template's, to a title."""
DEFAULT_GRANT_S = 600
"""Seconds that a Codabench server gives a submission on its shared queue, unless it is told
otherwise (``MAX_EXECUTION_TIME_LIMIT``); the public server gives 1,200."""
SAMPLE_CONTACT = "organisers@example.org"
"""In the sample; settings that still have it are nobody's yet."""
DEFAULT_SOLUTIONS = ("nwot", "params", "synflow")
ALL_SOLUTIONS = "all"
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIMES = {"start": "00:00:00", "end": "23:59:59"}
"""What to write where a date has no time."""


class PhaseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a phase runs and how often a participant may submit.

    Attributes:
        start: In UTC.
        end: In UTC; None for a phase without an end.
        max_submissions_per_day: Of one participant.
        max_submissions: Of one participant, in the whole phase.
        time_limit_s: The platform's limit for one submission; None for the sum of the limits, as
            far as the platform grants it.
    """

    start: Utc
    end: Utc | None = None
    max_submissions_per_day: Positive = 5
    max_submissions: Positive = 100
    time_limit_s: Seconds | None = None


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A question of Codabench's fact sheet, which a participant answers with every submission.

    Attributes:
        title: The question.
        type: A line of text, a box to tick, or one of several answers.
        selection: The answers to choose from.
        required: Whether it must be answered.
        on_leaderboard: Whether the answer is a column of the leaderboard.
    """

    title: Text
    type: Literal["text", "checkbox", "select"] = "text"
    selection: tuple[str, ...] = ()
    required: bool = False
    on_leaderboard: bool = False


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``competition.yaml``; comments in the file say more.

    Attributes:
        title: The competition's name.
        description: One sentence about it.
        organisers: Who holds it.
        contact_email: Where participants ask.
        docker_image: The image on the registry that the platform pulls from.
        queue: The vhost of your own queue on Codabench; "" for the queue that all share.
        time_granted_s: What the shared queue cuts every time limit to, in seconds.
        auto_approve: Whether whoever registers may take part at once.
        collaborators: Their names on Codabench.
        fact_sheet: Questions asked with every submission, by name.
        templates: A folder whose templates replace the packaged ones; "" for none.
        pages: The platform's pages, by title, with their files.
        solutions: The sample submissions that the bundle carries.
        website: Where the competition is described; the board's pages link back to it.
        board: Where the board's pages are published, for previews of links to them.
        licence: Of the results: a name, or the address of the terms.
        citation: How to cite the competition, as text or BibTeX.
        phases: When each runs, by name in ``phases.toml``.
    """

    title: Text
    description: Text
    organisers: Text
    contact_email: Text
    docker_image: Text
    queue: str = ""
    time_granted_s: Seconds = DEFAULT_GRANT_S
    auto_approve: bool = False
    collaborators: tuple[Text, ...] = ()
    fact_sheet: dict[str, Question] = msgspec.field(default_factory=dict)
    templates: str = ""
    pages: dict[str, Text] = msgspec.field(default_factory=lambda: dict(PAGES))
    solutions: tuple[Text, ...] | Literal["all"] = DEFAULT_SOLUTIONS
    website: str = ""
    board: str = ""
    licence: str = ""
    citation: str = ""
    phases: dict[str, PhaseSettings]


def read_settings(path: Path) -> Settings:
    """Return the settings in a ``competition.yaml`` of the repository.

    Raises:
        BundleError: The file is missing, is not YAML, or has an invalid value.
    """
    try:
        content = yaml.safe_load(path.read_bytes())
        _refuse_days(content, path)
        settings = msgspec.convert(content, type=Settings)
    except OSError as error:
        raise BundleError(f"cannot read {path}: {error.strerror}") from None
    except (yaml.YAMLError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BundleError(f"{path} is not a valid settings file: {error}") from None
    for problem in _problems(settings):
        raise BundleError(f"{path}: {problem}")
    return settings


def _refuse_days(content: Any, path: Path) -> None:
    """Refuse a date without a time: platforms read midnight, a day before what an end means."""
    phases = content.get("phases") if isinstance(content, dict) else None
    for name, phase in phases.items() if isinstance(phases, dict) else ():
        for key, time in _TIMES.items():
            value = phase.get(key) if isinstance(phase, dict) else None
            is_day = isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)
            if is_day or (isinstance(value, str) and _DAY.fullmatch(value.strip())):
                raise BundleError(
                    f"{path}: phase {name}: {key} is {value}, a day without a time, which a "
                    f'platform reads as its first second; write {key}: "{value} {time}"'
                )


def _problems(settings: Settings) -> list[str]:
    """Return what a platform would refuse, or ignore, of valid settings."""
    problems = []
    if not _EMAIL.fullmatch(settings.contact_email):
        problems.append(
            f"contact_email is {settings.contact_email!r}; write one address, name@example.org"
        )
    if settings.queue and not _is_uuid(settings.queue):
        problems.append(
            f"queue is {settings.queue!r}; write the vhost that Codabench shows in Queue "
            "Management, for example 2f1c1c5e-0f0c-4f3c-9a43-3f6d5ad0b7aa, or leave it empty"
        )
    if "terms" not in settings.pages:
        problems.append("pages has no terms, which both platforms require; add terms: Terms")
    problems += [
        f"pages names {name!r}; use letters, digits, - and _, as in a file's name"
        for name in settings.pages
        if not re.fullmatch(r"[\w-]+", name)
    ]
    problems += [
        f"{name} is {address!r}; write an address that starts with https://, or leave it empty"
        for name, address in (("website", settings.website), ("board", settings.board))
        if address and not is_address(address)
    ]
    for key, question in settings.fact_sheet.items():
        if (question.type == "select") != bool(question.selection):
            problems.append(
                f"fact_sheet: {key} is of type {question.type} and has "
                f"{len(question.selection)} choices; a select, and only a select, lists its "
                "choices in selection"
            )
    return problems


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def schedule(settings: Settings, names: list[str]) -> list[tuple[str, PhaseSettings]]:
    """Return the settings of the named phases, in chronological order.

    Raises:
        BundleError: A phase has no settings or ends before it starts, or two phases overlap.
    """
    if missing := [name for name in names if name not in settings.phases]:
        raise BundleError(
            f"competition.yaml has no settings for phase {', '.join(missing)}, only for "
            f"{', '.join(settings.phases)}; add the dates"
        )
    chosen = sorted(((name, settings.phases[name]) for name in names), key=lambda p: p[1].start)
    for name, phase in chosen:
        if phase.end is not None and phase.end <= phase.start:
            raise BundleError(
                f"competition.yaml: phase {name} ends at {phase.end}, which is not after its "
                f"start, {phase.start}; correct one of them"
            )
    for (name, phase), (later_name, later) in itertools.pairwise(chosen):
        if phase.end is None or phase.end >= later.start:
            raise BundleError(
                f"competition.yaml: phase {later_name} starts at {later.start}, before phase "
                f"{name} has ended ({phase.end or 'it has no end'}); platforms need one phase to "
                "end before the next one starts, so change the dates"
            )
    return chosen
