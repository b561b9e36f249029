"""``zcnas doctor``, ``feedback`` and ``audit``: before a run, what leaves it, and a look back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from zcnas.errors import PredictionError
from zcnas.organiser.cli.options import (
    CpusOption,
    IsolationOption,
    JsonOption,
    PhaseOption,
    console,
    data_dir,
    find_phase,
    folder_argument,
    folder_option,
    halves_of,
    path_argument,
    print_record,
    samples,
    say,
)

if TYPE_CHECKING:
    from zcnas.isolation.admission import Verdict
    from zcnas.organiser.doctor import Finding

ResultsArgument = Annotated[Path, folder_argument("Folder of an earlier run.")]


def doctor(
    phase: PhaseOption = "practice",
    isolation: IsolationOption = "auto",
    cpus: CpusOption = "",
    out: Annotated[Path, folder_option("Folder for the results.")] = Path("build/score"),
    attack_table: Annotated[
        str,
        typer.Option(
            metavar="BACKEND",
            help="Instead try every known attack in docker, bubblewrap or process here (some "
            "minutes); a record that all were held admits it to hidden phases.",
        ),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Check this machine before a run and suggest fixes; exit with 3 if one is required."""
    if attack_table:
        _try_attacks(attack_table, cpus, as_json=as_json)
        return
    from zcnas.organiser.doctor import Situation
    from zcnas.organiser.doctor.checks import CHECKS

    named, drawn = os.environ.get("ZCNAS_DATA"), os.environ.get("ZCNAS_PHASES")
    situation = Situation(
        phase=find_phase(phase),
        isolation=isolation,
        cpus=cpus,
        out=out,
        data=Path(named) if named else None,
        draws=Path(drawn) if drawn else None,
    )
    findings: dict[str, Finding] = {}
    for name, check in CHECKS.items():
        findings[name] = finding = check(situation)
        print_finding(name, finding)
    if as_json:
        print_record(findings)
    if any(finding.verdict == "error" for finding in findings.values()):
        raise typer.Exit(3)


def _try_attacks(backend: str, cpus: str, *, as_json: bool) -> None:
    """Run the attack table in a back end, print and record what came of it.

    Raises:
        ZcnasError: The back end is unknown or does not answer.
        Exit: It did not hold every attack.
    """
    from zcnas.isolation.admission import write_record
    from zcnas.isolation.choice import open_isolation
    from zcnas.isolation.machine import parse_cpus
    from zcnas.organiser.attack_table.report import attack
    from zcnas.organiser.attack_table.rows import ATTACKS
    from zcnas.organiser.attack_table.stage import HONEST, SPECS
    from zcnas.organiser.cli.progress import watch_run
    from zcnas.organiser.cli.terminal import require_torch

    chosen = open_isolation(backend, say)
    require_torch(chosen)
    console.print(
        f"{len(ATTACKS)} attacks in {chosen.description}: some minutes",
        markup=False,
        soft_wrap=True,
    )
    with watch_run(console, [*HONEST, *ATTACKS], len(SPECS)) as watch:
        record = attack(chosen, parse_cpus(cpus), watch.advance)
    path = write_record(record)
    for verdict in record.verdicts:
        print_finding(verdict.name, finding_of(verdict))
    held = sum(verdict.held for verdict in record.verdicts)
    text = (
        f"{backend} held {held} of {len(record.verdicts)} rows: it "
        f"{'may' if record.holds else 'must not'} run hidden phases here; record: {path}"
    )
    console.print(text, markup=False, soft_wrap=True)
    if as_json:
        print_record(record)
    if not record.holds:
        raise typer.Exit(1)


def finding_of(verdict: Verdict) -> Finding:
    """Return a row of the attack table as a finding of the doctor."""
    from zcnas.organiser.doctor import error, ok

    if verdict.problem:
        return error(f"not held: {verdict.problem}", "use another --isolation for hidden phases")
    if verdict.not_prevented:
        return error(f"not prevented: {verdict.not_prevented}", "run trusted code only")
    return ok(verdict.outcome)


def print_finding(name: str, finding: Finding) -> None:
    """Print what a check has found, and how to fix it."""
    style = {"ok": "green", "warning": "yellow", "error": "red"}[finding.verdict]
    line = f"{finding.verdict:<8}{name}: {finding.text}"
    console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
    if finding.fix:
        console.print(f"        fix: {finding.fix}", markup=False, soft_wrap=True)


def feedback(
    out: ResultsArgument = Path("build/score"),
    to: Annotated[Path, folder_option("An empty folder.")] = Path("build/feedback"),
    level: Annotated[
        Literal["full", "score_only", "none"] | None,
        typer.Option(help="Instead of the phase's own level."),
    ] = None,
    after_deadline: Annotated[
        bool, typer.Option("--after-deadline", help="Show everything of each participant's own.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write what each participant may see of a run, a folder per submission."""
    from zcnas.judging.leaderboard import Leaderboard
    from zcnas.organiser.results.folder import ResultsFolder
    from zcnas.organiser.results.handouts import hand_out
    from zcnas.words.feedback import shown
    from zcnas.words.records import read_json

    results = ResultsFolder(out)
    board = read_json(out / "leaderboard.json", Leaderboard, PredictionError)
    phase = find_phase(board.phase)
    folders = hand_out(results, shown(phase, level=level, after_deadline=after_deadline), to)
    chosen = "full" if after_deadline else level or phase.feedback
    console.print(
        f"{to}: {len(folders)} folders, feedback level '{chosen}' of phase '{board.phase}'",
        markup=False,
        soft_wrap=True,
    )
    if as_json:
        print_record({"folder": to, "level": chosen, "folders": folders})


def audit(
    submissions: Annotated[
        list[Path] | None,
        path_argument("Folders with the run's submissions; the samples by default."),
    ] = None,
    out: Annotated[Path, folder_option("Folder of the run.")] = Path("build/score"),
    isolation: IsolationOption = "auto",
    cpus: CpusOption = "",
    architectures: Annotated[int, typer.Option(min=2, help="How many to ask again.")] = 8,
    as_json: JsonOption = False,
) -> None:
    """Report signs that a submission remembers a benchmark; advice, never a score."""
    from zcnas.isolation.choice import choose_isolation
    from zcnas.isolation.machine import parse_cpus
    from zcnas.judging.leaderboard import Leaderboard
    from zcnas.organiser.audit.replay import Audit
    from zcnas.organiser.competition import load_halves
    from zcnas.organiser.results.folder import ResultsFolder
    from zcnas.submissions import find_submissions
    from zcnas.words.records import read_json

    results = ResultsFolder(out)
    results.bound()
    board = read_json(out / "leaderboard.json", Leaderboard, PredictionError)
    phase = find_phase(board.phase).only(list(board.benchmarks))

    folders = submissions or [samples()]
    paths = [path for folder in folders for path in find_submissions(folder, say)]
    look = Audit(
        phase=phase,
        halves=load_halves(phase, *halves_of(phase), data_dir()),
        isolation=choose_isolation(isolation, phase, say),
        results=results,
        board=board,
        cpu=parse_cpus(cpus)[0],
        architectures=architectures,
        samples=samples(),
        say=say,
    )
    found = look.run(paths)
    lines = []
    for name, signs in found.items():
        lines.append(f"{name}: {'no sign' if not signs else ''}")
        lines += [f"  {sign.kind}: {sign.text}" for sign in signs]
    lines.append(f"{out / 'audit.json'}: signs to look at, no verdict; scores are as before")
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    if as_json:
        print_record(found)
