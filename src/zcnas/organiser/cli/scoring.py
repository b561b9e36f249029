"""``zcnas score``: submissions to a leaderboard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zcnas.errors import UsageError
from zcnas.organiser.cli.options import (
    FIRST_SAMPLES,
    AnewOption,
    BenchmarkOption,
    CpusOption,
    IsolationOption,
    JsonOption,
    OutOption,
    PhaseOption,
    SchedulerOption,
    ShardOption,
    console,
    data_dir,
    find_phase,
    halves_of,
    inputs_of,
    path_argument,
    print_record,
    samples,
    say,
)
from zcnas.submissions import find_submissions, submission_name
from zcnas.submissions.finding import unique
from zcnas.submissions.roster import arrivals_beside
from zcnas.words.records import Arrival
from zcnas.words.resources import package_file

if TYPE_CHECKING:
    from zcnas.organiser.competition.division import PartNumber
    from zcnas.phases import Phase


def score(
    submissions: Annotated[
        list[Path] | None,
        path_argument("Submissions, or folders of them; by default three of the samples."),
    ] = None,
    phase: PhaseOption = "practice",
    isolation: IsolationOption = "auto",
    cpus: CpusOption = "",
    out: OutOption = Path("build/score"),
    benchmark: BenchmarkOption = None,
    anew: AnewOption = False,
    scheduler: SchedulerOption = "",
    shard: ShardOption = 0,
    as_json: JsonOption = False,
    part: Annotated[
        str,
        typer.Option(help="Run only one part, e.g. 3/8; `zcnas merge` joins all of them."),
    ] = "",
) -> None:
    """Score submissions on a phase, print the leaderboard and write its pages."""
    from zcnas.organiser.cli.results import contest_of, finish, judged
    from zcnas.organiser.cli.terminal import shown_competition
    from zcnas.organiser.competition import load_halves
    from zcnas.organiser.competition.cluster_host import CLUSTER_SHARD
    from zcnas.organiser.competition.division import parse_part
    from zcnas.organiser.results.folder import ResultsFolder

    chosen = find_phase(phase).only(benchmark or [])
    places = submissions or [samples() / name for name in FIRST_SAMPLES]
    found = {place: find_submissions(place, say) for place in unique(places, say)}
    arrivals = arrivals_beside(found, say)
    paths = unique([path for each in found.values() for path in each], say)
    if part:
        _score_part(
            parse_part(part), paths, arrivals, chosen, isolation, cpus, out,
            anew=anew, scheduler=scheduler, shard=shard, as_json=as_json,
        )  # fmt: skip
        return
    halves = load_halves(chosen, *halves_of(chosen), data_dir())
    size = shard or (CLUSTER_SHARD if scheduler else None)
    with shown_competition(
        paths, chosen, halves, isolation, cpus, out, console,
        anew=anew, scheduler=scheduler, shard=size,
    ) as competition:  # fmt: skip
        competition.run(paths, arrivals)
    results = ResultsFolder(out)
    cache = results.cache
    judgement = judged(contest_of(results, chosen), cache)
    finish(judgement, chosen, results, cache=cache, as_json=as_json)
    scored = {submission_name(path) for path in paths} & judgement.scores.keys()
    if len(scored) < len(paths):
        raise typer.Exit(3)


def _score_part(
    number: PartNumber,
    paths: list[Path],
    arrivals: Mapping[str, Arrival],
    phase: Phase,
    isolation: str,
    cpus: str,
    out: Path,
    *,
    anew: bool,
    scheduler: str,
    shard: int,
    as_json: bool,
) -> None:
    """Run one part of a run; the leaderboard is made by the merge, where the accuracies are.

    Raises:
        UsageError: A scheduler was named as well.
        Exit: This machine could not do all of it.
    """
    from zcnas.organiser.cli.terminal import shown_competition
    from zcnas.organiser.competition import load_halves
    from zcnas.organiser.costs import COSTS_FILE, read_costs
    from zcnas.organiser.results.folder import ResultsFolder
    from zcnas.organiser.results.portion import unfinished

    if scheduler:
        raise UsageError(
            "--part and --scheduler are two ways to use many machines; choose one: --part needs no "
            "scheduler process"
        )
    halves = load_halves(phase, inputs_of(phase), None, data_dir())
    costs = read_costs(package_file(COSTS_FILE))
    with shown_competition(
        paths, phase, halves, isolation, cpus, out, console,
        anew=anew, shard=shard or None, part=(number, costs),
    ) as competition:  # fmt: skip
        competition.run(paths, arrivals)
    portion = ResultsFolder(out).bound().portion
    assert portion is not None
    lacking = unfinished(out, portion)
    done = "is finished" if not lacking else f"is unfinished: {', '.join(lacking)}"
    text = f"part {portion.name} {done}; `zcnas merge` joins all parts to a leaderboard"
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    if as_json:
        print_record({"part": portion.name, "finished": not lacking, "out": out})
    if lacking:
        raise typer.Exit(3)
