"""Reproducible zips: equal files give equal bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_FIXED_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def zip_files(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of these files, keyed by name, with fixed dates, order and permissions."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _FIXED_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
