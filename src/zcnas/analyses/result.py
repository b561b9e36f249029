"""What an analysis returns, and how it is written: Markdown, CSV, PNG and SVG, one JSON record."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from zcnas.words.text import plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

SCHEMA_VERSION = 1
ROWS_ON_A_PAGE = 40
"""Of a longer table the page shows the first rows; its CSV file has all."""


@dataclass(frozen=True)
class TableOf:
    """One table of a result.

    Attributes:
        key: Name of its CSV file.
        title: Its heading.
        frame: The numbers; the index is left out of files.
        text: What it says, and how it was made.
    """

    key: str
    title: str
    frame: pd.DataFrame
    text: str = ""


@dataclass(frozen=True)
class Drawing:
    """One figure of a result: its file's name, its title, what it shows in words, the canvas."""

    key: str
    title: str
    text: str
    canvas: Canvas


@dataclass(frozen=True)
class Check:
    """A figure of a paper, or a bound on our distance from it, beside ours.

    Attributes:
        what: The figure.
        says: What the paper prints, or the bound.
        ours: What came out.
        met: Whether ours is within the bound; None where there is none.
    """

    what: str
    says: str
    ours: str
    met: bool | None = None


@dataclass
class Result:
    """The outcome of one analysis.

    Attributes:
        name: The analysis.
        title: Its heading.
        question: What it asks, one sentence.
        benchmarks: Keys, in the order analysed.
        sources: Benchmark to digest of the accuracy table.
        findings: What comes out, a sentence each.
        checks: Beside the papers.
        tables: All tables.
        drawings: All figures.
        cpu_s: CPU seconds it took.
        command: What wrote it; ``zcnas analyse`` and the name if left out.
    """

    name: str
    title: str
    question: str
    benchmarks: tuple[str, ...]
    sources: Mapping[str, str]
    findings: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    tables: list[TableOf] = field(default_factory=list)
    drawings: list[Drawing] = field(default_factory=list)
    cpu_s: float = 0.0
    command: str = ""

    def table(self, key: str) -> pd.DataFrame:
        """Return the numbers of a table."""
        return next(table.frame for table in self.tables if table.key == key)

    def record(self) -> dict[str, Any]:
        """Return the JSON record: everything but the drawings; None for a number there is not."""
        return {
            "schema_version": SCHEMA_VERSION,
            "analysis": self.name,
            "question": self.question,
            "benchmarks": list(self.benchmarks),
            "table_sha256": dict(self.sources),
            "cpu_s": round(self.cpu_s, 1),
            "findings": self.findings,
            "checks": [vars(check) for check in self.checks],
            "tables": {table.key: _rows(table.frame) for table in self.tables},
        }


def write(result: Result, folder: Path) -> list[Path]:
    """Write a result to ``folder`` and return the files, the page first."""
    folder.mkdir(parents=True, exist_ok=True)
    name = result.name.replace("-", "_")
    page, record = folder / f"{name}.md", folder / f"{name}.json"
    written = [page, record]
    for table in result.tables:
        path = folder / f"{name}_{table.key}.csv"
        table.frame.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
        written.append(path)
    for drawing in result.drawings:
        for kind in ("png", "svg"):
            path = folder / f"{name}_{drawing.key}.{kind}"
            path.write_bytes(image(drawing.canvas, kind))
            written.append(path)
    page.write_text(to_markdown(result), encoding="utf-8")
    record.write_text(json.dumps(result.record(), indent=1, allow_nan=False) + "\n")
    return written


def image(canvas: Canvas, kind: str) -> bytes:
    """Return a drawing as PNG or SVG; the same bytes for the same numbers."""
    import matplotlib as mpl

    target = io.BytesIO()
    metadata = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    with mpl.rc_context({"svg.hashsalt": "zcnas"}):
        canvas.savefig(target, format=kind, dpi=150, metadata=metadata)
    return target.getvalue()


def to_markdown(result: Result) -> str:
    """Return the page of a result."""
    name = result.name.replace("-", "_")
    lines = [
        f"# {result.title}\n",
        f"{result.question}\n",
        f"Written by `{result.command or f'zcnas analyse {result.name}'}` on "
        f"{plural(len(result.benchmarks), 'benchmark')} in {result.cpu_s:.0f} CPU seconds.\n",
    ]
    lines += [f"* {finding}" for finding in result.findings]
    if result.checks:
        frame = pd.DataFrame([vars(check) for check in result.checks])
        frame["met"] = [{True: "yes", False: "no"}.get(met, "") for met in frame["met"]]
        frame.columns = pd.Index(["what", "paper or bound", "ours", "within the bound"])
        lines += ["\n## Beside the papers\n", markdown_table(frame)]
    for drawing in result.drawings:
        lines.append(f"\n## {drawing.title}\n\n![{drawing.text}]({name}_{drawing.key}.svg)\n")
        lines.append(drawing.text)
    for table in result.tables:
        lines.append(f"\n## {table.title}\n")
        if table.text:
            lines.append(f"{table.text}\n")
        lines.append(markdown_table(table.frame.head(ROWS_ON_A_PAGE)))
        if (left := len(table.frame) - ROWS_ON_A_PAGE) > 0:
            lines.append(f"\n{left} more rows are in `{name}_{table.key}.csv`.")
    return "\n".join(lines) + "\n"


def markdown_table(frame: pd.DataFrame) -> str:
    """Return a table in Markdown; numbers with three decimals, integers without."""
    head = [str(column).replace("|", "\\|") for column in frame.columns]
    rows = [[cell(value) for value in row] for row in frame.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def cell(value: object) -> str:
    """Return one value as a table shows it."""
    if isinstance(value, float):
        if math.isnan(value):
            return "–"
        return f"{value:.3f}" if abs(value) < 1e4 else f"{value:.3g}"
    return str(value).replace("|", "\\|")


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(column): _plain(value) for column, value in row.items()}
        for row in frame.to_dict(orient="records")
    ]


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it: no NaN, no infinity, no numpy."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def shares_within(differences: Sequence[float], bounds: Sequence[float]) -> list[float]:
    """Return which share of absolute differences is at most each bound."""
    return [sum(abs(d) <= bound for d in differences) / len(differences) for bound in bounds]
