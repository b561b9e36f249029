"""Checks a hidden phase's draw and the folder of tables and images."""

from __future__ import annotations

from pathlib import Path

from zcnas.datasets.inventory import Item, inventory
from zcnas.organiser.doctor import Finding, Situation, error, ok, warning
from zcnas.words.resources import package_root


def secret_draw(situation: Situation) -> Finding:
    """Check that a hidden phase is drawn, outside the repository, and unreadable for others."""
    phase = situation.phase
    if phase.truth == "public":
        return ok(f"phase '{phase.name}' is public and ships with the repository")
    if situation.draws is None:
        return error(
            f"phase '{phase.name}' is hidden and ZCNAS_PHASES is not set",
            f"run `zcnas sample --phase {phase.name} --out DIR`, then set ZCNAS_PHASES=DIR",
        )
    folder = situation.draws / phase.name
    absent = [
        key for key in phase.benchmarks if not (folder / "reference_data" / f"{key}.json").is_file()
    ]
    if absent:
        return error(
            f"{folder} lacks {', '.join(absent)}",
            f"run `zcnas sample --phase {phase.name} --out {situation.draws}`",
        )
    if folder.resolve().is_relative_to(package_root()):
        return error(f"{folder} lies in the repository", "move it elsewhere, then ZCNAS_PHASES=")
    if readers := _readable_by_others(folder):
        return warning(f"other users can read {readers[0]}", f"run `chmod -R go-rwx {folder}`")
    return ok(f"phase '{phase.name}' is drawn in {folder}")


def data(situation: Situation) -> Finding:
    """Check that the folder of tables and images, if set, exists and has what the phase uses."""
    phase, folder = situation.phase, situation.data
    if folder is not None and not folder.is_dir():
        return error(f"ZCNAS_DATA is {folder}, which is not a folder", "correct or unset it")
    items = inventory(phase, folder)
    missing = "; ".join(f"{each.what}: {_first_of(each)}" for each in items if each.missing)
    if folder is None:
        return ok(
            "ZCNAS_DATA is not set, so the minibatches are the synthetic fallback. Phase "
            f"'{phase.name}' can use {missing}"
        )
    if missing:
        return warning(
            f"{folder} lacks {missing}",
            f"`zcnas data --phase {phase.name} --check` says what to do. Without images the "
            "minibatches are the synthetic fallback, as the leaderboard will state; tables are "
            "needed only to draw the phase",
        )
    return ok(f"{folder} contains everything phase '{phase.name}' uses")


def _first_of(item: Item) -> str:
    """Return the names of the missing files, shortened in the middle."""
    names = item.missing
    return ", ".join(names) if len(names) <= 2 else f"{names[0]} … {names[-1]} ({len(names)} files)"


def _readable_by_others(folder: Path) -> list[Path]:
    """Return the hidden files that file and folder permissions let other users read."""
    if not folder.stat().st_mode & 0o005:
        return []
    return [path for path in folder.rglob("*.json") if path.stat().st_mode & 0o004]
