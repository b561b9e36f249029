"""``zcnas analyse``: the papers' analyses on published scores and on your own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zcnas.errors import AnalysisError
from zcnas.organiser.cli.extras import require
from zcnas.organiser.cli.options import JsonOption, console, data_dir, print_record

NAMES = "generalisation, bias, information, surrogate, or all of them"


def analyse(
    name: Annotated[str, typer.Argument(help=f"Which analysis: {NAMES}.")],
    benchmarks: Annotated[
        str, typer.Option(help="Only these benchmarks, separated by commas; all by default.")
    ] = "",
    scores: Annotated[
        Path | None,
        typer.Option(help="CSV file with scores of your own: architecture, benchmark, columns."),
    ] = None,
    tables: Annotated[
        Path | None, typer.Option(help="Folder with accuracy tables, instead of ZCNAS_DATA.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for pages, tables and figures.")] = Path(
        "build/analyses"
    ),
    as_json: JsonOption = False,
) -> None:
    """Repeat the papers' analyses, with your own scores beside the published ones."""
    for module in ("pandas", "scipy", "sklearn", "xgboost", "matplotlib"):
        require(module, "zcnas analyse")
    from zcnas.analyses import ANALYSES, available, run, write
    from zcnas.benchmarks import get_benchmark

    if name != "all" and name not in ANALYSES:
        raise AnalysisError(f"unknown analysis '{name}'; analyses: {', '.join(ANALYSES)}, all")
    folder = tables or data_dir()
    named = [key.strip() for key in benchmarks.split(",") if key.strip()]
    chosen = [get_benchmark(key) for key in dict.fromkeys(named)] or available(folder)
    records = []
    for each in ANALYSES if name == "all" else (name,):
        result = run(each, chosen, folder, scores)
        files = write(result, out)
        for finding in result.findings:
            console.print(f"* {finding}", markup=False, highlight=False, soft_wrap=True)
        for check in result.checks:
            verdict = {True: "within", False: "OUTSIDE", None: "beside"}[check.met]
            console.print(
                f"{verdict}: {check.what}: {check.ours} ({check.says})",
                style="yellow" if check.met is False else None,
                markup=False, highlight=False, soft_wrap=True,
            )  # fmt: skip
        console.print(
            f"{each}: {len(chosen)} benchmarks, {result.cpu_s:.0f} CPU seconds; wrote {files[0]} "
            f"and {len(files) - 1} files beside it",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        records.append(result.record())
    if as_json:
        print_record(records[0] if name != "all" else records)
