"""Draws a phase's board, as a process of its own: `python -m zcnas.organiser.serving.board`.

The runs that count are linked into one results folder, which the one judge judges and the one
publishing publishes; what each team may see of its own is what `zcnas feedback` would hand out.
"""

from __future__ import annotations

import datetime
import os
import shutil
from pathlib import Path

import msgspec

from zcnas.judging.judge import judge
from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.organiser.results.contest import read_contest, read_specs, read_truth
from zcnas.organiser.results.folder import SUBMISSIONS, ResultsFolder
from zcnas.organiser.results.handouts import RESULT, hand_out_entry, result_of
from zcnas.organiser.results.publishing import SiteOptions, publish
from zcnas.organiser.serving.orders import Order, obey
from zcnas.pages.identity import NOBODY, Identity
from zcnas.submissions.roster import ARRIVALS_FILE, write_arrivals
from zcnas.words.feedback import shown
from zcnas.words.records import Arrival, write_json

NICENESS = 10
"""A board can wait for the jobs on the same CPUs."""
PAGE = "page.html"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that belongs on the board.

    Attributes:
        name: Its name.
        team: Whose.
        received_at: When it came, ISO 8601.
        run: The results folder of the run that counts.
        outbox: Where its team finds its own results.
        is_new: Whether the run has not been on a board yet.
        chosen: Whether its team has chosen it.
    """

    name: str
    team: str
    received_at: str
    run: str
    outbox: str
    is_new: bool
    chosen: bool


class BoardOrder(Order, frozen=True, kw_only=True):
    """What is to be drawn.

    Attributes:
        after_deadline: Whether it is made on the architectures that were kept back until then.
        results: The results folder the board is made from.
        site: Where its pages go.
        rows: What belongs on it.
        identity: Whose board it is.
    """

    after_deadline: bool
    results: str
    site: str
    rows: tuple[Row, ...]
    identity: Identity = NOBODY


def draw(order: BoardOrder) -> None:
    """Judge a phase, publish its board and hand out what teams may see of their own.

    Raises:
        ZcnasError: The phase's data or a run cannot be read.
    """
    results = ResultsFolder(Path(order.results))
    with results.locked():
        link_runs(results, order.rows)
        write_arrivals(
            results.path / ARRIVALS_FILE,
            {
                row.name: Arrival(
                    name=row.name,
                    team=row.team,
                    received_at=datetime.datetime.fromisoformat(row.received_at),
                    chosen=row.chosen,
                )
                for row in order.rows
            },
        )
        phase = order.phase
        contest = read_contest(
            results,
            phase,
            read_truth(phase, Path(order.references), after_deadline=order.after_deadline),
        )
        cache = results.cache
        judgement = judge(contest, cache=cache)
        specs = read_specs(phase, Path(order.inputs))
        site = SiteOptions(site=Path(order.site), specs=specs, cache=cache, identity=order.identity)
        publish(judgement, phase, results, site)
        entries = {entry.submission: entry for entry in judgement.leaderboard.entries}
        for row in order.rows:
            _hand_out(results, judgement.leaderboard, entries[row.name], order, row)


def link_runs(results: ResultsFolder, rows: tuple[Row, ...]) -> None:
    """Have the results folder hold the runs of these rows, and no other.

    The links are relative, so that a copy of the whole folder works in its own place.
    """
    folder = results.path / SUBMISSIONS
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {
        row.name: os.path.relpath(ResultsFolder(Path(row.run)).folder_of(row.name), folder)
        for row in rows
    }
    for link in folder.iterdir():
        if link.is_symlink() and str(link.readlink()) != wanted.get(link.name):
            link.unlink()
    for name, target in wanted.items():
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(target)


def _hand_out(
    results: ResultsFolder, board: Leaderboard, entry: Entry, order: BoardOrder, row: Row
) -> None:
    """Bring a team's folder of an attempt up to date: all of it once, then its place."""
    folder, show = Path(row.outbox), shown(order.phase)
    told = result_of(entry, show)
    if row.is_new or not (folder / RESULT).is_file():
        partial = folder.with_name(f"{folder.name}.partial")
        for each in (partial, folder):
            shutil.rmtree(each, ignore_errors=True)
        hand_out_entry(results, board, entry, show, partial)
        partial.replace(folder)
    elif msgspec.json.decode((folder / RESULT).read_bytes()) != msgspec.to_builtins(told):
        write_json(folder / RESULT, told)
    else:
        return
    page = Path(order.site) / _page_of(entry.submission)
    if page.is_file():
        shutil.copyfile(page, folder / PAGE)


def _page_of(submission: str) -> str:
    from zcnas.pages.site import page_names

    return page_names([submission])[submission]


def main() -> int:
    """Draw the order on stdin; return the exit code."""
    os.nice(NICENESS)
    return obey(BoardOrder, draw)


if __name__ == "__main__":
    raise SystemExit(main())
