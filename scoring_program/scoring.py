"""The scoring program as CodaLab and Codabench start it.

    ingestion's record (input/res) + reference data (input/ref) ──▶ scoring ──▶ scores.json,
    scores.txt, detailed_results.html

Nothing in ingestion's output is believed but a record that is sealed from its first line to its
last, and of this bundle's phase, limits and input data. There is either a right score or none:
where a check fails, or the platform's machine was at fault, the program says which and ends with
exit code 1, which the platform shows as "Failed", and writes no scores.

What a participant may see is decided by the phase's ``feedback``, and whatever is written here can
be seen. With ``none`` every submission that ran has the same scores: the ranking is made on the
organiser's machine, so no accuracy of such a phase is here.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from zcnas.errors import OrganiserError, ReferenceDataError, ZcnasError
from zcnas.hosted.phase import INPUT_DIGESTS_FILE, read_hosted_phase
from zcnas.hosted.regular_files import read_regular
from zcnas.hosted.run_record import RunRecord, check_start, read_run_record
from zcnas.hosted.seals import read_key
from zcnas.judging.score import Scores, score_submission
from zcnas.pages.detailed_results import detailed_results
from zcnas.phases import Phase
from zcnas.words.feedback import shown
from zcnas.words.records import Reference, read_json, read_reference, write_json

UNRANKED = -1.0
"""In every column if no query of a submission was answered: a platform's table has no dash."""
RECEIVED = 0.0
"""In every column of a phase that shows no scores, for every submission that ran."""
OWN_COMMAND = (
    "its file metadata names a command, and the platform ran it beside our program; empty the file"
)
_ENTRY = re.compile(r"^(\w+): *(.*?) *$", re.MULTILINE)


def main() -> None:
    """Score what ingestion left; write the scores in both forms, and detailed_results.html."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--predictions", type=Path, required=True, help="ingestion's output")
    parser.add_argument("--reference", type=Path, required=True, help="folder with the accuracies")
    parser.add_argument("--output", type=Path, required=True, help="folder for the scores")
    arguments = parser.parse_args()
    phase = read_hosted_phase(arguments.reference).phase
    references = read_references(phase, arguments.reference)
    report = platform_report(arguments.predictions)
    if ran_own_command(report):
        record, refusal = None, OWN_COMMAND
    else:
        record = believed_record(phase, arguments.predictions, arguments.reference, report)
        refusal = record.refusal
    columns, summary = judge(phase, record, refusal, references)
    page = detailed_results(phase, record, refusal, references, arguments.reference)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "detailed_results.html").write_text(page, encoding="utf-8")
    (arguments.output / "scores.txt").write_text(
        "".join(f"{key}: {value!r}\n" for key, value in columns.items())
    )
    write_json(arguments.output / "scores.json", columns)
    print(f"{phase.title}: {summary}")


def read_references(phase: Phase, folder: Path) -> dict[str, Reference]:
    """Return the hidden half of every benchmark; none where the phase shows no scores.

    Raises:
        ReferenceDataError: One is missing or malformed.
    """
    if not shown(phase).scores:
        return {}
    return {key: read_reference(folder / f"{key}.json") for key in phase.benchmarks}


def platform_report(results: Path) -> dict[str, str]:
    """Return what the platform's ``metadata`` says of how the programs ended, as it is written.

    The platform writes a flat YAML mapping, which needs no parser.
    """
    content = read_regular(results / "metadata") or b""
    return dict(_ENTRY.findall(content.decode(errors="replace")))


def ran_own_command(report: Mapping[str, str]) -> bool:
    """Return whether the platform ran a command of the submission's in a container of its own.

    Codabench then notes that container's exit code, otherwise ``null``. CodaLab notes 0 in either
    case, and no time of ingestion. A report with a command is the submission's own ``metadata``.
    """
    codabench = "ingestionElapsedTime" in report
    return "command" in report or (codabench and report.get("exitCode", "null") not in ("null", ""))


def believed_record(
    phase: Phase, results: Path, reference: Path, report: Mapping[str, str]
) -> RunRecord:
    """Return ingestion's record, sealed from start to end and of this very bundle.

    Raises:
        OrganiserError: Says which check failed, and what the platform says of ingestion's end.
        ReferenceDataError: The digests of the input data are missing or malformed.
    """
    digests = read_json(reference / INPUT_DIGESTS_FILE, dict[str, str], ReferenceDataError)
    try:
        record = read_run_record(results, read_key(reference))
        check_start(record.start, phase, digests)
    except OrganiserError as error:
        code = report.get("ingestionExitCode", "null")
        ended = "" if code in ("0", "null", "") else f" (ingestion's exit code: {code})"
        raise OrganiserError(f"{error}{ended}") from None
    return record


def judge(
    phase: Phase, record: RunRecord | None, refusal: str, references: Mapping[str, Reference]
) -> tuple[dict[str, float], str]:
    """Return the columns of ``scores.json``, and in a few words what became of the submission."""
    columns = dict.fromkeys(("score", *phase.benchmarks, "failed", "duration"), UNRANKED)
    if refusal or record is None:
        return columns, f"refused: {refusal}"
    if not shown(phase).scores:
        return dict.fromkeys(columns, RECEIVED), "received and run"
    scores = score_submission(record.outcomes(), references, phase.failure_tau)
    return columns_shown(phase, scores), f"{scores.failures.total()} architectures failed"


def columns_shown(phase: Phase, scores: Scores) -> dict[str, float]:
    """Return the columns of ``scores.json``, to as many decimals as the phase's feedback shows."""
    decimals = shown(phase).tau_decimals
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
