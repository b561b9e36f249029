"""``zcnas phases`` and ``zcnas sample``: what an organiser does before a phase opens."""

from __future__ import annotations

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
from zcnas.resources import package_file, writable_halves

if TYPE_CHECKING:
    from rich.table import Table


def list_phases(
    costs: Annotated[
        Path | None, path_option("Another record of costs, by timings/bench_costs.py.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the phases with their limits and what one submission costs, in CPU hours."""
    from zcnas.organiser.costs import estimate, read_costs

    record = read_costs(costs or package_file("docs/costs.json"))
    prices = _table("N", "forward", "+ backward", "13 proxies", first="CPU hours of a submission")
    bounds = _table("query", "benchmark", "memory", first="13 proxies need / limit")
    unmeasured: set[str] = set()
    listed: dict[str, object] = {}
    for phase in load_phases(phases_file()).values():
        cost, limits = estimate(phase, record), phase.limits
        listed[phase.name] = {"phase": phase, "cost": cost}
        unmeasured.update(cost.unmeasured)
        measured = len(phase.benchmarks) - len(cost.unmeasured)
        name = f"{phase.name} ({measured} of {len(phase.benchmarks)} benchmarks)"
        hours = (cost.forward_s / 3600, cost.both_s / 3600, cost.together_s / 3600)
        prices.add_row(name, str(phase.architectures), *(f"{number:.2f}" for number in hours))
        bounds.add_row(
            name,
            f"{cost.large_query_s:.0f} / {limits.query_cpu_s} s",
            f"{cost.dearest_benchmark_s:.0f} / {limits.benchmark_cpu_s} s",
            f"{cost.peak_mib:.0f} / {limits.memory_mb} MiB",
        )
    console.print(prices, bounds)
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
    from zcnas.organiser.draw import sample_phase
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
    others = [inputs.parents[1] / other / "input_data" for other in chosen.disjoint_from]
    sample_phase(chosen, seed, tables or data_dir(), inputs, references, others)
    console.print(f"{phase}: wrote {inputs} and {references}", markup=False, soft_wrap=True)
    if as_json:
        print_record({"phase": phase, "input_data": inputs, "reference_data": references})
