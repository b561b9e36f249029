"""What the attacks share: counting what got through, and telling the architectures apart.

Copied into every attack's folder. A query that only tries things returns how many succeeded.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any


def successes(**attempts: Callable[[], Any]) -> float:
    """Return how many attempts got through; each outcome is printed for the log."""
    count = 0
    for name, attempt in attempts.items():
        try:
            result = attempt()
        except Exception as error:  # noqa: BLE001
            print(f"refused: {name}: {type(error).__name__}: {error}")
        else:
            if result is not False:
                print(f"SUCCEEDED: {name}: {result!r:.100}")
                count += 1
    return float(count)


def is_large(graph: Any) -> bool:
    """Return whether this is the one large architecture of the test's benchmark."""
    return sum(p.numel() for p in graph.parameters()) > 1_000_000


def first_opened(folder: str) -> str | bool:
    """Return the first descriptor of another process that can be opened, False if none can."""
    for name in os.listdir(folder):
        try:
            os.close(os.open(f"{folder}/{name}", os.O_RDONLY | os.O_NONBLOCK))
        except OSError:
            continue
        return name
    return False
