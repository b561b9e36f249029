"""A run's results as participants may have them: a folder per submission, nothing of another's.

``feedback.py`` says which files and fields; this module copies exactly those. Whatever it does not
name stays with the organiser: the order of the queries, seeds, other submissions, the hidden half.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from zcnas.errors import OrganiserError, PredictionError
from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.words.feedback import Feedback, files_shown, log_shown, manifest_fields, result_fields
from zcnas.words.records import Manifest, read_json, write_json
from zcnas.words.result_files import MANIFEST, PREDICTIONS, ResultFiles

RESULT = "result.json"
"""What a participant is told of a submission as a whole."""


def hand_out(results: ResultsFolder, show: Feedback, target: Path) -> list[Path]:
    """Write every participant's part of a run into folders below ``target``; return the folders.

    Args:
        results: The folder of a run, with ``leaderboard.json``.
        show: What participants may see.
        target: A folder that is empty or does not exist.

    Raises:
        ResultsError: Another version of zcnas has written ``results``.
        PredictionError: It holds no readable leaderboard.
        OrganiserError: ``target`` already holds something: what an earlier, more generous level
            wrote there would be given out as well.
    """
    results.record()
    board = read_json(results.path / "leaderboard.json", Leaderboard, PredictionError)
    if target.exists() and any(target.iterdir()):
        raise OrganiserError(f"{target} is not empty; name another folder, or empty it")
    folders = []
    for entry in board.entries:
        folder = target / entry.submission
        hand_out_entry(results, board, entry, show, folder)
        folders.append(folder)
    return folders


def hand_out_entry(
    results: ResultsFolder, board: Leaderboard, entry: Entry, show: Feedback, folder: Path
) -> None:
    """Write one participant's part of a run into a folder, which must hold nothing of another.

    Raises:
        PredictionError: A manifest is malformed.
    """
    write_json(folder / RESULT, result_of(entry, show))
    for benchmark in board.benchmarks:
        _hand_out_benchmark(results.folder_of(entry.submission), benchmark, show, folder)


def result_of(entry: Entry, show: Feedback) -> dict[str, Any]:
    """Return a participant's ``result.json``.

    A refusal is always told: `zcnas check` tells the participant the same. A run that ended
    is called ``received`` where scores are hidden.
    """
    decimals = show.tau_decimals

    def rounded(tau: float | None) -> float | None:
        return tau if tau is None or decimals is None else round(tau, decimals)

    refused = entry.status == "invalid_submission"
    status = entry.status if refused or show.scores else "received"
    everything = {
        **msgspec.structs.asdict(entry),
        "status": status,
        "refusal": entry.message if refused else "",
        "score": rounded(entry.score),
        "kendall_tau": {key: rounded(tau) for key, tau in entry.kendall_tau.items()},
    }
    return {field: everything[field] for field in result_fields(show)}


def _hand_out_benchmark(source: Path, benchmark: str, show: Feedback, folder: Path) -> None:
    for ending in files_shown(show):
        path = ResultFiles(source, benchmark).path(ending)
        if not path.is_file():
            continue
        if ending == MANIFEST:
            public = read_json(path, Manifest, PredictionError).public
            fields = {name: getattr(public, name) for name in manifest_fields(show)}
            write_json(folder / path.name, fields)
        elif ending == PREDICTIONS:
            lines = sorted(path.read_bytes().splitlines(keepends=True))  # each begins with its id
            (folder / path.name).write_bytes(b"".join(lines))
        else:
            text = path.read_text(encoding="utf-8", errors="replace")
            (folder / path.name).write_text(log_shown(text, show), encoding="utf-8")
