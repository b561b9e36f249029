"""``zcnas analyse``: the papers' analyses on published scores and on your own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zcnas.errors import AnalysisError
from zcnas.organiser.cli.options import (
    CpusOption,
    IsolationOption,
    JsonOption,
    console,
    data_dir,
    folder_option,
    path_option,
    print_record,
)
from zcnas.organiser.extras import require
from zcnas.words.text import plural

if TYPE_CHECKING:
    from zcnas.analyses import Result

STUDIES_OF_FORGES = ("four-reductions", "training-progress")
NAMES = (
    "generalisation, bias, information, surrogate, deeper-look, reduced-training, or all of "
    "them; report writes one page of what they recorded in OUT, scores computes our own table; "
    "four-reductions and training-progress train networks of a forge"
)


def analyse(
    name: Annotated[str, typer.Argument(help=f"Which analysis: {NAMES}.")],
    benchmarks: Annotated[
        str, typer.Option(help="Only these benchmarks, separated by commas; all by default.")
    ] = "",
    scores: Annotated[
        Path | None,
        path_option(
            "Scores of your own: a CSV file with architecture, benchmark, columns; or a "
            "submission, which is asked first."
        ),
    ] = None,
    tables: Annotated[
        Path | None, folder_option("Folder with accuracy tables, instead of ZCNAS_DATA.")
    ] = None,
    out: Annotated[Path, folder_option("Folder for pages, tables and figures.")] = Path(
        "build/analyses"
    ),
    count: Annotated[
        int | None,
        typer.Option(
            min=1, help="scores, and studies of a forge: only so many architectures per benchmark."
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=2, help="scores: size of the minibatch.")] = 32,
    proxies: Annotated[
        str, typer.Option(help="scores: only these proxies, separated by commas.")
    ] = "",
    forge: Annotated[
        Path | None,
        folder_option("four-reductions, training-progress: the forge's folder, DATA/forged/NAME."),
    ] = None,
    isolation: IsolationOption = "auto",
    cpus: CpusOption = "",
    as_json: JsonOption = False,
) -> None:
    """Repeat the papers' analyses, with your own scores beside the published ones."""
    if name == "scores":
        _grow(benchmarks, tables or data_dir(), out, count, batch_size, proxies)
        return
    for module in ("pandas", "scipy", "sklearn", "xgboost", "matplotlib"):
        require(module, "zcnas analyse")
    if name == "report":
        _report(out)
        return
    if name in STUDIES_OF_FORGES:
        _study(name, forge, count, out, as_json)
        return
    from zcnas.analyses import ANALYSES, available, run, scored_architectures
    from zcnas.benchmarks import get_benchmark
    from zcnas.organiser.cli.tabled import score_file_of

    if name != "all" and name not in ANALYSES:
        raise AnalysisError(
            f"unknown analysis '{name}'; analyses: {', '.join(ANALYSES)}, all, report, scores, "
            f"{', '.join(STUDIES_OF_FORGES)}"
        )
    folder = tables or data_dir()
    chosen = [get_benchmark(key) for key in _listed(benchmarks)] or available(folder)
    if scores is not None:
        asked = {b.key: scored_architectures(b, folder) for b in chosen}
        scores = score_file_of(scores, asked, isolation, cpus, out)
    records = []
    for each in ANALYSES if name == "all" else (name,):
        result = run(each, chosen, folder, scores)
        _tell(result, out)
        records.append(result.record())
    if as_json:
        print_record(records[0] if name != "all" else records)


def _study(name: str, forge: Path | None, count: int | None, out: Path, as_json: bool) -> None:
    """Run a study that trains networks of a forge."""
    require("torch", f"zcnas analyse {name}")
    from zcnas.analyses.forge_studies import run_on_forge

    if forge is None:
        raise AnalysisError(f"{name} trains networks of a forge: name its folder with --forge")
    result = run_on_forge(name, forge, count, out)
    _tell(result, out)
    if as_json:
        print_record(result.record())


def _tell(result: Result, out: Path) -> None:
    """Write a result and say what came out."""
    from zcnas.analyses import write

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
        f"{result.name}: {plural(len(result.benchmarks), 'benchmark')}, {result.cpu_s:.0f} CPU "
        f"seconds; wrote {files[0]} and {len(files) - 1} files beside it",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip


def _listed(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _grow(
    benchmarks: str, folder: Path | None, out: Path, count: int | None, batch_size: int, only: str
) -> None:
    """Compute our own scores, in the order of the plan, and write them as a table."""
    require("torch", "zcnas analyse scores")
    from zcnas.analyses import our_scores, plan
    from zcnas.benchmarks import get_benchmark
    from zcnas.proxies import get_proxy

    for proxy in _listed(only):
        get_proxy(proxy)
    chosen = [get_benchmark(key) for key in _listed(benchmarks)] or plan.planned_benchmarks()
    terms, works = [], []
    for each in chosen:
        names = tuple(_listed(only)) or our_scores.default_proxies(each)
        terms.append(our_scores.Terms(each.key, names, batch_size, folder))
        architectures = plan.planned_architectures(each, folder)[:count]
        works.append(our_scores.ScoreWork(terms[-1], architectures, out / "scores"))
        done = sum(map(works[-1].is_done, architectures))
        console.print(
            f"{each.key}: {done} of {len(architectures)} architectures are done",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
    our_scores.grow(works, out / "scores")
    written = our_scores.write_table(terms, out / "scores", "grown")
    console.print(f"wrote {written}", markup=False, soft_wrap=True)


def _report(out: Path) -> None:
    """Write the reproduction report from the records in OUT."""
    from zcnas.analyses.reproduction import PAGE, read_records, to_page

    path = out / PAGE
    path.write_text(to_page(read_records(out)), encoding="utf-8")
    console.print(f"wrote {path}", markup=False, soft_wrap=True)
