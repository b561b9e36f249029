"""How tests wait: for what must happen, however slow the machine, and for no length of time."""

import contextlib
import random
import socket
import time
from collections.abc import Callable
from pathlib import Path

WAIT_S = 300
"""How long a test waits for what must happen; no idle machine needs a tenth of it."""


def wait_until(condition: Callable[[], object], failure: str) -> None:
    """Wait until a condition holds; fail with a message if it never does."""
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, failure
        time.sleep(0.02)


def free_port() -> int:
    """Return a port that nobody listens on and that the kernel gives no outgoing connection."""
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(low // 2, low)
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port
