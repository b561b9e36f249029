"""The rules of version 1.5, CodaLab's own, which Codabench can also import."""

from __future__ import annotations

from typing import Any

from zcnas.organiser.platforms.check.dates import Moment, as_moment
from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.leaderboards import (
    check_decimals,
    check_length,
    check_sorting,
    check_unique,
)
from zcnas.organiser.platforms.check.located import Place
from zcnas.organiser.platforms.check.parts import (
    check_docker_image,
    check_image,
    check_page,
    check_program,
    check_truth_is_hidden,
    read_part,
)
from zcnas.organiser.platforms.check.phases import check_end, check_limits
from zcnas.organiser.platforms.check.source import BundleFiles

_HANDED_OUT = ("public_data", "starting_kit")
_REQUIRED = {
    "has_registration": ("registration", "whoever asks takes part, with many accounts"),
    "force_submission_to_leaderboard": ("submission-rule", "an older one may stay on the board"),
    "disallow_leaderboard_modifying": ("submission-rule", "participants choose what is shown"),
}
"""What must be true: its rule, and what happens otherwise."""


def check_codalab(
    content: dict[Any, Any], files: BundleFiles, findings: Findings, now: Moment
) -> None:
    """Check a ``competition.yaml`` of version 1.5 and everything it points to."""
    findings.text(content.get("title"), "title", "title", ("title",))
    check_image(content.get("image"), files, findings)
    check_docker_image(content, "competition_docker_image", findings)
    moments = {
        key: as_moment(content[key], findings, (key,))
        for key in ("start_date", "end_date")
        if content.get(key) not in (None, "", "null")
    }
    check_end(moments.get("start_date"), moments.get("end_date"), now, ("end_date",), findings)
    for key, (rule, otherwise) in _REQUIRED.items():
        if content.get(key) is not True:
            message = f"{key} is {content.get(key)!r}: {otherwise}; write true"
            findings.add(rule, message, key)
    _check_pages(content.get("html"), files, findings)
    _check_phases(content, files, findings)
    _check_leaderboard(content, findings)


def _check_pages(pages: object, files: BundleFiles, findings: Findings) -> None:
    if not isinstance(pages, dict):
        findings.add("pages", f"html is {pages!r}; write a mapping of name to file", "html")
        return
    if "terms" not in pages:
        findings.add("terms", "html has no page called terms; add one", "html")
    for name, file in pages.items():
        rule = "terms" if name == "terms" else "page-file"
        check_page(file, files, findings, ("html", str(name)), rule)


def _check_phases(content: dict[Any, Any], files: BundleFiles, findings: Findings) -> None:
    phases = content.get("phases")
    if not isinstance(phases, dict) or not phases:
        findings.add(
            "phases",
            f"phases is {type(phases).__name__}; write a mapping of number to phase",
            "phases",
        )
        return
    found = {key: phase for key, phase in phases.items() if isinstance(phase, dict)}
    for key in phases:
        if key not in found:
            findings.add("phases", f"phase {key} is not a mapping; write one", "phases", str(key))
    for key, phase in found.items():
        _check_phase(phase, ("phases", str(key)), files, findings)
    check_unique(
        [(p.get("phasenumber"), ("phases", str(k), "phasenumber")) for k, p in found.items()],
        ("phase-number", "phasenumber"),
        findings,
    )
    _check_order(found, findings)


def _check_phase(
    phase: dict[Any, Any], place: Place, files: BundleFiles, findings: Findings
) -> None:
    findings.text(phase.get("label"), "phase-name", "the phase's label", (*place, "label"))
    findings.whole(
        phase.get("phasenumber"), "phase-number", "phasenumber", (*place, "phasenumber"), 1
    )
    check_limits(phase, place, findings)
    if "scoring_program" in phase:
        program = phase["scoring_program"]
        check_program(program, "scoring", files, findings, (*place, "scoring_program"))
    else:
        findings.add("scoring-program", "the phase has no scoring_program; add one", *place)
    if phase.get("ingestion_program"):
        program = phase["ingestion_program"]
        check_program(program, "ingestion", files, findings, (*place, "ingestion_program"))
    for part in ("input_data", "reference_data", *_HANDED_OUT):
        if phase.get(part):
            read_part(phase[part], files, findings, (*place, part))
    given = {key: phase.get(key) for key in ("input_data", *_HANDED_OUT)}
    check_truth_is_hidden(phase.get("reference_data"), given, findings, place)


def _check_order(phases: dict[Any, dict[Any, Any]], findings: Findings) -> None:
    """Check that phases start one after another; a phase ends when the next one starts."""

    def number(key: Any) -> int:
        value = phases[key].get("phasenumber")
        return value if isinstance(value, int) else 0

    before = None
    for key in sorted(phases, key=number):
        place: Place = ("phases", str(key), "start_date")
        start = as_moment(phases[key].get("start_date"), findings, place)
        if before is not None and start is not None and start <= before:
            findings.add(
                "phase-order",
                f"it starts at {start}, which is not after the start of the previous phase, "
                f"{before}; start it later",
                *place,
            )
        before = start or before


def _check_leaderboard(content: dict[Any, Any], findings: Findings) -> None:
    board = content.get("leaderboard")
    if not isinstance(board, dict):
        near = (
            "; version 1.5 has leaderboard, not leaderboards" if "leaderboards" in content else ""
        )
        findings.add("leaderboards", f"leaderboard is {board!r}{near}", "leaderboard")
        return
    boards = board.get("leaderboards")
    labels = []
    if isinstance(boards, dict) and boards:
        for key, one in boards.items():
            place: Place = ("leaderboard", "leaderboards", str(key))
            label = one.get("label") if isinstance(one, dict) else None
            if findings.text(label, "leaderboard-key", "its label", (*place, "label")) is not None:
                labels.append(str(label).lower())
    else:
        findings.add("leaderboards", "leaderboard has no leaderboards; add one", "leaderboard")
    columns = board.get("columns")
    if not isinstance(columns, dict) or not columns:
        findings.add(
            "columns", f"columns is {columns!r}; write a mapping", "leaderboard", "columns"
        )
        return
    _check_columns(columns, labels, findings)


def _check_columns(columns: dict[Any, Any], labels: list[str], findings: Findings) -> None:
    ranks = []
    for key, column in columns.items():
        place: Place = ("leaderboard", "columns", str(key))
        check_length(str(key), "key", place, findings)
        if not isinstance(column, dict):
            findings.add("columns", f"column {key} is not a mapping; write one", *place)
            continue
        label = column.get("label", str(key))
        check_length(
            findings.text(label, "column-title", "its label", (*place, "label")),
            "label",
            (*place, "label"),
            findings,
        )
        findings.whole(column.get("rank", 1), "column-index", "its rank", (*place, "rank"), 1)
        ranks.append((column.get("rank"), (*place, "rank")))
        check_sorting(column.get("sort"), (*place, "sort"), findings)
        check_decimals(column.get("numeric_format"), (*place, "numeric_format"), findings)
        board = column.get("leaderboard")
        on = board.get("label") if isinstance(board, dict) else None
        if not isinstance(on, str) or on.lower() not in labels:
            findings.add(
                "columns", f"column {key} is on leaderboard {on!r}, which does not exist", *place
            )
    check_unique(ranks, ("column-index", "the column's rank"), findings)
