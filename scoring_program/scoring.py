"""The scoring program as CodaLab and Codabench start it.

    ingestion's output (input/res) + reference data (input/ref) ──▶ scoring ──▶ scores.json,
    scores.txt, detailed_results.html

Nothing in ingestion's output is believed but the lines that bear the recorder's seals; an
architecture without one counts as failed. There is either a right score or none: where the
platform's machine was at fault the program ends with exit code 1, which the platform shows as
"Failed", and writes no scores. What a participant may see is decided by the phase's ``feedback``.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from zcnas.errors import OrganiserError, ZcnasError
from zcnas.hosted.phase import ORGANISER_ERROR_FILE, feedback_of, read_hosted_phase
from zcnas.hosted.seals import read_key, sealed_lines
from zcnas.judging.score import Scores, score_submission
from zcnas.pages.detailed_results import detailed_results
from zcnas.phases import Phase
from zcnas.records import Prediction, parse_predictions, read_reference, write_json
from zcnas.result_files import ResultFiles

UNRANKED = -1.0
"""In every column if no query of a submission was answered: a platform's table has no dash."""
_EXIT_CODE = re.compile(r"^ingestionExitCode: *(-?\d+|null)? *$", re.MULTILINE)


def main() -> None:
    """Score what ingestion left; write the scores in both forms, and detailed_results.html."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--predictions", type=Path, required=True, help="ingestion's output")
    parser.add_argument("--reference", type=Path, required=True, help="folder with the accuracies")
    parser.add_argument("--output", type=Path, required=True, help="folder for the scores")
    arguments = parser.parse_args()
    phase = read_hosted_phase(arguments.reference).phase
    references = {
        key: read_reference(arguments.reference / f"{key}.json") for key in phase.benchmarks
    }
    refuse_failed_ingestion(arguments.predictions)
    predictions = read_sealed(phase, arguments.predictions, read_key(arguments.reference))
    if not any(predictions.values()):
        refuse_early_end(arguments.predictions)
    scores = score_submission(predictions, references, phase.failure_tau)
    page = detailed_results(
        phase, arguments.predictions, predictions, references, arguments.reference
    )
    columns = columns_shown(phase, scores)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "detailed_results.html").write_text(page, encoding="utf-8")
    (arguments.output / "scores.txt").write_text(
        "".join(f"{key}: {value!r}\n" for key, value in columns.items())
    )
    write_json(arguments.output / "scores.json", columns)
    print(f"{phase.title}: {scores.failures.total()} architectures failed")


def refuse_failed_ingestion(results: Path) -> None:
    """Give no score where ingestion says that this machine failed.

    Raises:
        OrganiserError: With ingestion's own words.
    """
    report = results / ORGANISER_ERROR_FILE
    if report.is_file():
        raise OrganiserError(f"ingestion failed: {report.read_text(errors='replace').strip()}")


def read_sealed(phase: Phase, results: Path, key: bytes | None) -> dict[str, list[Prediction]]:
    """Return the predictions that bear the recorder's seals, by benchmark.

    Raises:
        PredictionError: A line is malformed, and there is no key.
    """
    found = {}
    for benchmark in phase.benchmarks:
        lines = sealed_lines(results, benchmark, key)
        content = b"".join(line + b"\n" for line in lines)
        found[benchmark] = parse_predictions(content, ResultFiles(results, benchmark).predictions)
    return found


def refuse_early_end(results: Path) -> None:
    """Give no score where ingestion ended before it had asked anything.

    Raises:
        OrganiserError: Its exit code says so.
    """
    code = ingestion_exit_code(results)
    if code not in (0, None):
        raise OrganiserError(
            f"ingestion ended with exit code {code} and asked for no architecture; its log on the "
            f"submission's page says why"
        )


def ingestion_exit_code(results: Path) -> int | None:
    """Return what the platform's ``metadata`` says of ingestion's end; None if it says nothing.

    The platform writes a flat YAML mapping; this one line of it needs no parser.
    """
    path = results / "metadata"
    found = _EXIT_CODE.search(path.read_text(errors="replace")) if path.is_file() else None
    return int(found[1]) if found and found[1] not in (None, "null") else None


def columns_shown(phase: Phase, scores: Scores) -> dict[str, float]:
    """Return the columns of ``scores.json``, to as many decimals as the phase's feedback shows."""
    decimals = feedback_of(phase).tau_decimals
    columns = scores.columns()
    taus = ("score", *phase.benchmarks)
    if not scores.answered:
        return dict.fromkeys(columns, UNRANKED)
    if decimals is None:
        return columns
    return {key: round(value, decimals) if key in taus else value for key, value in columns.items()}


if __name__ == "__main__":
    try:
        main()
    except ZcnasError as error:
        sys.exit(f"error: {error}")
