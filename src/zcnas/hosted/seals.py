"""Seals: proof that the recorder wrote a line of predictions where others can write its file.

On a platform the submission runs as the recorder's user and can write every file the recorder can.
So each line gets a seal: HMAC-SHA256 over the benchmark, the line and the previous seal. The
recorder reads and deletes the key before it starts a submission; scoring holds the same key. A line
without a valid seal was not written by the recorder.

Reference: Krawczyk et al., "HMAC: Keyed-Hashing for Message Authentication", RFC 2104, 1997.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from zcnas.result_files import ResultFiles

KEY_FILE = "seal.key"
"""In the ingestion program, which deletes it after reading it, and in the reference data."""
_KEY_BYTES = 32


def derive_key(secrets: list[bytes]) -> str:
    """Return a bundle's key in hexadecimal: SHA-256 over what only the organiser knows."""
    return hashlib.sha256(b"".join(hashlib.sha256(text).digest() for text in secrets)).hexdigest()


def read_key(folder: Path) -> bytes | None:
    """Return the key in a folder, or None if there is none."""
    path = folder / KEY_FILE
    if not path.is_file():
        return None
    return bytes.fromhex(path.read_text().strip()[: 2 * _KEY_BYTES])


def take_key(program: Path) -> bytes | None:
    """Return the key in the ingestion program and delete its file, before a submission can read it.

    None if there is none, as in a run outside a bundle.
    """
    key = read_key(program)
    (program / KEY_FILE).unlink(missing_ok=True)
    return key


def next_seal(key: bytes, benchmark: str, previous: str, line: bytes) -> str:
    """Return the seal of a line of predictions, given the previous line's ("" for the first)."""
    content = b"\n".join([benchmark.encode(), previous.encode(), line.strip()])
    return hmac.new(key, content, hashlib.sha256).hexdigest()


def sealed_lines(folder: Path, benchmark: str, key: bytes | None) -> list[bytes]:
    """Return a benchmark's lines of predictions, up to the first without a valid seal.

    Without a key all lines are returned, as in a run on the organiser's own machine.
    """
    files = ResultFiles(folder, benchmark)
    path, stored = files.predictions, files.seals
    lines = path.read_bytes().splitlines() if path.is_file() else []
    if key is None:
        return lines
    seals = stored.read_text(errors="replace").split() if stored.is_file() else []
    kept: list[bytes] = []
    previous = ""
    for line, seal in zip(lines, seals, strict=False):
        previous = next_seal(key, benchmark, previous, line)
        if not hmac.compare_digest(previous.encode(), seal.encode()):
            break
        kept.append(line)
    return kept
