"""The two ``competition.yaml`` files: version 2 for Codabench, version 1.5 for CodaLab.

Both are built as plain data and then dumped; ``columns.py`` has their leaderboard.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import yaml

from zcnas.organiser.platforms.bundle.columns import SUBMISSION_RULES, columns, counting_rule
from zcnas.organiser.platforms.bundle.phases import BundledPhase
from zcnas.organiser.platforms.settings import Question, Settings
from zcnas.phases import CountingRule

LEADERBOARD = "results"


@dataclass(frozen=True)
class Layout:
    """What both files describe.

    Attributes:
        settings: The organiser's ``competition.yaml``.
        phases: In chronological order.
        descriptions: One line per phase.
        logo: The logo's name in the bundle.
        solutions: Names of the sample submissions that the bundle offers.
    """

    settings: Settings
    phases: tuple[BundledPhase, ...]
    descriptions: tuple[str, ...]
    logo: str
    solutions: tuple[str, ...]

    @property
    def columns(self) -> list[dict[str, Any]]:
        """The leaderboard's columns in order."""
        return columns([phase.phase for phase in self.phases])

    @property
    def counts(self) -> CountingRule:
        """Which of a participant's entries stand on the leaderboard."""
        return counting_rule([phase.phase for phase in self.phases])

    @property
    def hides_scores(self) -> bool:
        """Whether a phase shows no score, so that the one leaderboard starts hidden."""
        return not all(phase.feedback.scores for phase in self.phases)


def codabench_yaml(layout: Layout) -> bytes:
    """Return the ``competition.yaml`` of version 2."""
    settings, phases = layout.settings, layout.phases
    every_detail_visible = all(phase.feedback.messages for phase in phases)
    content = {
        "version": 2,
        "title": settings.title,
        "description": settings.description,
        "image": layout.logo,
        "terms": "pages/terms.html",
        "docker_image": settings.docker_image,
        "contact_email": settings.contact_email,
        **({"queue": settings.queue} if settings.queue else {}),
        "registration_auto_approve": settings.auto_approve,
        "auto_run_submissions": True,
        "make_programs_available": False,
        "make_input_data_available": False,
        "can_participants_make_submissions_public": False,
        "enable_detailed_results": True,
        "show_detailed_results_in_submission_panel": True,
        "show_detailed_results_in_leaderboard": every_detail_visible,
        **({"fact_sheet": _fact_sheet(settings)} if settings.fact_sheet else {}),
        "pages": [
            {"title": title, "file": f"pages/{name}.html"}
            for name, title in settings.pages.items()
            if name != "terms"
        ],
        "tasks": [_task(layout, index) for index in range(len(phases))],
        "solutions": [
            {
                "index": index,
                "name": name,
                "path": f"solutions/{name}.zip",
                "tasks": list(range(len(phases))),
            }
            for index, name in enumerate(layout.solutions)
        ],
        "phases": [_phase(layout, index) for index in range(len(phases))],
        "leaderboards": [
            {
                "title": "Results",
                "key": LEADERBOARD,
                "submission_rule": SUBMISSION_RULES[layout.counts],
                "hidden": layout.hides_scores,
                "columns": [
                    {"index": index, **column} for index, column in enumerate(layout.columns)
                ],
            }
        ],
    }
    return _dump(content)


def _fact_sheet(settings: Settings) -> dict[str, Any]:
    """Return the questions in Codabench's own form, in which yes and no are text."""
    return {
        key: {
            "key": key,
            "type": question.type,
            "title": question.title,
            "selection": _choices(question),
            "is_required": str(question.required).lower(),
            "is_on_leaderboard": str(question.on_leaderboard).lower(),
        }
        for key, question in settings.fact_sheet.items()
    }


def _choices(question: Question) -> str | list[Any]:
    """Return the answers Codabench's form offers; an empty one if none has to be chosen."""
    if question.type == "text":
        return ""
    if question.type == "checkbox":
        return [True, False]
    return [*([] if question.required else [""]), *question.selection]


def _task(layout: Layout, index: int) -> dict[str, Any]:
    phase = layout.phases[index]
    return {
        "index": index,
        "name": phase.phase.title,
        "description": layout.descriptions[index],
        "ingestion_program": phase.ingestion_name,
        "scoring_program": "scoring_program.zip",
        "reference_data": phase.reference_name,
    }


def _phase(layout: Layout, index: int) -> dict[str, Any]:
    phase = layout.phases[index]
    settings = phase.settings
    return {
        "index": index,
        "name": phase.phase.title,
        "description": layout.descriptions[index],
        "start": _moment(settings.start),
        **({"end": _moment(settings.end)} if settings.end is not None else {}),
        "execution_time_limit": phase.time_limit_s,
        "max_submissions_per_day": settings.max_submissions_per_day,
        "max_submissions": settings.max_submissions,
        **_hidden(phase),
        "starting_kit": "starting_kit.zip",
        **({"public_data": phase.public_name} if phase.public_name is not None else {}),
        "tasks": [index],
    }


def _hidden(phase: BundledPhase) -> dict[str, bool]:
    """Return which of a step's outputs participants may not download."""
    feedback = phase.feedback
    return {
        "hide_output": not feedback.messages,
        "hide_prediction_output": not (feedback.messages and feedback.architectures),
        "hide_score_output": not feedback.scores,
    }


def codalab_yaml(layout: Layout) -> bytes:
    """Return the ``competition.yaml`` of version 1.5."""
    settings, phases = layout.settings, layout.phases
    board = {"label": "Results", "rank": 1}
    last = phases[-1].settings.end
    content = {
        "title": settings.title,
        "description": settings.description,
        "image": layout.logo,
        "competition_docker_image": settings.docker_image,
        **({"admin_names": ",".join(settings.collaborators)} if settings.collaborators else {}),
        "has_registration": not settings.auto_approve,
        "start_date": _moment(phases[0].settings.start),
        "end_date": None if last is None else _moment(last),
        "allow_public_submissions": False,
        "enable_detailed_results": True,
        "enable_per_submission_metadata": False,
        "force_submission_to_leaderboard": True,
        **({"force_best_submission_to_leaderboard": True} if layout.counts == "best" else {}),
        "disallow_leaderboard_modifying": True,
        "html": {name: f"pages/{name}.html" for name in settings.pages},
        "phases": {
            number: {
                "phasenumber": number,
                "label": phase.phase.title,
                "description": layout.descriptions[number - 1],
                "start_date": _moment(phase.settings.start),
                "execution_time_limit": phase.time_limit_s,
                "max_submissions": phase.settings.max_submissions,
                "max_submissions_per_day": phase.settings.max_submissions_per_day,
                "is_scoring_only": False,
                **_hidden(phase),
                "ingestion_program": phase.ingestion_name,
                "scoring_program": "scoring_program.zip",
                "reference_data": phase.reference_name,
                "starting_kit": "starting_kit.zip",
                **({"public_data": phase.public_name} if phase.public_name is not None else {}),
            }
            for number, phase in enumerate(phases, start=1)
        },
        "leaderboard": {
            "leaderboards": {LEADERBOARD: board},
            "columns": {
                column["key"]: {
                    "leaderboard": board,
                    "label": column["title"],
                    "rank": rank,
                    "sort": column["sorting"],
                    "numeric_format": column["precision"],
                    **({"hidden": True} if layout.hides_scores else {}),
                }
                for rank, column in enumerate(layout.columns, start=1)
            },
        },
    }
    return _dump(content)


def _moment(moment: datetime.datetime) -> str:
    """Return a moment as a string, which YAML quotes: of an unquoted one platforms keep the day."""
    return moment.isoformat(sep=" ", timespec="seconds")


def _dump(content: dict[str, Any]) -> bytes:
    """Return YAML; the leaderboard that columns share is written once, as in published bundles."""
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return text.encode()
