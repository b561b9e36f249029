"""``zcnas publish``: a finished run as a folder that a paper can cite."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from zcnas.errors import UsageError
from zcnas.organiser.cli.options import (
    JsonOption,
    console,
    folder_argument,
    folder_option,
    print_record,
    say_next,
)
from zcnas.organiser.cli.results import contest_of, judged, phase_of, site_of


def publish(
    folder: Annotated[Path, folder_argument("A new folder for the publication.")],
    out: Annotated[Path, folder_option("Folder of the run.")] = Path("build/score"),
    after_deadline: Annotated[
        bool, typer.Option("--after-deadline", help="Publish a hidden phase: the contest is over.")
    ] = False,
    licence: Annotated[
        str,
        typer.Option(
            metavar="URL", help="Address of its terms; competition.yaml's licence by default."
        ),
    ] = "",
    url: Annotated[str, typer.Option(metavar="URL", help="Where it will be found.")] = "",
    date: Annotated[
        str, typer.Option(metavar="DATE", help="Date of publication; today by default.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Publish the run in OUT: pages, tables, data card, Croissant metadata, digests.

    FOLDER gets the board, the draw with its accuracies, every entry's scores, a data card, a
    description for machines and a manifest with the SHA-256 of each file.
    """
    from zcnas.organiser.extras import require
    from zcnas.organiser.platforms.settings import read_settings
    from zcnas.organiser.publication.croissant import Described
    from zcnas.organiser.publication.write import check_public, check_target, write_publication
    from zcnas.organiser.results.folder import ResultsFolder
    from zcnas.words.resources import SETTINGS_FILE, competition_file
    from zcnas.words.text import is_address

    require("jinja2", "the pages of a publication")
    check_target(folder)
    results = ResultsFolder(out)
    phase = phase_of(results)
    check_public(phase, after_deadline=after_deadline)
    settings = read_settings(competition_file(SETTINGS_FILE))
    about = Described(
        name=f"{settings.title}: {phase.title}",
        description=settings.description,
        creators=settings.organisers,
        published=_day(date),
        licence=licence or (settings.licence if is_address(settings.licence) else ""),
        url=url,
    )
    judgement = judged(contest_of(results, phase, after_deadline=after_deadline))
    site = site_of(phase, None, after_deadline=after_deadline)
    with console.status("writing pages, tables and digests"):
        write_publication(judgement, phase, results, site, about, folder)
    names = sorted(each.name for each in folder.iterdir())
    console.print(f"{folder}: {', '.join(names)}", markup=False, highlight=False, soft_wrap=True)
    if not about.licence:
        say_next("publish into a new folder with --licence URL: without terms nobody may reuse it")
    if as_json:
        print_record({"folder": folder, "files": names})


def _day(text: str) -> str:
    """Return a date as it is written in metadata.

    Raises:
        UsageError: It is not a date.
    """
    if not text:
        return datetime.datetime.now(datetime.UTC).date().isoformat()
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"--date {text!r} is not a date; write it as 2027-02-07") from None
