"""Run every attack in back ends and record what came of it: `make attack-table BACKENDS="docker"`.

Writes `docs/attack_table.json` and the table in `docs/security.md`; other back ends' columns stay.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from zcnas.isolation.choice import open_isolation
from zcnas.organiser.attack_table.report import (
    BEGIN,
    END,
    RESULTS_FILE,
    attack,
    column_of,
    read_columns,
    table_of,
)
from zcnas.words.json_files import write_json

ROOT = Path(__file__).resolve().parents[1]


def main(backends: list[str]) -> None:
    """Run and record the attacks in some back ends; without any only write the table again."""
    path = Path(os.environ.get("ATTACK_RESULTS", ROOT / RESULTS_FILE))
    columns = read_columns(path) if path.is_file() else {}
    for name in backends:
        isolation = open_isolation(name, print)
        record = attack(isolation, sorted(os.sched_getaffinity(0)), lambda *done: None)
        print(name, "held all" if record.holds else "did not hold all")
        columns[name] = column_of(record)
        write_json(path, columns)
    page = ROOT / "docs" / "security.md"
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{table_of(columns)}{END}{after}")


if __name__ == "__main__":
    main(sys.argv[1:])
