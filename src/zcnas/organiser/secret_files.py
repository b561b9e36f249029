"""Secrets of the organiser: 32 random bytes in a file that only its owner may read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from zcnas.errors import PhaseError

DRAW_SEED, SEAL_KEY = "draw_seed", "seal_key"
"""Files beside a hidden phase's halves: what determines its draw, and what seals its runs."""
_BYTES = 32


def kept_secret(path: Path) -> str:
    """Return the secret in a file, in hexadecimal; made and written there if there is none.

    Raises:
        PhaseError: It can be neither read nor written.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(_BYTES) + "\n")
        return path.read_text().strip()
    except OSError as error:
        raise PhaseError(
            f"cannot keep a secret in {path}: {error.strerror}; make the folder writable"
        ) from None
