"""A judgement becomes files: the leaderboard as JSON and CSV, each submission's scores, the site.

    judgement ──▶ publish ──▶ OUT/leaderboard.json, .csv, OUT/submissions/<name>/scores.json,
    OUT/leaderboard/

Runs after the judge and changes no number. The site needs the packages of the extra ``pages``;
without them everything else is written, and pages that would tell another ranking are removed.
"""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from zcnas.errors import PredictionError
from zcnas.judging.board_cache import BoardCache, digest_of_files
from zcnas.judging.judge import Judgement
from zcnas.judging.leaderboard import Entry, write_leaderboard
from zcnas.organiser.extras import missing_packages
from zcnas.organiser.results.folder import PAGES, ResultsFolder
from zcnas.phases import Phase
from zcnas.words.feedback import shown
from zcnas.words.records import Manifest, read_json, write_json
from zcnas.words.result_files import LOG, MANIFEST, ResultFiles, name_of

if TYPE_CHECKING:
    from zcnas.pages.identity import Identity
    from zcnas.pages.submission import About


@dataclass(frozen=True, kw_only=True)
class SiteOptions:
    """Where the pages go, and what they tell beside a judgement.

    Attributes:
        site: Folder for the pages; ``OUT/leaderboard`` by default.
        specs: Benchmark to id to architecture, for the benchmarks' pages.
        draw_seed: The phase's, where it is known.
        after_deadline: Show everything, seeds included, whatever the phase's feedback.
        cache: What the judgement was made with; what neither has asked for is removed from it.
        identity: Whose board it is; None for nobody's.
    """

    site: Path | None = None
    specs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    draw_seed: str | None = None
    after_deadline: bool = False
    cache: BoardCache | None = None
    identity: Identity | None = None


DEFAULT_SITE = SiteOptions()


def publish(
    judgement: Judgement,
    phase: Phase,
    results: ResultsFolder,
    options: SiteOptions = DEFAULT_SITE,
) -> str:
    """Write a judgement's files and return, in words, where its pages are or why there are none.

    Args:
        judgement: What the judge found.
        phase: The phase, with the benchmarks that were judged.
        results: The folder of the run.
        options: Of the site.

    Raises:
        PredictionError: A manifest is malformed.
    """
    write_results(judgement, results)
    return write_pages(judgement, phase, results, options)


def write_pages(
    judgement: Judgement,
    phase: Phase,
    results: ResultsFolder,
    options: SiteOptions = DEFAULT_SITE,
) -> str:
    """Write the site alone, with the arguments of ``publish``, and return where it is in words.

    Raises:
        PredictionError: A manifest is malformed.
    """
    usual = results.path / PAGES
    if missing := missing_packages("pages"):
        return _without_pages(usual, missing)
    from zcnas.pages.drawn import DrawnParts
    from zcnas.pages.identity import NOBODY
    from zcnas.pages.site import write_site
    from zcnas.pages.site_content import SiteContent

    show = shown(phase, after_deadline=options.after_deadline)
    content = SiteContent(
        leaderboard=judgement.leaderboard,
        phase=phase,
        outcomes=judgement.outcomes,
        analysis=judgement.analysis,
        rows=judgement.rows,
        show=show,
        about=lambda entry: _about(results.folder_of(entry.submission), entry, phase),
        specs=options.specs if show.truth else {},
        seeds=_seeds(phase, options.draw_seed, show=show.truth),
        drawn=DrawnParts(
            cache=options.cache,
            keys=judgement.keys,
            fingerprint=lambda entry: _fingerprint(results.folder_of(entry.submission), phase),
        ),
        identity=options.identity or NOBODY,
    )
    write_site(content, options.site or usual)
    if options.cache:
        options.cache.forget_unused()
    return f"pages: {(options.site or usual) / 'index.html'}"


def write_results(judgement: Judgement, results: ResultsFolder) -> None:
    """Write the leaderboard as JSON and CSV, and each submission's scores."""
    write_leaderboard(judgement.leaderboard, results.path)
    for entry in judgement.leaderboard.entries:
        _write_scores(judgement, entry, results.folder_of(entry.submission))


def _without_pages(folder: Path, missing: list[str]) -> str:
    """Remove pages of an earlier leaderboard, and return what draws new ones."""
    packages = " and ".join(missing)
    text = f"no pages: {packages} not installed; pip install 'zcnas[pages]' to have them drawn"
    if not (folder / "index.html").is_file():
        return text
    shutil.rmtree(folder)
    return f"{text}; those of an earlier leaderboard in {folder} are removed"


def _write_scores(judgement: Judgement, entry: Entry, folder: Path) -> None:
    """Write a submission's ``scores.json`` if it has changed; an ``organiser_error`` has none."""
    path = folder / "scores.json"
    if entry.status == "organiser_error":
        path.unlink(missing_ok=True)
        return
    columns = judgement.scores[entry.submission].columns()
    try:
        if msgspec.json.decode(path.read_bytes()) == columns:
            return
    except (OSError, msgspec.MsgspecError):
        pass
    write_json(path, columns)


def _about(folder: Path, entry: Entry, phase: Phase) -> About:
    """Return what a submission's folder tells beside its predictions."""
    from zcnas.pages.submission import About

    manifests, logs, ended = {}, {}, ""
    for key in phase.benchmarks:
        files = ResultFiles(folder, key)
        if files.manifest.is_file():
            manifest = read_json(files.manifest, Manifest, PredictionError)
            manifests[key] = manifest.public
            ended = max(ended, _end_of(manifest))
        if files.log.is_file():
            logs[key] = files.log.read_text(encoding="utf-8", errors="replace")
    method = entry.method or entry.submission
    return About(
        submission=entry.submission, method=method, manifests=manifests, logs=logs, ended=ended
    )


def _end_of(manifest: Manifest) -> str:
    """Return when a benchmark's last query was answered, in UTC; "" if that is not recorded."""
    try:
        started = datetime.datetime.fromisoformat(manifest.organiser.started_at)
    except ValueError:
        return ""
    ended = started + datetime.timedelta(seconds=manifest.public.wall_time_s)
    return ended.astimezone(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _fingerprint(folder: Path, phase: Phase) -> bytes:
    """Return a digest of the files that ``_about`` reads."""
    names = (name_of(key, ending) for key in phase.benchmarks for ending in (MANIFEST, LOG))
    return digest_of_files(folder, names)


def _seeds(phase: Phase, draw_seed: str | None, *, show: bool) -> list[tuple[str, str]]:
    later = "shown after the deadline"
    drawn = phase.draw_seed or draw_seed
    return [
        ("Draw seed: which architectures", (drawn or "not recorded") if show else later),
        ("Evaluation seed: initial weights, minibatch", str(phase.eval_seed) if show else later),
    ]
