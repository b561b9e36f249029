"""``zcnas phases`` and ``zcnas sample``: what an organiser does before a phase opens."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from zcnas.errors import PhaseError
from zcnas.organiser.cli.options import (
    JsonOption,
    PhaseOption,
    console,
    data_dir,
    find_phase,
    folder_option,
    path_option,
    phases_file,
    print_record,
)
from zcnas.phases import load_phases
from zcnas.words.resources import package_file, public_halves, writable_halves

if TYPE_CHECKING:
    from rich.table import Table


def list_phases(
    costs: Annotated[
        Path | None, path_option("Another record of costs, by timings/bench_costs.py.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the phases with their limits and what one submission costs, in CPU hours."""
    from zcnas.organiser.costs import COSTS_FILE, estimate, read_costs

    record = read_costs(costs or package_file(COSTS_FILE))
    prices = _table("N", "forward", "+ backward", "13 proxies", first="CPU hours of a submission")
    bounds = _table("query", "benchmark", "memory", first="13 proxies need / limit")
    unmeasured: set[str] = set()
    tight: list[str] = []
    listed: dict[str, object] = {}
    for phase in load_phases(phases_file()).values():
        cost, limits = estimate(phase, record), phase.limits
        listed[phase.name] = {"phase": phase, "cost": cost}
        unmeasured.update(cost.unmeasured)
        measured = len(phase.benchmarks) - len(cost.unmeasured)
        name = f"{phase.name} ({measured} of {len(phase.benchmarks)} benchmarks)"
        hours = (cost.forward_s / 3600, cost.both_s / 3600, cost.together_s / 3600)
        prices.add_row(name, str(phase.architectures), *(f"{number:.2f}" for number in hours))
        needs = {
            "query_cpu_s": (cost.large_query_s, limits.query_cpu_s, "s"),
            "benchmark_cpu_s": (cost.dearest_benchmark_s, limits.benchmark_cpu_s, "s"),
            "memory_mb": (cost.peak_mib, limits.memory_mb, "MiB"),
        }
        bounds.add_row(name, *(_need(*each) for each in needs.values()))
        tight += [
            f"{phase.name}.limits.{key} is {limit}, and the thirteen proxies need {need:.0f}"
            for key, (need, limit, _) in needs.items()
            if need > limit
        ]
    console.print(prices, bounds)
    for phase in load_phases(phases_file()).values():
        if phase.labels:
            _note(f"{phase.name}: {phase.labels} labels per benchmark for the track few-labels")
    if tight:
        _warn(f"! below the measured cost: {'; '.join(tight)}; raise them in phases.toml")
    if unmeasured:
        console.print(
            f"not measured yet, and not counted above: {', '.join(sorted(unmeasured))}; `make "
            "bench-costs` measures them",
            style="yellow", markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
    console.print(
        f"measured on {record.machine['cpu']}; another machine scales all times. A query needs "
        "what a large network does, a benchmark what N typical ones do. How the limits follow: "
        "docs/costs.md",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    if as_json:
        print_record(listed)


def _need(need: float, limit: int, unit: str) -> str:
    """Return a cost beside its limit, marked if it exceeds it."""
    mark = "[bold red]![/] " if need > limit else ""
    return f"{mark}{need:.0f} / {limit} {unit}"


def _table(*columns: str, first: str) -> Table:
    """Return an empty table whose first column names phases."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(first, no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def sample(
    phase: PhaseOption = "practice",
    tables: Annotated[Path | None, folder_option("Folder with accuracy tables.")] = None,
    seed_file: Annotated[
        Path | None, path_option("Secret seed of a hidden phase; made if missing.")
    ] = None,
    out: Annotated[
        Path | None, folder_option("Folder of all phases' draws; this one goes to OUT/PHASE.")
    ] = None,
    architectures: Annotated[
        int | None, typer.Option(min=2, help="N, if another than the phase's.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Draw the architectures of a phase and write both halves: input_data and reference_data."""
    from zcnas.benchmarks import get_benchmark
    from zcnas.datasets.inventory import images_of
    from zcnas.organiser.draw import Drawn, sample_phase
    from zcnas.organiser.secret_files import DRAW_SEED, kept_secret

    chosen = find_phase(phase)
    if architectures is not None:
        chosen = msgspec.structs.replace(chosen, architectures=architectures)
    if chosen.truth == "public" and out is None:
        inputs, references = writable_halves(phase)
    elif out is not None:
        inputs, references = out / phase / "input_data", out / phase / "reference_data"
    else:
        raise PhaseError(
            f"phase '{phase}' is hidden: name a folder outside the repository with --out DIR"
        )
    seed = chosen.draw_seed or kept_secret(seed_file or inputs.parent / DRAW_SEED)
    drawn: list[Drawn] = []

    def say(part: Drawn) -> None:
        drawn.append(part)
        images = images_of(get_benchmark(part.benchmark), tables or data_dir())
        labels = f", {part.labels} labels that no draw has" if part.labels else ""
        _note(
            f"{part.benchmark}: {part.architectures} of {part.available} architectures from "
            f"{part.table}, {part.left_out} left out as drawn elsewhere{labels}; {images}"
        )

    folders = {name: _drawn_before(name, inputs.parents[1]) for name in chosen.disjoint_from}
    sample_phase(
        chosen,
        seed,
        tables or data_dir(),
        inputs,
        references,
        folders.values(),
        say,
        _known_inputs(inputs.parents[1]),
    )
    if shown := chosen.shown_architectures:
        decide = chosen.architectures - shown
        _note(f"scores are shown on {shown} of each benchmark until the deadline; {decide} decide")
    _say_disjoint(folders)
    _note(f"{phase}: wrote {inputs} and {references}")
    if as_json:
        print_record(
            {"phase": phase, "input_data": inputs, "reference_data": references, "drawn": drawn}
        )


def _drawn_before(name: str, draws: Path) -> Path:
    """Return the folder of a phase's input data: among the draws, or a public one's own place."""
    beside, (own, reference) = draws / name / "input_data", public_halves(name)
    public = load_phases(phases_file())[name].truth == "public" and reference.is_dir()
    return own if public and not beside.is_dir() else beside


def _known_inputs(draws: Path) -> set[Path]:
    """Return where every phase's visible half may be: beside this draw, and where they are kept."""
    kept = os.environ.get("ZCNAS_PHASES")
    places = (draws, Path(kept)) if kept else (draws,)
    phases = load_phases(phases_file()).values()
    public = {public_halves(phase.name)[0] for phase in phases if phase.truth == "public"}
    return public | {place / phase.name / "input_data" for place in places for phase in phases}


def _say_disjoint(folders: Mapping[str, Path]) -> None:
    """Say which phases the draw shares no architecture with, and which are not drawn yet."""
    if done := [name for name, folder in folders.items() if folder.is_dir()]:
        _note(f"disjoint from {', '.join(done)}")
    if absent := [name for name, folder in folders.items() if not folder.is_dir()]:
        _warn(
            f"not compared with {', '.join(absent)}, which must be disjoint from it and is not "
            "drawn yet; draw that first, then this one again"
        )


def _note(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _warn(text: str) -> None:
    console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)
