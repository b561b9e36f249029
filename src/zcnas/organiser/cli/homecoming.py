"""``zcnas pull`` and ``zcnas repeat``: from the platform back to a ranking that counts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from zcnas.errors import PlatformError, PredictionError, ResultsError
from zcnas.organiser.cli.options import (
    AnewOption,
    CpusOption,
    IsolationOption,
    JsonOption,
    OutOption,
    PhaseOption,
    SchedulerOption,
    ShardOption,
    console,
    find_phase,
    folder_argument,
    folder_option,
    print_record,
)
from zcnas.words.text import plural

if TYPE_CHECKING:
    from zcnas.organiser.platforms.home.comparison import Row
    from zcnas.organiser.platforms.home.pulled import Pulled

TOKEN_VARIABLE = "CODABENCH_TOKEN"
DEFAULT_SITE = "https://www.codabench.org"


def pull(
    competition: Annotated[int, typer.Option(help="Its number, which is in its address.")],
    phase: PhaseOption,
    site: Annotated[str, typer.Option(help="The platform's address.")] = DEFAULT_SITE,
    out: Annotated[
        Path | None, folder_option("Folder to fill; build/pull/PHASE by default.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch a phase's submissions, teams and times from Codabench; repeat it to resume.

    The token comes from CODABENCH_TOKEN or is asked for.
    """
    from zcnas.organiser.platforms.home.api import Codabench
    from zcnas.organiser.platforms.home.pull import pull as fetch

    folder = out or Path("build/pull") / phase
    chosen = find_phase(phase)
    with console.status("reading the list") as status:

        def tell(done: int, total: int) -> None:
            status.update(f"{done} of {plural(total, 'submission')}")

        pulled = fetch(Codabench(site, _token()), competition, chosen, folder, tell)
    _print_pulled(pulled, folder)
    if as_json:
        print_record({"folder": folder, "pulled": pulled})


def repeat(
    pulled: Annotated[Path, folder_argument("A folder that `zcnas pull` filled.")],
    failed: Annotated[
        bool, typer.Option("--failed", help="Score the runs that failed there as well.")
    ] = False,
    isolation: IsolationOption = "auto",
    cpus: CpusOption = "",
    out: OutOption = Path("build/repeat"),
    anew: AnewOption = False,
    scheduler: SchedulerOption = "",
    shard: ShardOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Score pulled submissions here, and say where the platform's ranking differs and why."""
    from zcnas.judging.leaderboard import Leaderboard
    from zcnas.organiser.cli.scoring import score
    from zcnas.organiser.platforms.home.comparison import compare
    from zcnas.organiser.platforms.home.pulled import read_pulled
    from zcnas.words.records import read_json

    known = read_pulled(pulled)
    if not known.complete:
        raise ResultsError(
            f"{pulled} is not complete: repeat `zcnas pull --competition {known.competition} "
            f"--phase {known.phase} --out {pulled}` first"
        )
    shelves = ("submissions", "failed") if failed else ("submissions",)
    places = [pulled / shelf for shelf in shelves if any((pulled / shelf).glob("*.zip"))]
    if not places:
        raise ResultsError(f"{pulled} has no submission to score; pull again once some finished")
    code = 0
    try:
        score(places, known.phase, isolation, cpus, out, None, anew, scheduler, shard, False)
    except typer.Exit as end:
        code = end.exit_code
    board = read_json(out / "leaderboard.json", Leaderboard, PredictionError)
    rows = compare(known, board, find_phase(known.phase))
    _print_rows(rows, known, posts=find_phase(known.phase).feedback != "none")
    if as_json:
        print_record({"leaderboard": board, "differences": rows})
    if code:
        raise typer.Exit(code)


def _token() -> str:
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token and sys.stdin.isatty():
        token = str(typer.prompt("Codabench token", hide_input=True, err=True))
    if not token.strip():
        raise PlatformError(
            f"{TOKEN_VARIABLE} is not set; get a token by a POST of username and password to "
            "/api/api-token-auth/ of the site, and set it"
        )
    return token.strip()


def _print_pulled(pulled: Pulled, folder: Path) -> None:
    def say(text: str, style: str = "") -> None:
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    count = {
        shelf: sum(each.shelf == shelf for each in pulled.submissions)
        for shelf in ("submissions", "failed", "deleted")
    }
    teams = len({each.team for each in pulled.submissions})
    say(f"{pulled.title}, phase {pulled.phase}: {plural(teams, 'team')}")
    say(f"{folder / 'submissions'}: {plural(count['submissions'], 'submission')} that finished")
    if count["failed"]:
        say(f"{folder / 'failed'}: {count['failed']} that failed there")
    if count["deleted"]:
        say(f"{folder / 'deleted'}: {count['deleted']} deleted on the platform, not scored")
    if pulled.unfinished:
        say(f"{pulled.unfinished} still waiting or running there; pull again later", "yellow")
    for phase, runs in pulled.failed_runs.items():
        listing = ", ".join(f"{team} {times}" for team, times in runs.items())
        say(f"failed runs in phase {phase}, which no quota counts: {listing}", "yellow")
    say(f"next: zcnas repeat {folder}")


def _print_rows(rows: list[Row], pulled: Pulled, posts: bool) -> None:
    from zcnas.organiser.platforms.home.comparison import NO_RESULTS

    if not posts:
        console.print(f"{pulled.title}: {NO_RESULTS}; the ranking above is the only one.")
        return
    differing = [row for row in rows if row.why]
    same = len(rows) - len(differing)
    console.print(
        f"the platform agrees on {same} of {plural(len(rows), 'submission')}",
        style="bold",
        highlight=False,
    )
    if not differing:
        return
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("here", "there", "submission", "score here", "posted there", "why"):
        table.add_column(name, justify="left" if name in ("submission", "why") else "right")
    for row in differing:
        table.add_row(
            *(_shown(row.rank_here), _shown(row.rank_there), row.submission),
            *(_shown(row.score_here), _shown(row.score_there), row.why),
        )
    console.print(table, markup=False)


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
