"""A bundle's phases in one form, whichever version describes them, with the parts unpacked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from zcnas.hosted.phase import HOSTED_PHASE_FILE, HostedPhase
from zcnas.organiser.platforms.check.located import Place
from zcnas.organiser.platforms.check.source import BundleFiles
from zcnas.organiser.platforms.check.values import is_on
from zcnas.words.records import BenchmarkInput

INPUT = "input_data/"
"""Where the input data lies in the ingestion program."""
OURS = "zcnas/__init__.py"
"""A file of each of our programs."""
PARTS = (
    *("ingestion_program", "scoring_program", "input_data", "reference_data"),
    *("public_data", "starting_kit"),
)


@dataclass(frozen=True)
class PhaseView:
    """One phase of a bundle.

    Attributes:
        place: Where it stands in ``competition.yaml``.
        name: As the platform shows it.
        settings: Its keys and values.
        parts: Names of its files in the bundle, by part.
        contents: Their files; a part that cannot be unpacked is left out.
        ingests_beside_scoring: Whether ingestion runs in scoring's step, beside the reference data.
    """

    place: Place
    name: str
    settings: Mapping[Any, Any]
    parts: Mapping[str, str]
    contents: Mapping[str, Mapping[str, bytes]] = field(repr=False)
    ingests_beside_scoring: bool = False

    @cached_property
    def hosted(self) -> HostedPhase | None:
        """What ``phase.json`` beside the reference says, or None if it is not readable."""
        content = self.reference.get(HOSTED_PHASE_FILE, b"")
        try:
            return msgspec.json.decode(content, type=HostedPhase)
        except msgspec.MsgspecError:
            return None

    @property
    def reference(self) -> Mapping[str, bytes]:
        """The reference data's files."""
        return self.contents.get("reference_data", {})

    @property
    def ingestion(self) -> Mapping[str, bytes]:
        """The ingestion program's files."""
        return self.contents.get("ingestion_program", {})

    @cached_property
    def inputs(self) -> dict[str, bytes]:
        """The input data's files, which travel in the ingestion program."""
        return {
            name.removeprefix(INPUT): content
            for name, content in self.ingestion.items()
            if name.startswith(INPUT)
        }

    def part(self, kind: str) -> str:
        """Return the name of a part's file, or its kind if the phase has none."""
        return self.parts.get(kind, kind)


def is_ours(phase: PhaseView) -> bool:
    """Return whether a phase runs our programs."""
    programs = (phase.ingestion, phase.contents.get("scoring_program", {}))
    return any(OURS in program for program in programs)


def asked_by(phase: PhaseView) -> dict[str, BenchmarkInput]:
    """Return the readable benchmarks of a phase's input data by key."""
    found = {}
    for name, content in phase.inputs.items():
        try:
            found[name.removesuffix(".json")] = msgspec.json.decode(content, type=BenchmarkInput)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
    return found


def read_phases(content: Mapping[Any, Any], files: BundleFiles) -> list[PhaseView]:
    """Return the phases of a ``competition.yaml`` of either version, as far as they are there."""
    described = _of_version_2(content) if "tasks" in content else _of_version_1(content)
    views = []
    for place, name, settings, task in described:
        merged = {**settings, **task}
        parts = {kind: merged[kind] for kind in PARTS if isinstance(merged.get(kind), str)}
        unpacked = {kind: _unpack(part, files) for kind, part in parts.items()}
        contents = {kind: found for kind, found in unpacked.items() if found}
        beside = is_on(merged.get("ingestion_only_during_scoring"))
        views.append(PhaseView(place, str(name), settings, parts, contents, beside))
    return views


_Described = Iterator[tuple[Place, Any, Mapping[Any, Any], Mapping[Any, Any]]]


def _of_version_2(content: Mapping[Any, Any]) -> _Described:
    tasks = {
        task.get("index"): task
        for task in _list(content.get("tasks"))
        if isinstance(task, dict) and isinstance(task.get("index"), int | str)
    }
    for number, phase in enumerate(_list(content.get("phases"))):
        if isinstance(phase, dict):
            named = [index for index in _list(phase.get("tasks")) if isinstance(index, int | str)]
            task = tasks.get(named[0], {}) if named else {}
            yield ("phases", number), phase.get("name"), phase, task


def _of_version_1(content: Mapping[Any, Any]) -> _Described:
    phases = content.get("phases")
    for key, phase in phases.items() if isinstance(phases, dict) else ():
        if isinstance(phase, dict):
            yield ("phases", str(key)), phase.get("label"), phase, {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _unpack(name: str, files: BundleFiles) -> dict[str, bytes]:
    try:
        return files.unpack(name)
    except ValueError:
        return {}
