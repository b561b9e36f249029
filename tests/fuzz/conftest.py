"""How many inputs the fuzzing tries, and the record of a long run.

In every test run 150 inputs per reader; ``make fuzz`` tries many more and writes how many.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("ZCNAS_FUZZ_EXAMPLES", "150"))
RECORD = os.environ.get("ZCNAS_FUZZ_RECORD")

settings.register_profile(
    "fuzz",
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not RECORD,
    suppress_health_check=list(HealthCheck),
)

TRIED: Counter[str] = Counter()
REFUSED: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def _profile():
    before = settings.get_current_profile_name()
    settings.load_profile("fuzz")
    yield
    settings.load_profile(before)


@pytest.fixture(scope="session")
def tally(request):
    """Counts inputs tried and rejected per reader; ``make fuzz`` records them at its end."""

    def count(reader: str, refused: bool) -> None:
        TRIED[reader] += 1
        REFUSED[reader] += refused

    yield count
    if RECORD and not request.session.testsfailed:
        lines = [
            "# Malformed inputs tried",
            "",
            "Written by `make fuzz`: random bytes, and valid files with bytes changed, removed,",
            "duplicated and inserted. None caused a traceback, a hang, or a file outside the",
            "target folder.",
            "",
            "| reader | inputs tried | rejected with a message |",
            "|---|---|---|",
            *(f"| {name} | {TRIED[name]:,} | {REFUSED[name]:,} |" for name in TRIED),
            f"| all | {TRIED.total():,} | {REFUSED.total():,} |",
        ]
        Path(RECORD).write_text("\n".join(lines) + "\n")
