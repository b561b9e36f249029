"""``zcnas status``, ``rank`` and ``merge``: what is done with a results folder, running nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zcnas.organiser.cli.options import JsonOption, console, find_phase, halves_of, print_record

OutArgument = Annotated[Path, typer.Argument(help="Folder of a run.")]


def status(
    out: OutArgument = Path("build/score"),
    as_json: JsonOption = False,
) -> None:
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
    lines = [f"{found.phase}: {state}; {done} of {total} architectures of what has begun"]
    for each in found.submissions:
        where = f" on {', '.join(each.benchmarks)}" if each.benchmarks else ""
        reason = f": {each.reason}" if each.reason else ""
        lines.append(f"{each.name}: {each.state}{where}, {each.architectures}/{each.of}{reason}")
    lines.append(f"last event: {found.last_event}")
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def rank(
    out: OutArgument = Path("build/score"),
    vote: Annotated[
        bool,
        typer.Option("--vote", help="Enter the vote of synflow, jacov and snip as a baseline."),
    ] = False,
) -> None:
    """Make the leaderboard of OUT again from stored predictions; run nothing.

    Every submission in OUT is on it, finished or not. Phases are read anew, so another
    ``failure_tau`` counts. `zcnas leaderboard` then adds intervals and pages.
    """
    import msgspec

    from zcnas.judging.leaderboard import write_leaderboard
    from zcnas.judging.standings import arrange
    from zcnas.organiser.cli.terminal import print_leaderboard
    from zcnas.organiser.results.folder import ResultsFolder
    from zcnas.organiser.results.ranking import rank_again
    from zcnas.organiser.results.voting import enter_vote
    from zcnas.records import read_reference
    from zcnas.submissions.roster import ARRIVALS_FILE, read_arrivals

    results = ResultsFolder(out)
    run = results.bound()
    phase = find_phase(run.phase).only(list(run.benchmarks))
    _, folder = halves_of(phase)
    references = {key: read_reference(folder / f"{key}.json") for key in phase.benchmarks}
    if vote:
        enter_vote(results)
    board = rank_again(results, phase, references)
    entries = arrange(board.entries, read_arrivals(out / ARRIVALS_FILE), phase.counts)
    board = msgspec.structs.replace(board, entries=entries)
    write_leaderboard(board, out)
    print_leaderboard(board, out, console)


def merge(
    sources: Annotated[list[Path], typer.Argument(help="Folders of runs of one phase.")],
    out: Annotated[Path, typer.Option(help="A new folder for both.")],
) -> None:
    """Merge results folders of one phase; `zcnas rank` then ranks what they have together."""
    from zcnas.organiser.results.merging import merge as merge_folders

    merged = merge_folders(sources, out)
    names = ", ".join(record.name for record in merged.submissions())
    console.print(f"{out}: {names}; next: zcnas rank {out}", markup=False, soft_wrap=True)
