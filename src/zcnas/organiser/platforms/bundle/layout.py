"""The two ``competition.yaml`` files: version 2 for Codabench, version 1.5 for CodaLab.

Both are built as plain data and then dumped. One leaderboard serves all phases, so it has the
columns of all of them. A platform ranks by the first column, our own mean over the benchmarks, and
never computes a mean itself.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import yaml

from zcnas.organiser.platforms.bundle.pages import PAGES
from zcnas.organiser.platforms.bundle.phases import BundledPhase
from zcnas.organiser.platforms.bundle.settings import Settings
from zcnas.text import plural

LEADERBOARD = "results"
SAMPLES = ("nwot", "params", "synflow")
"""Sample submissions that a bundle offers as solutions."""
TAU_DECIMALS, SECOND_DECIMALS = 4, 1


def columns(phases: Sequence[BundledPhase]) -> list[dict[str, Any]]:
    """Return the leaderboard's columns in order: key, title, sorting and decimals."""
    benchmarks = dict.fromkeys(key for phase in phases for key in phase.phase.benchmarks)
    return [
        {"key": "score", "title": "Score (mean tau)", "sorting": "desc", "precision": TAU_DECIMALS},
        *(
            {"key": key, "title": key, "sorting": "desc", "precision": TAU_DECIMALS}
            for key in benchmarks
        ),
        {"key": "failed", "title": "Failed", "sorting": "asc", "precision": 0},
        {
            "key": "duration",
            "title": "Duration (s)",
            "sorting": "asc",
            "precision": SECOND_DECIMALS,
        },
    ]


def codabench_yaml(settings: Settings, phases: Sequence[BundledPhase]) -> bytes:
    """Return the ``competition.yaml`` of version 2."""
    every_score_visible = all(phase.feedback.scores for phase in phases)
    every_detail_visible = all(phase.feedback.messages for phase in phases)
    content = {
        "version": 2,
        "title": settings.title,
        "description": settings.description,
        "image": "logo.png",
        "terms": "pages/terms.html",
        "docker_image": settings.docker_image,
        "contact_email": settings.contact_email,
        **({"queue": settings.queue} if settings.queue else {}),
        "registration_auto_approve": False,
        "auto_run_submissions": True,
        "make_programs_available": False,
        "make_input_data_available": False,
        "can_participants_make_submissions_public": False,
        "enable_detailed_results": True,
        "show_detailed_results_in_submission_panel": True,
        "show_detailed_results_in_leaderboard": every_detail_visible,
        "pages": [
            {"title": title, "file": f"pages/{name}.html"}
            for name, title in PAGES.items()
            if name != "terms"
        ],
        "tasks": [_task(index, phase) for index, phase in enumerate(phases)],
        "solutions": [
            {"index": index, "path": f"solutions/{name}.zip", "tasks": list(range(len(phases)))}
            for index, name in enumerate(SAMPLES)
        ],
        "phases": [_phase(index, phase) for index, phase in enumerate(phases)],
        "leaderboards": [
            {
                "title": "Results",
                "key": LEADERBOARD,
                "submission_rule": "Force_Last",
                "hidden": not every_score_visible,
                "columns": [
                    {"index": index, **column} for index, column in enumerate(columns(phases))
                ],
            }
        ],
    }
    return _dump(content)


def _task(index: int, phase: BundledPhase) -> dict[str, Any]:
    return {
        "index": index,
        "name": phase.phase.title,
        "description": _describe(phase),
        "ingestion_program": phase.ingestion_name,
        "scoring_program": "scoring_program.zip",
        "reference_data": phase.reference_name,
    }


def _phase(index: int, phase: BundledPhase) -> dict[str, Any]:
    settings = phase.settings
    return {
        "index": index,
        "name": phase.phase.title,
        "description": _describe(phase),
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


def codalab_yaml(settings: Settings, phases: Sequence[BundledPhase]) -> bytes:
    """Return the ``competition.yaml`` of version 1.5."""
    board = {"label": "Results", "rank": 1}
    last = phases[-1].settings.end
    hidden = not all(phase.feedback.scores for phase in phases)
    content = {
        "title": settings.title,
        "description": settings.description,
        "image": "logo.png",
        "competition_docker_image": settings.docker_image,
        "has_registration": True,
        "start_date": _moment(phases[0].settings.start),
        "end_date": None if last is None else _moment(last),
        "allow_public_submissions": False,
        "enable_detailed_results": True,
        "enable_per_submission_metadata": False,
        "force_submission_to_leaderboard": True,
        "disallow_leaderboard_modifying": True,
        "html": {name: f"pages/{name}.html" for name in PAGES},
        "phases": {
            number: {
                "phasenumber": number,
                "label": phase.phase.title,
                "description": _describe(phase),
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
                    **({"hidden": True} if hidden else {}),
                }
                for rank, column in enumerate(columns(phases), start=1)
            },
        },
    }
    return _dump(content)


def _describe(phase: BundledPhase) -> str:
    known = "public" if phase.phase.truth == "public" else "hidden"
    return (
        f"{plural(len(phase.phase.benchmarks), 'benchmark')} with {phase.architectures} "
        f"architectures each; the accuracies are {known}."
    )


def _moment(moment: datetime.datetime) -> str:
    """Return a moment as a string, which YAML quotes: of an unquoted one platforms keep the day."""
    return moment.isoformat(sep=" ", timespec="seconds")


def _dump(content: dict[str, Any]) -> bytes:
    """Return YAML; the leaderboard that columns share is written once, as in published bundles."""
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return text.encode()
