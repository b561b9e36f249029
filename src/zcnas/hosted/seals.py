"""Seals: proof that our ingestion wrote a line where others can write its file.

On a platform a submission may write to every file that ingestion writes. So each line gets a seal:
HMAC-SHA256 over the previous seal and the line. Ingestion reads and deletes the key before it
starts a submission; scoring holds the same key. A line without its seal was not written by
ingestion, or does not stand where it stood.

Reference: Krawczyk et al., "HMAC: Keyed-Hashing for Message Authentication", RFC 2104, 1997.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from zcnas.errors import OrganiserError

KEY_FILE = "seal.key"
"""In the ingestion program, which deletes it after reading it, and in the reference data."""
KEY_BYTES = 32


class Seals:
    """The seals of one file's lines, asked for in the lines' order.

    Args:
        key: Shared by ingestion and scoring.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._last = b""

    def next(self, line: bytes) -> bytes:
        """Return the next line's seal, in hexadecimal."""
        content = self._last + b"\n" + line
        self._last = hmac.new(self._key, content, hashlib.sha256).hexdigest().encode()
        return self._last

    def bears(self, line: bytes, seal: bytes) -> bool:
        """Return whether a seal is the next line's."""
        return hmac.compare_digest(self.next(line), seal)


def read_key(folder: Path) -> bytes:
    """Return the key in a folder.

    Raises:
        OrganiserError: There is none, or it is not a key.
    """
    try:
        key = bytes.fromhex((folder / KEY_FILE).read_text())
    except OSError as error:
        raise OrganiserError(
            f"{folder / KEY_FILE} cannot be read ({error.strerror}), so no result can be sealed or "
            "believed; build the bundle again and upload it whole"
        ) from None
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise OrganiserError(
            f"{folder / KEY_FILE} is not a key of {KEY_BYTES} bytes in hexadecimal; build the "
            "bundle again"
        )
    return key


def take_key(program: Path) -> bytes:
    """Return the key in the ingestion program and delete its file, before a submission can read it.

    Raises:
        OrganiserError: There is none, it is not a key, or it cannot be deleted.
    """
    key = read_key(program)
    try:
        (program / KEY_FILE).unlink()
    except OSError as error:
        raise OrganiserError(
            f"{program / KEY_FILE} cannot be deleted ({error.strerror}), so the submission could "
            "read it; the platform must let a program write to its own folder"
        ) from None
    return key
