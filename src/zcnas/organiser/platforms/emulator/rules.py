"""What the emulator takes a platform's worker to do, and where each of it was seen.

``PLATFORMS`` is the only table of such assumptions: whatever else is in this package reads it.
``SEEN`` names the source of every entry. The tests hold Codabench's column against a recording
of its real worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PlatformName = Literal["codabench", "codalab"]
StepKind = Literal["ingestion", "submission", "scoring"]
Part = Literal[
    "submission", "ingestion_program", "input_data", "hidden_reference", "scoring_program",
    "reference_data", "results", "output",
]  # fmt: skip
"""What lies in a step's folder on the worker's host."""


@dataclass(frozen=True)
class Mounted:
    """A folder of a step as a container sees it.

    Attributes:
        inside: Its path in the container.
        source: Its path below the step's folder on the host.
        read_only: Whether the container may only read it.
    """

    inside: str
    source: str
    read_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How a platform's worker treats a submission.

    Attributes:
        root: The folder in a container below which everything is mounted.
        working_directory: Where a command starts.
        mounts: What each kind of container sees.
        places: Where each part is unpacked, below the step's folder.
        placeholders: Replaced as plain text, in this order, anywhere in a command.
        folder_mode: Mode of the folders that the worker makes; they and all files are root's.
        environment: Variables of every container, besides the image's.
        dropped_capabilities: Taken from every container.
        metadata_names: Files that may hold a program's command; the first that exists is read.
        takes_without_metadata: What a submission without such a file is: handled by ingestion, with
            its files copied into ingestion's output, or itself the results, without ingestion.
        lifts_top_folder: Whether the content of a zip's only folder moves up if it has metadata.
        shared_limit_s: Seconds a step may take at most without a queue of one's own; None for the
            phase's limit alone.
        enforces_limit: Whether a step is stopped at its limit.
        keeps_stopped_output: Whether the output of a stopped step is kept.
        stops_on_ingestion_error: Whether scoring is skipped when ingestion's exit code is not 0.
        refuses_metadata_in_output: Whether a file ``metadata`` in the output fails the submission.
    """

    root: str
    working_directory: str
    mounts: Mapping[StepKind, tuple[Mounted, ...]]
    places: Mapping[Part, str]
    placeholders: Mapping[StepKind, Mapping[str, str]]
    folder_mode: int
    environment: Mapping[str, str]
    dropped_capabilities: tuple[str, ...]
    metadata_names: tuple[str, ...]
    takes_without_metadata: Literal["submission", "results"]
    lifts_top_folder: bool
    shared_limit_s: int | None
    enforces_limit: bool
    keeps_stopped_output: bool
    stops_on_ingestion_error: bool
    refuses_metadata_in_output: bool


def _codabench_placeholders(kind: StepKind) -> dict[str, str]:
    return {
        "$input": "/app/input_data" if kind == "ingestion" else "/app/input",
        "$output": "/app/output",
        "$program": "/app/program",
        "$ingestion_program": "/app/program",
        "$hidden": "/app/input/ref",
        "$shared": "/app/shared",
        "$submission_program": "/app/ingested_program",
        "$tmp": "/app/output",
        "$predictions": "/app/input/res" if kind == "scoring" else "/app/output",
    }


_RUN, _SHARED, _HIDDEN = "/tmp/codalab/run", "/tmp/codalab/shared", "/tmp/codalab/hidden_ref"


def _codalab_placeholders(kind: StepKind) -> dict[str, str]:
    own = f"{_RUN}/ingestion_program" if kind == "ingestion" else f"{_RUN}/program"
    common = {
        "$predictions": f"{_RUN}/input/res",
        "$input": f"{_RUN}/input",
        "$output": f"{_RUN}/output",
        "$tmp": f"{_RUN}/temp",
        "$shared": _SHARED,
    }
    if kind != "ingestion":
        return {"$program": own, **common}
    return {
        "$program": own,
        "$ingestion_program": own,
        "$submission_program": f"{_RUN}/program",
        **common,
        "$hidden": _HIDDEN,
    }


_KINDS: tuple[StepKind, ...] = ("ingestion", "submission", "scoring")
_OUTPUT, _DATA = Mounted("/app/output", "output"), Mounted("/app/data", "data", read_only=True)
_INPUT_DATA = Mounted("/app/input_data", "input_data")
_CODALAB_MOUNTS = (Mounted(_RUN, "run"), Mounted(_SHARED, "shared"))

PLATFORMS: dict[PlatformName, Rules] = {
    "codabench": Rules(
        root="/app",
        working_directory="/app/program",
        mounts={
            "ingestion": (
                Mounted("/app/program", "ingestion_program"),
                Mounted("/app/ingested_program", "program"),
                *(_OUTPUT, _DATA, _INPUT_DATA),
            ),
            "submission": (Mounted("/app/program", "program"), _OUTPUT, _DATA, _INPUT_DATA),
            "scoring": (
                Mounted("/app/program", "program"),
                Mounted("/app/shared", "shared"),
                Mounted("/app/input", "input"),
                *(_OUTPUT, _DATA),
            ),
        },
        places={
            "submission": "program",
            "ingestion_program": "ingestion_program",
            "input_data": "input_data",
            "scoring_program": "program",
            "reference_data": "input/ref",
            "results": "input/res",
            "output": "output",
        },
        placeholders={kind: _codabench_placeholders(kind) for kind in _KINDS},
        folder_mode=0o755,
        environment={"PYTHONUNBUFFERED": "1", "http_proxy": "", "https_proxy": ""},
        dropped_capabilities=(
            *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
            *("NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID"),
            "SYS_CHROOT",
        ),
        metadata_names=("metadata.yaml", "metadata"),
        takes_without_metadata="submission",
        lifts_top_folder=False,
        shared_limit_s=600,
        enforces_limit=False,
        keeps_stopped_output=False,
        stops_on_ingestion_error=False,
        refuses_metadata_in_output=True,
    ),
    "codalab": Rules(
        root="/tmp/codalab",
        working_directory=_RUN,
        mounts={
            "ingestion": (*_CODALAB_MOUNTS, Mounted(_HIDDEN, "hidden_ref")),
            "submission": _CODALAB_MOUNTS,
            "scoring": _CODALAB_MOUNTS,
        },
        places={
            "submission": "run/program",
            "ingestion_program": "run/ingestion_program",
            "input_data": "run/input",
            "hidden_reference": "hidden_ref",
            "scoring_program": "run/program",
            "reference_data": "run/input/ref",
            "results": "run/input/res",
            "output": "run/output",
        },
        placeholders={kind: _codalab_placeholders(kind) for kind in _KINDS},
        folder_mode=0o777,
        environment={"PYTHONUNBUFFERED": "1"},
        dropped_capabilities=(),
        metadata_names=("metadata",),
        takes_without_metadata="results",
        lifts_top_folder=True,
        shared_limit_s=None,
        enforces_limit=True,
        keeps_stopped_output=True,
        stops_on_ingestion_error=True,
        refuses_metadata_in_output=False,
    ),
}

_DRIVEN = "observed: Codabench's real worker, November 2026"
_READ = "read: CodaLab v1's compute worker"
SEEN: dict[str, tuple[str, str]] = {
    "root": (_DRIVEN, f"{_READ}; the folders' random names are replaced by fixed ones"),
    "working_directory": (_DRIVEN, f"{_READ} (docker run -w)"),
    "mounts": (_DRIVEN, f"{_READ}: the whole run's folder, and hidden_ref for ingestion alone"),
    "places": (_DRIVEN, f"{_READ} and the site's list of bundles"),
    "placeholders": (_DRIVEN, f"{_READ}; $hidden is replaced for ingestion alone"),
    "folder_mode": (_DRIVEN, f"{_READ} (chmod)"),
    "environment": (_DRIVEN, _READ),
    "dropped_capabilities": (_DRIVEN, f"{_READ}: none"),
    "metadata_names": (_DRIVEN, f"{_READ}; observed: metadata.yaml alone is 'missing metadata'"),
    "takes_without_metadata": (_DRIVEN, _READ),
    "lifts_top_folder": (_DRIVEN, _READ),
    "shared_limit_s": (
        "read: Codabench's site (min(600, limit)); its public server allows 1,200 s",
        f"{_READ}: the phase's limit",
    ),
    "enforces_limit": (f"{_DRIVEN}: its alarm is swallowed while a container runs", _READ),
    "keeps_stopped_output": ("read: Codabench's worker raises before it uploads", _READ),
    "stops_on_ingestion_error": (_DRIVEN, "observed: CodaLab's worker"),
    "refuses_metadata_in_output": (_DRIVEN, f"{_READ}: it appends"),
}
"""Where each field of ``Rules`` comes from: for Codabench, and for CodaLab."""
