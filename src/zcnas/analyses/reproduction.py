"""The reproduction report: what the papers say, what came out here, and what cannot be tried.

    records of analyses (OUT/*.json) ──▶ to_page ──▶ docs/reports/reproduction.md

The page is written from records alone, so whoever has the tables can write it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from zcnas.analyses.result import SCHEMA_VERSION, markdown_table
from zcnas.errors import AnalysisError

PAGE = "reproduction.md"

NOT_HERE = (
    ("NAS-Bench-ASR, NAS-Bench-NLP (Abdelfattah et al.)", "no table of them is readable here"),
    (
        "Darcy Flow, synthetic CIFAR-10 (A Deeper Look)",
        "their accuracies are in no table here; `zcnas forge` makes synthetic data of its own",
    ),
    (
        "correlation over training epochs (A Deeper Look, figure 9)",
        "needs trained networks: `zcnas analyse training-progress` trains those of a forge",
    ),
    ("FBNet (Suite-Zero, table 6)", "its 100 accuracies are in no table here"),
    ("BANANAS, NPENAS, warm-up, move proposal (figures 5, 18, 19)", "searches: `zcnas search`"),
    ("GenNAS, NASI, NNGP-NAS, TE-NAS (A Deeper Look)", "not among the published scores"),
)
"""What the five papers report and nothing here can repeat, and why."""

INTRODUCTION = """# Reproduction report

Written by `zcnas analyse report` from the records of the analyses. *within* and *outside* say
whether our figure keeps to the bound beside it; *beside* means that there is none. Accuracies and
published scores are those of NAS-Bench-Suite-Zero's release, as far as a folder holds them.
"""


def read_records(folder: Path) -> list[dict[str, Any]]:
    """Return the records of all analyses in a folder.

    Raises:
        AnalysisError: There are none, or one is of another version or not a record.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if record["schema_version"] != SCHEMA_VERSION:
                raise ValueError(f"its version is {record['schema_version']}")
            _checks([record])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AnalysisError(
                f"'{path}' is not the record of an analysis ({error!r}); repeat the analysis, or "
                "move the file away"
            ) from None
        found.append(record)
    if not found:
        raise AnalysisError(f"there are no records in '{folder}'; run `zcnas analyse all` first")
    return found


def to_page(records: Iterable[Mapping[str, Any]]) -> str:
    """Return the report in Markdown: figures, findings, and what is not here."""
    known = list(records)
    lines = [INTRODUCTION, "## Figures\n", markdown_table(pd.DataFrame(_checks(known)))]
    lines.append("\n## Findings and corrections\n")
    for record in known:
        lines += [f"* `{record['analysis']}`: {finding}" for finding in record["findings"]]
    lines.append("\n## Not here\n")
    lines.append(markdown_table(pd.DataFrame(NOT_HERE, columns=["what", "why"])))
    return "\n".join(lines) + "\n"


def _checks(records: Iterable[Mapping[str, Any]]) -> list[dict[str, object]]:
    verdicts = {True: "within", False: "**outside**", None: "beside"}
    return [
        {
            "figure or claim": check["what"],
            "paper or bound": check["says"],
            "ours": check["ours"],
            "": verdicts[check["met"]],
            "command": f"`zcnas analyse {record['analysis']}`",
            "benchmarks": len(record["benchmarks"]),
            "CPU s": str(round(record["cpu_s"])),
        }
        for record in records
        for check in record["checks"]
    ]
