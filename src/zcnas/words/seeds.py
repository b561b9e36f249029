"""Seeds that depend only on what is computed.

A seed is a digest of names, so an architecture gets the same weights whatever its position, shard
or host, and two purposes never share a random stream. Without the secret, nobody can tell what was
drawn.
"""

from __future__ import annotations

import hashlib


def derive_seed(*parts: str | int) -> int:
    """Return a seed in [0, 2⁶³) derived from the parts.

    The first 8 bytes of the SHA-256 over their length-prefixed texts, shifted right by one bit.
    """
    return int.from_bytes(bytes.fromhex(derive_token(*parts))[:8], "big") >> 1


def derive_token(*parts: str | int) -> str:
    """Return the SHA-256 of the parts as 64 hexadecimal digits.

    Each part is prefixed with its length.
    """
    digest = hashlib.sha256()
    for part in parts:
        text = str(part).encode()
        digest.update(len(text).to_bytes(8, "big") + text)
    return digest.hexdigest()
