"""The scoring program as CodaLab and Codabench start it.

    ingestion's output (input/res) + reference data (input/ref) ──▶ on_platform ──▶ scores.json,
    scores.txt, detailed_results.html

Nothing in ingestion's output is believed but the lines that bear the recorder's seals; an
architecture without one counts as failed. There is either a right score or none: where the
platform's machine was at fault the program ends with exit code 1, which the platform shows as
"Failed", and writes no scores. What a participant may see is decided by the phase's ``feedback``.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

from zcnas.errors import OrganiserError, ZcnasError
from zcnas.hosted.phase import ORGANISER_ERROR_FILE, feedback_of, read_hosted_phase
from zcnas.hosted.seals import read_key, sealed_lines
from zcnas.judging.score import Scores, score_submission
from zcnas.pages.detailed_results import detailed_results
from zcnas.phases import Phase
from zcnas.records import read_reference, write_json
from zcnas.result_files import ResultFiles

_EXIT_CODE = re.compile(r"^ingestionExitCode: *(-?\d+|null)? *$", re.MULTILINE)


def main() -> None:
    """Score what ingestion left; write the scores in both forms, and detailed_results.html."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--predictions", type=Path, required=True, help="ingestion's output")
    parser.add_argument("--reference", type=Path, required=True, help="folder with the accuracies")
    parser.add_argument("--output", type=Path, required=True, help="folder for the scores")
    arguments = parser.parse_args()
    hosted = read_hosted_phase(arguments.reference)
    phase = hosted.phase
    references = {
        key: read_reference(arguments.reference / f"{key}.json") for key in phase.benchmarks
    }
    with tempfile.TemporaryDirectory(prefix="zcnas-") as temporary:
        accepted = Path(temporary)
        accept_sealed(phase, arguments.predictions, read_key(arguments.reference), accepted)
        scores = score_submission(phase, accepted, references)
        arguments.output.mkdir(parents=True, exist_ok=True)
        page = detailed_results(phase, accepted, references, arguments.reference)
    (arguments.output / "detailed_results.html").write_text(page, encoding="utf-8")
    columns = columns_shown(phase, scores)
    (arguments.output / "scores.txt").write_text(
        "".join(f"{key}: {value!r}\n" for key, value in columns.items())
    )
    write_json(arguments.output / "scores.json", columns)
    print(f"{phase.title}: {scores.failures.total()} architectures failed")


def accept_sealed(phase: Phase, results: Path, key: bytes | None, accepted: Path) -> None:
    """Copy into ``accepted`` what the recorder wrote: sealed lines, and the manifests and logs.

    Raises:
        OrganiserError: Ingestion failed on this machine before it had asked anything.
    """
    report = results / ORGANISER_ERROR_FILE
    if report.is_file():
        raise OrganiserError(f"ingestion failed: {report.read_text(errors='replace').strip()}")
    asked = False
    for benchmark in phase.benchmarks:
        lines = sealed_lines(results, benchmark, key)
        asked = asked or bool(lines)
        left, taken = ResultFiles(results, benchmark), ResultFiles(accepted, benchmark)
        taken.predictions.write_bytes(b"".join(line + b"\n" for line in lines))
        for path in (left.manifest, left.log):
            if path.is_file() and not path.is_symlink():
                shutil.copyfile(path, accepted / path.name)
    code = ingestion_exit_code(results)
    if not asked and code not in (0, None):
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
    if decimals is None:
        return columns
    taus = {"score", *phase.benchmarks}
    return {key: round(value, decimals) if key in taus else value for key, value in columns.items()}


if __name__ == "__main__":
    try:
        main()
    except ZcnasError as error:
        sys.exit(f"error: {error}")
