"""``zcnas score``: submissions to a leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    path_argument,
    samples,
    say,
)
from zcnas.submissions import find_submissions, submission_name
from zcnas.submissions.finding import unique
from zcnas.submissions.roster import arrivals_beside

CLUSTER_SHARD = 100
"""Architectures of one job on a cluster, unless --shard says otherwise.

A job's worker takes seconds to start, and a lost host loses what it has not reported.
"""


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
) -> None:
    """Score submissions on a phase, print the leaderboard and write its pages."""
    from zcnas.judging.judge import judge
    from zcnas.organiser.cli.results import contest_of, finish
    from zcnas.organiser.cli.terminal import shown_competition
    from zcnas.organiser.competition import load_halves
    from zcnas.organiser.results.folder import ResultsFolder

    chosen = find_phase(phase).only(benchmark or [])
    places = submissions or [samples() / name for name in FIRST_SAMPLES]
    found = {place: find_submissions(place, say) for place in unique(places, say)}
    arrivals = arrivals_beside(found, say)
    paths = unique([path for each in found.values() for path in each], say)
    halves = load_halves(chosen, *halves_of(chosen), data_dir())
    size = shard or (CLUSTER_SHARD if scheduler else None)
    with shown_competition(
        paths, chosen, halves, isolation, cpus, out, console,
        anew=anew, scheduler=scheduler, shard=size,
    ) as competition:  # fmt: skip
        competition.run(paths, arrivals)
    results = ResultsFolder(out)
    judgement = judge(contest_of(results, chosen))
    finish(judgement, chosen, results, as_json=as_json)
    scored = {submission_name(path) for path in paths} & judgement.scores.keys()
    if len(scored) < len(paths):
        raise typer.Exit(3)
