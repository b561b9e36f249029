"""A bundle as the platform's worker sees it: one phase's files and the leaderboard's columns.

Version 2 is Codabench's, version 1.5 CodaLab's; Codabench reads both. Whether a bundle obeys the
rules is checked by ``zcnas bundle-check``: here a missing part is an error, as it would be there.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from zcnas.errors import BundleError

DEFAULT_TIME_LIMIT_S = 600
"""The limit of a phase that sets none."""
PARTS = ("ingestion_program", "input_data", "scoring_program", "reference_data")


@dataclass(frozen=True)
class Task:
    """What the worker needs to know about one phase.

    Attributes:
        phase: The phase's name as the platform shows it.
        image: The Docker image both programs run in.
        time_limit_s: Seconds one step may take.
        parts: Programs and data by name; each a zip's content or a folder.
        columns: Keys of the leaderboard's columns, in order.
        own_queue: Whether the competition has a queue of its own.
    """

    phase: str
    image: str
    time_limit_s: int
    parts: Mapping[str, bytes | Path]
    columns: tuple[str, ...]
    own_queue: bool = False

    def granted_s(self, shared_limit_s: int | None) -> int:
        """Return the seconds a worker is told, given the most that a shared queue allows."""
        if shared_limit_s is None or self.own_queue:
            return self.time_limit_s
        return min(shared_limit_s, self.time_limit_s)


def read_task(bundle: Path, platform: str, phase: str | None) -> Task:
    """Return one phase of a bundle.

    Args:
        bundle: A zip or a folder with ``competition.yaml``.
        platform: ``codabench`` or ``codalab``.
        phase: A phase's name; None for the first.

    Raises:
        BundleError: The bundle cannot be read, is not for this platform, or lacks a part.
    """
    content = _yaml_of(bundle)
    if content.get("version") == 2 and platform == "codalab":
        raise BundleError(f"{bundle} has version 2, which CodaLab cannot read; use codalab.zip")
    try:
        read = _read_v2 if content.get("version") == 2 else _read_v15
        return read(bundle, content, phase)
    except (KeyError, TypeError, AttributeError, IndexError, StopIteration) as error:
        raise BundleError(
            f"{bundle}: competition.yaml is incomplete ({type(error).__name__}: {error}); "
            "`zcnas bundle-check` shows what is missing"
        ) from None


def unpack(part: bytes | Path, target: Path) -> None:
    """Unpack a zip, or copy a folder, into ``target`` unchanged: no top-level folder is stripped.

    Raises:
        BundleError: It is not a zip.
    """
    target.mkdir(parents=True, exist_ok=True)
    if isinstance(part, Path) and part.is_dir():
        shutil.copytree(part, target, dirs_exist_ok=True)
        return
    try:
        with zipfile.ZipFile(part if isinstance(part, Path) else io.BytesIO(part)) as archive:
            archive.extractall(target)
    except (zipfile.BadZipFile, OSError) as error:
        raise BundleError(
            f"a part of the bundle cannot be unzipped: {error}; build it again"
        ) from None


def _read_v2(bundle: Path, content: dict[str, Any], phase: str | None) -> Task:
    phases = sorted(content["phases"], key=lambda entry: entry.get("index", 0))
    chosen = _choose(bundle, {entry["name"]: entry for entry in phases}, phase)
    task = next(entry for entry in content["tasks"] if entry["index"] == chosen["tasks"][0])
    columns = sorted(content["leaderboards"][0]["columns"], key=lambda column: column["index"])
    return Task(
        phase=chosen["name"],
        image=content.get("docker_image", ""),
        time_limit_s=chosen.get("execution_time_limit", DEFAULT_TIME_LIMIT_S),
        parts={name: _part(bundle, task[name]) for name in PARTS if name in task},
        columns=tuple(column["key"] for column in columns),
        own_queue=bool(content.get("queue")),
    )


def _read_v15(bundle: Path, content: dict[str, Any], phase: str | None) -> Task:
    phases = sorted(content["phases"].values(), key=lambda entry: entry["phasenumber"])
    chosen = _choose(bundle, {entry["label"]: entry for entry in phases}, phase)
    columns = content["leaderboard"]["columns"]
    return Task(
        phase=chosen["label"],
        image=content.get("competition_docker_image", ""),
        time_limit_s=chosen.get("execution_time_limit", DEFAULT_TIME_LIMIT_S),
        parts={name: _part(bundle, chosen[name]) for name in PARTS if name in chosen},
        columns=tuple(sorted(columns, key=lambda key: columns[key].get("rank", 1))),
    )


def _choose(bundle: Path, phases: dict[str, Any], name: str | None) -> Any:
    if name is None:
        return next(iter(phases.values()))
    by_lower = {known.lower(): entry for known, entry in phases.items()}
    if name.lower() not in by_lower:
        raise BundleError(f"{bundle} has no phase '{name}'; its phases: {', '.join(phases)}")
    return by_lower[name.lower()]


def _yaml_of(bundle: Path) -> dict[str, Any]:
    part = _part(bundle, "competition.yaml")
    try:
        text = part if isinstance(part, bytes) else part.read_bytes()
        content = yaml.safe_load(text)
    except (yaml.YAMLError, OSError) as error:
        raise BundleError(f"{bundle}: competition.yaml cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise BundleError(f"{bundle}: competition.yaml is not a mapping; write keys and values")
    return content


def _part(bundle: Path, name: str) -> bytes | Path:
    if bundle.is_dir():
        if not (bundle / name).exists():
            raise BundleError(f"{bundle} has no {name}; add it")
        return bundle / name
    try:
        with zipfile.ZipFile(bundle) as archive:
            return archive.read(name)
    except KeyError:
        raise BundleError(f"{bundle} has no {name} at its root; add it") from None
    except (OSError, zipfile.BadZipFile) as error:
        raise BundleError(f"{bundle} cannot be read as a bundle: {error}") from None
