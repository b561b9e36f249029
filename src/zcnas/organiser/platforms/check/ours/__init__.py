"""What more has to be true of a bundle that `zcnas bundle` built: its parts belong together.

A platform looks into no program and no data, so it accepts a bundle in which a half belongs to
another draw, a column is misspelt, or a hidden phase shows what it must not. These checks compare
the parts with one another and with what each phase says in ``phase.json``.
"""

from __future__ import annotations

from typing import Any

from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.ours.board import check_board
from zcnas.organiser.platforms.check.ours.draws import check_draws
from zcnas.organiser.platforms.check.ours.handed_out import check_handed_out
from zcnas.organiser.platforms.check.ours.programs import check_image_name, check_programs
from zcnas.organiser.platforms.check.ours.switches import check_shown
from zcnas.organiser.platforms.check.ours.view import is_ours, read_phases
from zcnas.organiser.platforms.check.source import BundleFiles

__all__ = ["check_ours"]


def check_ours(content: dict[Any, Any], files: BundleFiles, findings: Findings) -> None:
    """Check a bundle that holds our programs; of any other bundle nothing is said."""
    phases = read_phases(content, files)
    if not any(is_ours(phase) for phase in phases):
        return
    check_image_name(content, findings)
    check_programs(phases, findings)
    check_draws(phases, bool(content.get("queue")), findings)
    check_shown(content, phases, findings)
    check_board(content, phases, findings)
    check_handed_out(phases, files, findings)
