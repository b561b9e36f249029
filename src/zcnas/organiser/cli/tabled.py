"""What ``--scores`` takes: a file of scores, or a submission that is run to make one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from zcnas.organiser.cli.options import console, data_dir, say
from zcnas.submissions import submission_name
from zcnas.submissions.finding import find_submission

FOLDER = "submission_scores"
"""Of a results folder: where a submission that is asked about tables leaves its answers."""


def is_submission(path: Path) -> bool:
    """Return whether a path given as scores is a submission: a folder, a zip, or its source."""
    return path.is_dir() or path.suffix in (".zip", ".py")


def score_file_of(
    path: Path, architectures: Mapping[str, Sequence[str]], isolation: str, cpus: str, out: Path
) -> Path:
    """Return a file of scores: the path itself, or what a submission answers; resumes.

    Args:
        path: A CSV file or a submission.
        architectures: Benchmark to what the submission is asked.
        isolation: Where it runs.
        cpus: The CPUs it may use.
        out: The folder of the analysis or search.

    Raises:
        AnalysisError: It is refused, or answers nothing.
        UsageError: There is no submission, or several.
    """
    if not is_submission(path):
        return path
    from zcnas.organiser import tabled
    from zcnas.organiser.cli.terminal import shown_competition
    from zcnas.organiser.competition import load_halves
    from zcnas.organiser.extras import require
    from zcnas.organiser.results.folder import ResultsFolder

    require("torch", "--scores SUBMISSION")
    submission = find_submission(path, say)
    place = out / FOLDER / submission_name(submission)
    phase = tabled.open_phase(list(architectures))
    tabled.write_inputs(phase, architectures, place / tabled.INPUTS)
    halves = load_halves(phase, place / tabled.INPUTS, None, data_dir())
    with shown_competition(
        [submission], phase, halves, isolation, cpus, place / tabled.RESULTS, console
    ) as competition:
        competition.run([submission])
    return tabled.write_scores(ResultsFolder(place / tabled.RESULTS), halves, place / tabled.SCORES)
