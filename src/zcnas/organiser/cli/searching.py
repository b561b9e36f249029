"""``zcnas search``: the papers' searches, with and without zero-cost proxies."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from zcnas.errors import UsageError
from zcnas.organiser.cli.options import (
    CpusOption,
    IsolationOption,
    JsonOption,
    SchedulerOption,
    as_folder,
    console,
    data_dir,
    path_option,
    print_record,
)
from zcnas.organiser.extras import require

if TYPE_CHECKING:
    from zcnas.jobs import JobPool
    from zcnas.searches.arena import Arena
    from zcnas.searches.plans import Plan
    from zcnas.searches.scores import Sources

app = typer.Typer(
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    help="Run a search on a table of accuracies, many trials; resumes. `compare` draws several.",
)
OUT = "build/search"
ROWS = "scores"
"""Folder of the results folder where scores computed on demand are kept."""

TablesOption = Annotated[
    Path | None, path_option("Folder with accuracy tables, instead of ZCNAS_DATA.")
]


@app.callback()
def search(
    context: typer.Context,
    algorithm: Annotated[
        str,
        typer.Option(
            help="rand, ae, rl, bp, bp_gcn, bananas, bananas_random, npenas, proxybo, a plugin's."
        ),
    ] = "rand",
    benchmark: Annotated[str, typer.Option(help="Which benchmark to search.")] = (
        "nasbench201_cifar100"
    ),
    warmup: Annotated[
        str, typer.Option(metavar="PROXY:M", help="Train the best of M by a proxy first; M or all.")
    ] = "",
    moves: Annotated[
        str, typer.Option(metavar="PROXY:K", help="Make the best by a proxy of K moves.")
    ] = "",
    features: Annotated[
        str,
        typer.Option(
            help="What a predictor sees: encoding, path, zc, both, or a proxy beside the encoding."
        ),
    ] = "encoding",
    trials: Annotated[int, typer.Option(min=1, help="How many trials.")] = 100,
    models: Annotated[int, typer.Option(min=1, help="Models a trial may train.")] = 300,
    seed: Annotated[int, typer.Option(help="Searches with one seed have paired trials.")] = 0,
    scores: Annotated[
        Path | None,
        path_option(
            "Proxy scores of your own: a CSV file with architecture, benchmark, columns; or a "
            "submission, which is asked first and is a proxy by its name."
        ),
    ] = None,
    compute: Annotated[
        bool,
        typer.Option("--compute", help="Compute the scores that nobody has; kept and resumed."),
    ] = False,
    cache: Annotated[
        Path | None, path_option("Folder for computed scores, shared by searches; OUT/scores.")
    ] = None,
    fit: Annotated[
        bool, typer.Option("--fit", help="Fill the gaps of proxies' scores by a fit.")
    ] = False,
    validation: Annotated[str, typer.Option(help="Table of the accuracies that decide.")] = "",
    test: Annotated[str, typer.Option(help="Table of the accuracies that are reported.")] = "",
    tables: TablesOption = None,
    scheduler: SchedulerOption = "",
    isolation: IsolationOption = "auto",
    cpus: CpusOption = "",
    out: Annotated[Path, path_option("Folder for the trials.")] = Path(OUT),
    as_json: JsonOption = False,
) -> None:
    """Run a search on a table of accuracies, many trials; resumes. `compare` draws several."""
    if context.invoked_subcommand is not None:
        return
    _require_extra()
    from zcnas.benchmarks import get_benchmark
    from zcnas.organiser.cli.tabled import score_file_of
    from zcnas.searches.arena import load_arena
    from zcnas.searches.plans import make_plan, proxies_of
    from zcnas.searches.scores import Sources, with_scores

    plan = make_plan(benchmark, algorithm, warmup, moves, features, models, seed)
    folder = tables or data_dir()
    arena = load_arena(get_benchmark(benchmark), folder, validation, test)
    proxies = proxies_of(plan, folder)
    kept = cache or as_folder(out) / ROWS
    if scores is not None:
        asked = {benchmark: arena.candidates.representatives()}
        scores = score_file_of(scores, asked, isolation, cpus, cache or as_folder(out))
    sources = Sources(folder, scores, tuple(sorted(kept.glob(f"*/{benchmark}.jsonl"))), fit)
    if compute:
        sources = _compute(arena, proxies, sources, kept)
    _run(plan, with_scores(arena, proxies, sources), trials, out, scheduler, as_json=as_json)


@app.command()
def compare(
    folders: Annotated[list[Path], typer.Argument(help="Results folders of `zcnas search`.")],
    target: Annotated[
        float | None,
        typer.Option(help="Test accuracy to reach; by default half a point below the best."),
    ] = None,
    at: Annotated[int, typer.Option(min=1, help="Compare the accuracy at so many models.")] = 60,
    training_seconds: Annotated[
        float | None,
        typer.Option(
            min=0, help="Seconds every model trains, for hours; by default what the table states."
        ),
    ] = None,
    out: Annotated[Path, path_option("Folder for the page, tables and figures.")] = Path(
        "build/searches"
    ),
    as_json: JsonOption = False,
) -> None:
    """Compare searches by curves, models to an accuracy, paired tests; the first is the base."""
    _require_extra()
    from zcnas.analyses.result import write
    from zcnas.searches.comparison import compare as compare_searches
    from zcnas.searches.running import all_records

    result = compare_searches(all_records(folders), target, at, training_seconds)
    files = write(result, as_folder(out))
    for finding in result.findings:
        console.print(f"* {finding}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"wrote {files[0]} and {len(files) - 1} files beside it", markup=False,
                  highlight=False, soft_wrap=True)  # fmt: skip
    if as_json:
        print_record(result.record())


def _require_extra() -> None:
    for module in ("pandas", "scipy", "xgboost", "matplotlib"):
        require(module, "zcnas search")


def _run(
    plan: Plan, arena: Arena, trials: int, out: Path, scheduler: str, *, as_json: bool
) -> None:
    """Run the trials with a bar, and print what came of them."""
    from zcnas.searches.comparison import summarise
    from zcnas.searches.running import describe, run_search

    said = describe(plan, arena)
    for line in (
        f"{plan.name} on {plan.benchmark}: {len(arena)} architectures, {trials} trials of at most "
        f"{plan.models} models",
        f"decides: {said.validation}; reported: {said.test}",
        *(f"scores of {name}: {origin}" for name, origin in said.scores.items()),
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    columns = (TextColumn("trials"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("trials", total=trials)
        done = run_search(
            plan, arena, trials, out, _pool(scheduler),
            lambda count, total: bar.update(task, completed=count),
        )  # fmt: skip
    summary = summarise(said, done)
    for line in summary.sentences():
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(f"trials: {out}; next: zcnas search compare {out} OTHER…", markup=False,
                  highlight=False, soft_wrap=True)  # fmt: skip
    if as_json:
        print_record(summary)


def _pool(scheduler: str) -> Callable[[], JobPool] | None:
    """Return what opens the pool of a cluster; None for this machine."""
    if not scheduler:
        return None
    require("distributed", "--scheduler")
    from zcnas.jobs.cluster import ClusterPool, security_for
    from zcnas.searches.running import run_trials

    security_for(scheduler)
    return functools.partial(ClusterPool, scheduler, run_trials)


def _compute(arena: Arena, proxies: tuple[str, ...], sources: Sources, kept: Path) -> Sources:
    """Compute the scores that a search lacks; return the sources with them.

    Raises:
        UsageError: The search needs no proxies.
    """
    if not proxies:
        raise UsageError("--compute has nothing to compute: the search uses no proxy; leave it out")
    require("torch", "--compute")
    from zcnas.searches.computing import compute_missing

    return compute_missing(arena, proxies, sources, kept)
