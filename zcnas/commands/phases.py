"""``zcnas sample``: what an organiser does before a phase opens."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from zcnas.commands.options import PHASES, PhaseOption, console, data_dir, halves_of
from zcnas.errors import PhaseError
from zcnas.phases import load_phase


def sample(
    phase: PhaseOption = "practice",
    tables: Annotated[Path | None, typer.Option(help="Folder with accuracy tables.")] = None,
    seed_file: Annotated[
        Path | None, typer.Option(help="Secret seed of a hidden phase; made if missing.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of all phases' draws; this one goes to OUT/PHASE.")
    ] = None,
    architectures: Annotated[
        int | None, typer.Option(min=2, help="N, if another than the phase's.")
    ] = None,
) -> None:
    """Draw the architectures of a phase and write both halves: input_data and reference_data."""
    from zcnas.sampling import sample_phase

    chosen = load_phase(PHASES, phase)
    if architectures is not None:
        chosen = msgspec.structs.replace(chosen, architectures=architectures)
    if chosen.truth == "public" and out is None:
        inputs, references = halves_of(chosen)
    elif out is not None:
        inputs, references = out / phase / "input_data", out / phase / "reference_data"
    else:
        raise PhaseError(
            f"phase '{phase}' is hidden: name a folder outside the repository with --out DIR"
        )
    seed = chosen.draw_seed or _secret_seed(seed_file or inputs.parent / "draw_seed")
    others = [inputs.parents[1] / other / "input_data" for other in chosen.disjoint_from]
    sample_phase(chosen, seed, tables or data_dir(), inputs, references, others)
    console.print(f"{phase}: wrote {inputs} and {references}", markup=False, soft_wrap=True)


def _secret_seed(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32) + "\n")
    return path.read_text().strip()
