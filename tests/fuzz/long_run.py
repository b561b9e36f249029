"""The long run: ``python -m tests.fuzz.long_run 100000`` goes on where an earlier one ended.

Every input has a number (``structured.py``), the state of the run is a small file, and a finding is
a reader and a number. At the end docs/fuzzing.md is written.
"""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from . import structured
from .readers import READERS, feed

STATE = Path("build") / "fuzz.json"
RECORD = Path("docs") / "fuzzing.md"
SAVE_EVERY = 200


def main(total: int) -> None:
    """Try inputs until all readers together have had ``total``."""
    state: dict[str, Any] = json.loads(STATE.read_text()) if STATE.is_file() else {}
    share = -(-total // len(READERS))
    with tempfile.TemporaryDirectory(prefix="zcnas-fuzz-") as temporary:
        for name in READERS:
            counts = state.setdefault(
                name, {"tried": 0, "refused": 0, "slowest_s": 0.0, "findings": []}
            )
            while counts["tried"] < share:
                _try(name, counts, Path(temporary) / "input")
                if counts["tried"] % SAVE_EVERY == 0:
                    _save(state)
            _save(state)
    RECORD.write_text(record_of(state), encoding="utf-8")


def _try(name: str, counts: dict[str, Any], folder: Path) -> None:
    number = counts["tried"]
    reader = READERS[name]
    content = structured.generate(name, number, reader.generator, reader.valid)
    try:
        refused, seconds = feed(name, content, folder)
    except Exception:  # noqa: BLE001 - that is what is looked for
        counts["findings"].append({"number": number, "error": traceback.format_exc()[-1500:]})
        print(f"{name} {number}: {traceback.format_exc().splitlines()[-1][:200]}", flush=True)
    else:
        counts["refused"] += refused
        counts["slowest_s"] = max(counts["slowest_s"], round(seconds, 3))
    counts["tried"] += 1


def _save(state: dict[str, Any]) -> None:
    STATE.parent.mkdir(exist_ok=True)
    partial = STATE.with_suffix(".partial")
    partial.write_text(json.dumps(state))
    partial.replace(STATE)


def record_of(state: dict[str, Any]) -> str:
    """Return docs/fuzzing.md."""
    rows = [
        f"| {name} | {c['tried']:,} | {c['refused']:,} | {c['slowest_s']:.2f} | "
        f"{len(c['findings'])} |"
        for name, c in state.items()
    ]
    tried, refused, found = (
        sum(each["tried"] for each in state.values()),
        sum(each["refused"] for each in state.values()),
        sum(len(each["findings"]) for each in state.values()),
    )
    return "\n".join(
        [
            "# Unexpected inputs tried",
            "",
            "Written by `make fuzz`: files with the structure of valid ones and values that nobody",
            "expects, three in ten of them with bytes changed, removed, doubled or put in. Input n",
            "of a reader is always the same bytes (`tests/fuzz/structured.py`); n counts from 0. A",
            "finding is an error that is none of ours, a minute, or a file outside the folder.",
            "",
            "| reader | inputs | refused with a message | slowest, s | findings |",
            "|---|---|---|---|---|",
            *rows,
            f"| all | {tried:,} | {refused:,} | | {found} |",
            "",
        ]
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
