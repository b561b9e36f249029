"""``zcnas rank``, ``leaderboard``, ``merge`` and ``status``: a results folder, running nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zcnas.errors import InputDataError, PhaseError, PredictionError, ReferenceDataError
from zcnas.organiser.cli.options import (
    JsonOption,
    console,
    find_phase,
    folder_argument,
    folder_option,
    halves_of,
    path_argument,
    print_record,
    say_next,
)
from zcnas.words.text import plural

if TYPE_CHECKING:
    from zcnas.judging.board_cache import BoardCache
    from zcnas.judging.judge import Contest, Judgement
    from zcnas.judging.leaderboard import Leaderboard
    from zcnas.organiser.results.folder import ResultsFolder
    from zcnas.organiser.results.publishing import SiteOptions
    from zcnas.pages.identity import Identity
    from zcnas.phases import Phase

OutArgument = Annotated[Path, folder_argument("Folder of a run.")]
MISSING_HALVES = (PhaseError, InputDataError, ReferenceDataError)
"""What says that this machine does not have a phase's data."""


def rank(
    out: OutArgument = Path("build/score"),
    vote: Annotated[
        bool,
        typer.Option("--vote", help="Enter the vote of synflow, jacov and snip as a baseline."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make the leaderboard and pages of OUT again from stored predictions; run nothing.

    Every submission in OUT is on it, finished or not. Phases are read again, so another
    ``failure_tau`` counts.
    """
    from zcnas.organiser.results.folder import ResultsFolder
    from zcnas.organiser.results.voting import enter_vote

    results = ResultsFolder(out)
    contest = contest_of(results, phase_of(results))
    if vote:
        enter_vote(results)
        contest = contest_of(results, contest.phase)
    cache = results.cache
    judgement = judged(contest, cache)
    finish(judgement, contest.phase, results, cache=cache, as_json=as_json)


def leaderboard(
    out: OutArgument = Path("build/score"),
    site: Annotated[
        Path | None, folder_option("Folder for the pages; OUT/leaderboard by default.")
    ] = None,
    after_deadline: Annotated[
        bool,
        typer.Option(
            "--after-deadline",
            help="Show everything, seeds included; rank on the architectures kept back, if any.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the leaderboard of a run again, and write its files and pages."""
    from zcnas.judging.leaderboard import Leaderboard
    from zcnas.organiser.results.folder import PAGES, ResultsFolder
    from zcnas.pages.site_folder import check_site_folder
    from zcnas.words.records import read_json

    results = ResultsFolder(out)
    if site is not None and site.resolve() != (out / PAGES).resolve():
        check_site_folder(site)
    try:
        contest = contest_of(results, phase_of(results), after_deadline=after_deadline)
    except MISSING_HALVES as error:
        show(
            read_json(out / "leaderboard.json", Leaderboard, PredictionError),
            out,
            f"no pages: {error}",
            as_json=as_json,
        )
        return
    cache = results.cache
    judgement = judged(contest, cache)
    finish(
        judgement, contest.phase, results, cache=cache,
        site=site, after_deadline=after_deadline, as_json=as_json,
    )  # fmt: skip


def merge(
    sources: Annotated[list[Path], path_argument("Folders of runs of one phase.")],
    out: Annotated[Path, folder_option("A new folder for all of them.")],
    as_json: JsonOption = False,
) -> None:
    """Merge results folders of one phase, and make the leaderboard of what they have together."""
    from zcnas.organiser.results.merging import merge as merge_folders
    from zcnas.organiser.results.merging import outstanding

    results = merge_folders(sources, out)
    if waiting := outstanding(results):
        console.print(
            "not combined yet: "
            + ", ".join(f"{submission} on {key}" for submission, key in waiting)
            + f"; `zcnas score SUBMISSIONS --out {out}` runs only that",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    try:
        contest = contest_of(results, phase_of(results))
    except MISSING_HALVES as error:
        text = f"{out} is merged, but has no leaderboard yet: {error}; then `zcnas rank {out}`"
        console.print(text, style="yellow", markup=False, soft_wrap=True)
        return
    cache = results.cache
    judgement = judged(contest, cache)
    finish(judgement, contest.phase, results, cache=cache, as_json=as_json)


def status(out: OutArgument = Path("build/score"), as_json: JsonOption = False) -> None:
    """Say what is done, running and failed in OUT, and why; at any time."""
    from zcnas.organiser.results.folder import ResultsFolder
    from zcnas.organiser.results.status import status_of

    found = status_of(ResultsFolder(out))
    if as_json:
        print_record(found)
        return
    state = "a command is working on it" if found.active else "no command is working on it"
    done = sum(each.architectures for each in found.submissions)
    total = sum(each.of for each in found.submissions)
    lines = [f"{found.phase}: {state}; {done} of {total} architectures of what has started"]
    for each in found.submissions:
        where = f" on {', '.join(each.benchmarks)}" if each.benchmarks else ""
        reason = f": {each.reason}" if each.reason else ""
        kinds = ", ".join(f"{count} {kind}" for kind, count in each.failures.items())
        failed = f", {sum(each.failures.values())} failed ({kinds})" if each.failures else ""
        lines.append(
            f"{each.name}: {each.state}{where}, {each.architectures}/{each.of}{failed}{reason}"
        )
    lines.append(f"last event: {found.last_event}")
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def phase_of(results: ResultsFolder) -> Phase:
    """Return the phase of a run, with the benchmarks it has scored."""
    run = results.bound()
    return find_phase(run.phase).only(list(run.benchmarks))


def contest_of(results: ResultsFolder, phase: Phase, *, after_deadline: bool = False) -> Contest:
    """Return what the leaderboard of a run follows from, before or after the deadline.

    Raises:
        ZcnasError: The phase's hidden half or ``submissions.csv`` cannot be read.
    """
    from zcnas.organiser.results.contest import read_contest, read_truth

    _, references = halves_of(phase)
    truth = read_truth(phase, references, after_deadline=after_deadline)
    return read_contest(results, phase, truth)


def judged(contest: Contest, cache: BoardCache | None = None) -> Judgement:
    """Judge a run, what is new in it, and show meanwhile that this goes on."""
    from zcnas.judging.judge import judge

    entries = plural(len(contest.contenders), "submission")
    with console.status(f"judging {entries}: scores, intervals, rank groups"):
        return judge(contest, cache=cache)


def finish(
    judgement: Judgement,
    phase: Phase,
    results: ResultsFolder,
    *,
    cache: BoardCache | None = None,
    site: Path | None = None,
    after_deadline: bool = False,
    as_json: bool = False,
) -> None:
    """Write what was judged, and print it.

    Raises:
        ZcnasError: The phase's architectures or a manifest cannot be read.
    """
    from zcnas.organiser.results.publishing import publish

    options = dataclasses.replace(site_of(phase, site, after_deadline=after_deadline), cache=cache)
    with console.status("drawing the pages"):
        pages = publish(judgement, phase, results, options)
    show(judgement.leaderboard, results.path, pages, as_json=as_json)


def site_of(phase: Phase, site: Path | None, *, after_deadline: bool) -> SiteOptions:
    """Return what the pages of a phase tell beside the judgement.

    Raises:
        ZcnasError: The phase's architectures or the competition's settings cannot be read.
    """
    from zcnas.organiser.extras import missing_packages
    from zcnas.organiser.results.contest import read_specs
    from zcnas.organiser.results.publishing import SiteOptions
    from zcnas.organiser.secret_files import DRAW_SEED

    inputs, _ = halves_of(phase)
    seed = inputs.parent / DRAW_SEED
    return SiteOptions(
        site=site,
        specs=read_specs(phase, inputs),
        draw_seed=seed.read_text().strip() if after_deadline and seed.is_file() else None,
        after_deadline=after_deadline,
        identity=None if missing_packages("pages") else _identity(phase),
    )


def _identity(phase: Phase) -> Identity:
    """Return whose board it is, by the ``competition.yaml`` that counts here."""
    from zcnas.organiser.results.identity import read_identity
    from zcnas.words.resources import SETTINGS_FILE, competition_file

    return read_identity(competition_file(SETTINGS_FILE), phase.name)


def show(board: Leaderboard, out: Path, pages: str, *, as_json: bool) -> None:
    """Print a leaderboard, as a table or as JSON, and where its pages are."""
    from zcnas.organiser.cli.terminal import print_leaderboard

    if as_json:
        print_record(board)
    else:
        print_leaderboard(board, out, console)
    console.print(pages, markup=False, highlight=False, soft_wrap=True)
    if any(entry.status == "organiser_error" for entry in board.entries):
        say_next("fix what is named above, then score again to resume")
    else:
        say_next(f"zcnas feedback {out} writes what each participant may see")
