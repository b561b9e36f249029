"""The attack table as a record of this machine, and as columns of the documentation."""

from __future__ import annotations

import ast
import datetime
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from zcnas.errors import ResultsError
from zcnas.isolation import Isolation
from zcnas.isolation.admission import AttackRecord, Verdict, circumstances_of
from zcnas.isolation.owners import owned_folder
from zcnas.organiser.attack_table.rows import ATTACKS
from zcnas.organiser.attack_table.stage import attack_folders, make_stage
from zcnas.organiser.attack_table.suite import run_attacks
from zcnas.organiser.attack_table.verdicts import verdicts_of
from zcnas.organiser.competition.parts import Progress
from zcnas.words.json_files import read_json

RESULTS_FILE = "docs/attack_table.json"
"""The results of the last run in every back end; ``docs/security.md`` prints them."""
BEGIN, END = "<!-- attack table: make attack-table -->", "<!-- end of the attack table -->"
"""Between which lines ``docs/security.md`` has the table."""
BACKENDS = ("docker", "podman", "bubblewrap", "process", "apptainer")
"""The columns of the table, in this order."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the table in one back end, without anything of the machine's own.

    Attributes:
        version: The back end, with its version.
        kernel: The number of the kernel's release.
        as_root: Whether root ran it.
        bounds: What bounded a query's processes together.
        made_at: When, in UTC.
        verdicts: What came of each attack.
    """

    version: str
    kernel: str
    as_root: bool
    bounds: str
    made_at: str
    verdicts: tuple[Verdict, ...]


def attack(isolation: Isolation, cpus: list[int], progress: Progress) -> AttackRecord:
    """Run every attack in a back end on this machine and return the record, not yet sealed.

    Raises:
        OrganiserError: This machine cannot start a worker, or nothing can be written.
    """
    circumstances = circumstances_of(isolation)
    with owned_folder("attacks") as folder:
        run = run_attacks(make_stage(folder), isolation, cpus, progress=progress)
        verdicts = verdicts_of(run)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return AttackRecord(
        backend=isolation.name, circumstances=circumstances, made_at=now, verdicts=verdicts
    )


def column_of(record: AttackRecord) -> Column:
    """Return what the documentation keeps of a record."""
    found = record.circumstances
    return Column(
        version=found.version,
        kernel=re.split("[- ]", found.kernel)[0],
        as_root=found.user == 0,
        bounds=found.bounds,
        made_at=record.made_at,
        verdicts=record.verdicts,
    )


def read_columns(path: Path) -> dict[str, Column]:
    """Return the recorded results by back end.

    Raises:
        ResultsError: The file is missing or malformed.
    """
    return read_json(path, dict[str, Column], ResultsError)


def table_of(columns: Mapping[str, Column]) -> str:
    """Return the table of ``docs/security.md``: a row per attack, a column per back end."""
    names = [name for name in BACKENDS if name in columns or name == "apptainer"]
    lines = [
        f"| attack | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
        f"| *run in* | {' | '.join(_head(columns.get(name)) for name in names)} |",
    ]
    for row, what in _descriptions().items():
        cells = [_cell(columns.get(name), row) for name in names]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _head(column: Column | None) -> str:
    if column is None:
        return "not run"
    user = "root" if column.as_root else "a plain user"
    return (
        f"{column.version}; {column.bounds}; Linux {column.kernel}, {user}, {column.made_at[:10]}"
    )


def _cell(column: Column | None, row: str) -> str:
    found = {verdict.name: verdict for verdict in column.verdicts} if column else {}
    if row not in found:
        return "not run"
    verdict = found[row]
    if verdict.not_prevented:
        return f"**not prevented**: {verdict.not_prevented}"
    return f"**not held**: {verdict.problem}" if verdict.problem else f"held ({verdict.outcome})"


def _descriptions() -> dict[str, str]:
    """Return each attack's first sentence, which says what it does, then the claims around them."""
    folders = attack_folders()
    told = {
        name: (ast.get_docstring(ast.parse((folders[name] / "predictor.py").read_text())) or name)
        .partition("\n")[0]
        .replace("|", "\\|")
        for name in ATTACKS
    }
    return told | {
        "neighbours": "*beside all of them:* honest submissions' scores",
        "host": "*beside all of them:* the host's files and processes",
        "listener": "*beside all of them:* a listener on this machine",
        "secret": "*beside all of them:* the secret accuracies",
    }
