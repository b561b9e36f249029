"""Write a publication: a new folder, whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from zcnas.errors import UsageError
from zcnas.judging.judge import Judgement
from zcnas.judging.leaderboard import write_leaderboard
from zcnas.organiser.publication.card import CARD, data_card
from zcnas.organiser.publication.croissant import Described, croissant
from zcnas.organiser.publication.manifest import MANIFEST, manifest_of
from zcnas.organiser.publication.tables import TABLES, write_tables
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.organiser.results.publishing import SiteOptions, write_pages
from zcnas.phases import Phase
from zcnas.words.feedback import shown
from zcnas.words.records import write_json

BOARD, CROISSANT = "board", "croissant.json"


def check_target(folder: Path) -> None:
    """Check that a publication can be written to a folder.

    Raises:
        UsageError: It exists and is not an empty folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} already exists and is not empty; a publication is never changed: name a new "
            "folder"
        )


def check_public(phase: Phase, *, after_deadline: bool) -> None:
    """Check that a phase's accuracies may be published.

    Raises:
        UsageError: They are hidden, and nobody said that the deadline is over.
    """
    if not shown(phase, after_deadline=after_deadline).truth:
        raise UsageError(
            f"the accuracies of phase '{phase.name}' are hidden, and a publication contains them; "
            "publish it when the competition is over, with --after-deadline"
        )


def write_publication(
    judgement: Judgement,
    phase: Phase,
    results: ResultsFolder,
    site: SiteOptions,
    about: Described,
    folder: Path,
) -> None:
    """Write a publication.

    Args:
        judgement: What the judge found.
        phase: The phase, with the benchmarks that were judged.
        results: The folder of the run.
        site: Architectures and seeds, for the pages.
        about: What is said of the whole.
        folder: A new folder.

    Raises:
        UsageError: ``check_target`` refuses the folder.
        PredictionError: A manifest of the run is malformed.
    """
    check_target(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _write(judgement, phase, results, site, about, partial)
        partial.chmod(0o755)
        partial.rename(folder)  # an empty folder there is replaced
    except BaseException:
        shutil.rmtree(partial)
        raise


def _write(
    judgement: Judgement,
    phase: Phase,
    results: ResultsFolder,
    site: SiteOptions,
    about: Described,
    folder: Path,
) -> None:
    """Write all files; the manifest last, because it holds the digests of the others."""
    write_leaderboard(judgement.leaderboard, folder)
    write_tables(judgement, site.specs, folder)
    write_pages(judgement, phase, results, replace(site, site=folder / BOARD))
    (folder / CARD).write_text(data_card(about, phase, judgement, TABLES), encoding="utf-8")
    write_json(folder / CROISSANT, croissant(about, TABLES, folder))
    seed = phase.draw_seed or site.draw_seed or ""
    manifest = manifest_of(judgement.leaderboard, phase, results.bound(), seed, folder)
    write_json(folder / MANIFEST, manifest)
