"""What a platform is told to show, against what each phase's feedback allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.ours.view import PhaseView
from zcnas.organiser.platforms.check.values import is_on
from zcnas.words.feedback import Feedback, shown

_GIVEN_AWAY = {
    "make_programs_available": "the ingestion program holds the list of networks and the key",
    "make_input_data_available": "input data holds the list of networks",
}


def check_shown(content: Mapping[Any, Any], phases: list[PhaseView], findings: Findings) -> None:
    """Check every switch that shows or hides something."""
    for key, otherwise in _GIVEN_AWAY.items():
        if is_on(content.get(key)):
            message = f"{key} is {content[key]!r}, and {otherwise}; write false"
            findings.add("own-secret", message, key)
    levels = [shown(phase.hosted.phase) for phase in phases if phase.hosted is not None]
    if "tasks" in content:
        _check_details(content, levels, findings)
    for phase in phases:
        if phase.hosted is not None:
            _check_phase(phase, shown(phase.hosted.phase), findings)


def _check_details(content: Mapping[Any, Any], levels: list[Feedback], findings: Findings) -> None:
    key = "show_detailed_results_in_leaderboard"
    if is_on(content.get(key, True)) and not all(feedback.messages for feedback in levels):
        message = "and a phase shows no messages: others could read them; write false"
        findings.add("own-feedback", f"{key} is {content.get(key, True)!r}, {message}", key)
    key = "can_participants_make_submissions_public"
    if is_on(content.get(key, True)):
        message = f"{key} is {content.get(key, True)!r}: others may copy what is made public"
        findings.add("own-sharing", f"{message}; write false", key)


def _check_phase(phase: PhaseView, feedback: Feedback, findings: Findings) -> None:
    hidden = {
        "hide_output": not feedback.messages,
        "hide_prediction_output": not (feedback.messages and feedback.architectures),
        "hide_score_output": not feedback.scores,
    }
    assert phase.hosted is not None
    for key, must_hide in hidden.items():
        if must_hide and not is_on(phase.settings.get(key)):
            findings.add(
                "own-feedback",
                f"{key} is {phase.settings.get(key, False)!r}, but phase {phase.name} has feedback "
                f"{phase.hosted.phase.feedback!r}; write true",
                *phase.place,
                key,
            )
