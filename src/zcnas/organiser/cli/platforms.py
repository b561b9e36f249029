"""``zcnas bundle`` and ``bundle-check``: what an organiser does before an upload."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zcnas.errors import BundleError, PhaseError
from zcnas.organiser.cli.options import (
    JsonOption,
    console,
    data_dir,
    folder_option,
    halves_of,
    path_argument,
    path_option,
    phases_file,
    print_record,
    samples,
    say_next,
)
from zcnas.phases import Phase, load_phases
from zcnas.words.resources import SETTINGS_FILE, competition_file, package_file

if TYPE_CHECKING:
    from zcnas.organiser.platforms.bundle.phases import Baselines
    from zcnas.organiser.platforms.check import BundleReport
    from zcnas.organiser.platforms.settings import Settings


def bundle(
    phase: Annotated[
        str, typer.Option(help="Phases, e.g. practice,final; by default those that are drawn.")
    ] = "",
    settings: Annotated[
        Path | None, path_option("Another competition.yaml than the competition folder's.")
    ] = None,
    baselines: Annotated[
        list[Path] | None,
        path_option("A leaderboard.json whose taus stand beside a submission's; repeatable."),
    ] = None,
    out: Annotated[Path, folder_option("Folder for the bundles.")] = Path("build/bundle"),
    as_json: JsonOption = False,
) -> None:
    """Write codabench.zip and codalab.zip, ready to upload."""
    from zcnas.organiser.costs import COSTS_FILE, estimate, read_costs
    from zcnas.organiser.platforms.bundle import Competition, build_bundles
    from zcnas.organiser.platforms.bundle.phases import bundle_phase
    from zcnas.organiser.platforms.bundle.time_limits import grant_time, shortfall
    from zcnas.organiser.platforms.settings import read_settings, schedule

    path = settings or competition_file(SETTINGS_FILE)
    read = read_settings(path)
    known = load_phases(listed := phases_file())
    names = [name.strip() for name in phase.split(",") if name.strip()] or _drawn_phases(
        known, read.phases
    )
    if unknown := [name for name in names if name not in known]:
        raise PhaseError(f"unknown phase '{unknown[0]}'; phases in {listed}: {', '.join(known)}")
    planned = {name: grant_time(read, known[name], dates) for name, dates in schedule(read, names)}
    beside = _read_baselines(baselines or [], names)
    phases = []
    for name, chosen in planned.items():
        _note(f"{name}: reading both halves and its images")
        halves = halves_of(known[name])
        key = _seal_key(known[name], halves[0], out)
        found = bundle_phase(known[name], chosen, *halves, data_dir(), key, beside.get(name))
        phases.append(found)
    _note("writing pages, programs and data")
    templates = path.parent / read.templates if read.templates else None
    written = build_bundles(Competition(read, tuple(phases), _solutions(read), templates), out)
    for path in written:
        _note(f"{path}: {', '.join(planned)} ({path.stat().st_size >> 10} KiB)")
    record = read_costs(package_file(COSTS_FILE))
    for name, chosen in planned.items():
        if text := shortfall(known[name], chosen, estimate(known[name], record).forward_s):
            _warn(text)
    _remind_of_samples(read)
    say_next(f"zcnas bundle-check {' '.join(map(str, written))}")
    if as_json:
        print_record({"bundles": written, "phases": list(planned)})


def _note(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _warn(text: str) -> None:
    console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _solutions(read: Settings) -> tuple[Path, ...]:
    """Return the folders of the sample submissions that the settings name.

    Raises:
        BundleError: One of them does not exist.
    """
    known = {folder.name: folder for folder in sorted(samples().iterdir()) if folder.is_dir()}
    names = list(known) if read.solutions == "all" else read.solutions
    if unknown := [name for name in names if name not in known]:
        raise BundleError(
            f"competition.yaml names the solution '{unknown[0]}'; samples in {samples()}: "
            f"{', '.join(known)}; or write solutions: all"
        )
    return tuple(known[name] for name in names)


def _seal_key(phase: Phase, inputs: Path, out: Path) -> str:
    """Return what seals a phase's runs: kept beside its draw seed, or in OUT if it has none."""
    from zcnas.organiser.secret_files import SEAL_KEY, kept_secret

    hidden = phase.truth == "hidden"
    return kept_secret(inputs.parent / SEAL_KEY if hidden else out / f"{phase.name}.{SEAL_KEY}")


def _read_baselines(paths: list[Path], names: list[str]) -> dict[str, Baselines]:
    """Return the taus of leaderboards by phase, to the four decimals a page shows."""
    from zcnas.judging.leaderboard import Leaderboard
    from zcnas.words.records import read_json

    found: dict[str, Baselines] = {}
    for path in paths:
        board = read_json(path, Leaderboard, BundleError)
        if board.phase not in names:
            raise BundleError(
                f"{path} is of phase {board.phase}, which is not in the bundle: {', '.join(names)}"
            )
        found[board.phase] = {
            entry.submission: {key: round(tau, 4) for key, tau in entry.kendall_tau.items()}
            for entry in board.entries
            if entry.status == "scored"
        }
    return found


def _remind_of_samples(settings: Settings) -> None:
    """Say what of the sample settings has not been replaced."""
    from zcnas.isolation.image import IMAGE
    from zcnas.organiser.platforms.settings import SAMPLE_CONTACT

    left = [
        name
        for name, value, sample in (
            ("docker_image", settings.docker_image, IMAGE),
            ("contact_email", settings.contact_email, SAMPLE_CONTACT),
        )
        if value == sample
    ]
    if left:
        _warn(
            f"before you upload: competition.yaml has the sample's {' and '.join(left)}; see "
            "docs/organisers.md"
        )
    if settings.collaborators:
        _warn(
            f"after the upload: Codabench takes no collaborators from a bundle; add "
            f"{', '.join(settings.collaborators)} in the competition's editor"
        )


def _drawn_phases(known: Mapping[str, Phase], dated: Collection[str]) -> list[str]:
    """Return the phases that have dates and a draw; say which lack one of them.

    Args:
        known: The phases of ``phases.toml``, by name.
        dated: The phases that ``competition.yaml`` schedules.
    """
    drawn = [name for name, phase in known.items() if _is_drawn(phase)]
    if missing := [name for name in dated if name in known and name not in drawn]:
        _warn(
            f"without {', '.join(missing)}: draw with `zcnas sample --phase NAME --out DIR` and "
            "set ZCNAS_PHASES=DIR"
        )
    if unknown := [name for name in dated if name not in known]:
        _warn(f"without {', '.join(unknown)}: {phases_file()} has no such phase")
    if undated := [name for name in drawn if name not in dated]:
        _warn(f"without {', '.join(undated)}: competition.yaml has no dates for it")
    if names := [name for name in drawn if name in dated]:
        return names
    raise BundleError(
        "no phase of competition.yaml is drawn, so there is nothing to bundle; draw one with "
        "`zcnas sample`"
    )


def _is_drawn(phase: Phase) -> bool:
    try:
        return all(half.is_dir() for half in halves_of(phase))
    except PhaseError:
        return False


def bundle_check(
    bundles: Annotated[
        list[Path] | None,
        path_argument("Zips or folders; those in build/bundle by default."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check bundles, ours or another's, by every rule; list every problem with file and line."""
    from zcnas.organiser.platforms.check import check_bundle

    paths = bundles or sorted(Path("build/bundle").glob("*.zip"))
    if not paths:
        raise BundleError("there is no bundle in build/bundle; name one, or run `zcnas bundle`")
    reports = [check_bundle(path) for path in paths]
    if as_json:
        print_record(reports)
    else:
        for report in reports:
            _print_report(report)
    if not all(report.ok for report in reports):
        raise typer.Exit(1)


def _print_report(report: BundleReport) -> None:
    for problem in report.problems:
        console.print(
            f"{problem.file}:{problem.line}: {problem.severity}: {problem.message} "
            f"[{problem.rule}]",
            style="red" if problem.severity == "error" else "yellow",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    errors = sum(problem.severity == "error" for problem in report.problems)
    verdict = "ready to upload" if report.ok else f"{errors} errors"
    version = f"version {report.version}" if report.version else "no version"
    console.print(
        f"{report.bundle}: {version}, {verdict}", style="bold", markup=False, soft_wrap=True
    )
