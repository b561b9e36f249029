"""``zcnas dry-run`` and ``zcnas smoke``: what a participant runs before uploading."""

from __future__ import annotations

import dataclasses
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from zcnas.isolation.owners import owned_folder
from zcnas.organiser.cli.options import (
    BenchmarkOption,
    CpusOption,
    IsolationOption,
    JsonOption,
    OutOption,
    console,
    data_dir,
    find_phase,
    halves_of,
    path_argument,
    print_record,
    say,
    say_next,
)
from zcnas.organiser.cli.submission import print_remarks
from zcnas.participant.checking import check_submission
from zcnas.submissions import find_submission, stated_track, submission_name
from zcnas.words.tracks import FEW_LABELS, Track

if TYPE_CHECKING:
    from zcnas.judging.judge import Judgement
    from zcnas.organiser.cli.explanation import Explanation
    from zcnas.organiser.competition import Halves
    from zcnas.organiser.results.folder import ResultsFolder
    from zcnas.participant.smoke import SmokeReport
    from zcnas.phases import Phase

PHASE, PHASE_WITH_LABELS = "practice", "practice_labels"
QUICK = 10
SMOKE_REPORT = "smoke.json"
SubmissionArgument = Annotated[Path, path_argument("Your folder or zip.")]


def smoke(
    submission: SubmissionArgument,
    isolation: IsolationOption = "auto",
    cpus: CpusOption = "",
    out: OutOption = Path("build/dry-run"),
    benchmark: BenchmarkOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask your submission for two networks of each of the 28 benchmarks: a minute or two."""
    from zcnas.organiser.cli.smoking import report_of, run_smoke

    path = find_submission(submission, say)
    print_remarks(check_submission(path))
    report = run_smoke(path, isolation, cpus, out / SMOKE_REPORT, benchmark or [])
    failed = report_of(report, console, f"zcnas dry-run {submission}")
    if as_json:
        print_record(report)
    if failed:
        raise typer.Exit(1)


def dry_run(
    submission: SubmissionArgument,
    isolation: IsolationOption = "auto",
    cpus: CpusOption = "",
    out: OutOption = Path("build/dry-run"),
    benchmark: BenchmarkOption = None,
    quick: Annotated[
        bool, typer.Option("--quick", help=f"Only {QUICK} architectures, and no smoke test.")
    ] = False,
    number: Annotated[
        int, typer.Option("-n", min=0, help="Only the first N architectures; 0 for all.")
    ] = 0,
    smoked_first: Annotated[
        bool,
        typer.Option(
            "--smoke/--no-smoke",
            help="Smoke-test new content first, unless only a part is asked for.",
        ),
    ] = True,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first failure.")
    ] = False,
    open_pages: Annotated[
        bool, typer.Option("--open", help="Open the pages in a browser.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Score one submission on the practice phase as the organisers would; explain the result."""
    from zcnas.organiser.cli.explanation import Explanation, explain
    from zcnas.organiser.cli.patience import Patience
    from zcnas.organiser.cli.prospects import print_prospects
    from zcnas.organiser.cli.terminal import shown_competition
    from zcnas.organiser.competition import first_of, load_halves
    from zcnas.organiser.results.folder import ResultsFolder

    path = find_submission(submission, say)
    chosen = find_phase(_phase_for(stated_track(path))).only(benchmark or [])
    halves = load_halves(chosen, *halves_of(chosen), data_dir())
    of = halves.architectures
    if count := number or (QUICK if quick else 0):
        halves = first_of(halves, max(2, count))
    in_part = quick or number or benchmark or not smoked_first
    smoked = None if in_part else _smoke_first(path, isolation, cpus, out)
    patience = Patience(console, fail_fast=fail_fast)
    try:
        with shown_competition(
            [path], chosen, halves, isolation, cpus, out, console, anew=True, patience=patience
        ) as competition:
            competition.run([path])
    except KeyboardInterrupt:
        if not patience.ended:
            raise
    results = ResultsFolder(out)
    judgement = _judge(results, chosen, halves)
    folder = results.folder_of(submission_name(path))
    explanation = Explanation(judgement, chosen, halves.inputs, folder, of, patience.ended)
    scored = explain(explanation, console)
    if scored:
        print_prospects(explanation, console)
    marked = chosen if explanation.complete else partial_phase(chosen, explanation.asked, of)
    pages = _write_pages(results, marked, halves)
    _print_end(results, explanation, pages, smoked, submission, open_pages=open_pages)
    (entry,) = judgement.leaderboard.entries
    if as_json:
        print_record(entry)
    if not scored or patience.ended:
        raise typer.Exit(1)


def _phase_for(track: Track) -> str:
    """Return the name of the practice phase that has a track; say so where it is another one."""
    if track != FEW_LABELS:
        return PHASE
    say(f"track {FEW_LABELS}: on phase {PHASE_WITH_LABELS}, the same architectures with labels")
    return PHASE_WITH_LABELS


def _smoke_first(path: Path, isolation: str, cpus: str, out: Path) -> SmokeReport | None:
    """Return the smoke test of a submission, run unless the same content was tested before.

    None for a submission that is refused, which the dry run explains.
    """
    from zcnas.errors import InvalidSubmission
    from zcnas.organiser.cli.smoking import recall_or_run

    try:
        checked = check_submission(path)
    except InvalidSubmission as error:
        console.print(f"warning: {error}", style="yellow", markup=False, soft_wrap=True)
        return None
    print_remarks(checked)
    return recall_or_run(path, checked.sha256, isolation, cpus, out / SMOKE_REPORT)


def partial_phase(phase: Phase, asked: int, of: int) -> Phase:
    """Return a phase whose title says that it is not the whole of it."""
    title = f"{phase.title} (first {asked} of {of} architectures, not the score)"
    return msgspec.structs.replace(phase, title=title)


def _judge(results: ResultsFolder, phase: Phase, halves: Halves) -> Judgement:
    """Return the judgement of what was asked, and write its results."""
    from zcnas.judging.judge import judge
    from zcnas.organiser.results.contest import read_contest
    from zcnas.organiser.results.publishing import write_results

    judgement = judge(read_contest(results, phase, halves.references))
    write_results(judgement, results)
    return judgement


def _write_pages(results: ResultsFolder, phase: Phase, halves: Halves) -> str:
    """Write the pages, with the recorded baselines in them; return in words where they are."""
    from zcnas.judging.judge import judge
    from zcnas.organiser.results.contest import read_contest
    from zcnas.organiser.results.publishing import SiteOptions, write_pages
    from zcnas.participant.baselines import SCORES, baseline_contenders, read_scores
    from zcnas.words.resources import package_file

    contest = read_contest(results, phase, halves.references)
    with owned_folder("baselines") as folder:
        record = read_scores(package_file(SCORES))
        own = {contender.name for contender in contest.contenders}
        others = [
            each
            for each in baseline_contenders(record, halves.inputs, folder / "scores")
            if each.name not in own
        ]
        judgement = judge(dataclasses.replace(contest, contenders=(*contest.contenders, *others)))
        specs = {
            key: {each.id: each.spec for each in data.architectures}
            for key, data in halves.inputs.items()
        }
        return write_pages(judgement, phase, results, SiteOptions(specs=specs))


def _print_end(
    results: ResultsFolder,
    explanation: Explanation,
    pages: str,
    smoked: SmokeReport | None,
    submission: Path,
    *,
    open_pages: bool,
) -> None:
    """Print where everything is, what the smoke test found, and what is next."""
    from zcnas.organiser.cli.smoking import summary_of
    from zcnas.organiser.results.folder import PAGES

    (entry,) = explanation.judgement.leaderboard.entries
    details = results.folder_of(entry.submission)
    for text in (f"details: {details} (predictions, logs of what was printed)", pages):
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    index = results.path / PAGES / "index.html"
    if open_pages and index.is_file():
        webbrowser.open(index.resolve().as_uri())
    if smoked is not None and (summary := summary_of(smoked)):
        console.print(summary, style="red", markup=False, soft_wrap=True)
    if not entry.answered or entry.score is None:
        next_step = f"zcnas try {submission} runs one query at your terminal, debugger and all"
    elif not explanation.complete:
        next_step = f"zcnas dry-run {submission} gives the score"
    else:
        next_step = f"zcnas submission {submission} packs it for upload"
    say_next(next_step)
