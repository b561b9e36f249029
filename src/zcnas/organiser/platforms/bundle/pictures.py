"""The pictures of a competition: its logo, and those that the organiser's pages show.

A platform keeps a page's text and no files beside it, so a picture is put into the page itself.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

from zcnas.errors import BundleError
from zcnas.organiser.platforms.bundle.logo import draw_logo

PICTURE_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
PICTURE_TYPES |= {".gif": "image/gif", ".webp": "image/webp"}
"""Maps the end of a picture's name to its type; those that Codabench accepts for a logo."""
DRAWINGS = {".svg": "image/svg+xml"}
_SOURCE = re.compile(r"""(<img\b[^>]*?\bsrc\s*=\s*)(["'])([^"']*)\2""", re.IGNORECASE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|/|#", re.IGNORECASE)
"""Starts an address that a browser finds without the bundle."""


def logo_of(templates: Path | None) -> tuple[str, bytes]:
    """Return name and content of the logo: the organiser's ``logo.*``, or one that is drawn.

    Raises:
        BundleError: There are two, or it is of a type that platforms refuse.
    """
    path = None if templates is None else own_logo(templates)
    return ("logo.png", draw_logo()) if path is None else (path.name, path.read_bytes())


def own_logo(templates: Path) -> Path | None:
    """Return the organiser's logo in the folder of templates; None without one.

    Raises:
        BundleError: There are two, or it is of a type that platforms refuse.
    """
    found = sorted(templates.glob("logo.*"))
    if not found:
        return None
    if len(found) > 1 or found[0].suffix.lower() not in PICTURE_TYPES:
        raise BundleError(
            f"{templates} has {', '.join(path.name for path in found)}; keep one logo, of type "
            f"{', '.join(PICTURE_TYPES)}"
        )
    return found[0]


def with_pictures(page: str, name: str, templates: Path | None) -> str:
    """Return a page with every picture of the organiser's folder inside it.

    Args:
        page: HTML.
        name: Its name, for messages.
        templates: The folder that relative addresses start from.

    Raises:
        BundleError: A picture is not in the folder, or of an unknown type.
    """

    def inside(match: re.Match[str]) -> str:
        start, quote, source = match.groups()
        if _ELSEWHERE.match(source):
            return match[0]
        return f"{start}{quote}{_as_address(source, name, templates)}{quote}"

    return _SOURCE.sub(inside, page)


def _as_address(source: str, name: str, templates: Path | None) -> str:
    path = None if templates is None else (templates / source).resolve()
    if templates is None or path is None or not path.is_relative_to(templates.resolve()):
        raise BundleError(
            f"the page {name} shows {source}, which is not in the folder of your templates; put "
            "the picture there, or give its https address"
        )
    kinds = {**PICTURE_TYPES, **DRAWINGS}
    if not path.is_file() or path.suffix.lower() not in kinds:
        raise BundleError(
            f"the page {name} shows {source}, and {templates} has no such picture; put one there, "
            f"of type {', '.join(kinds)}"
        )
    content = base64.b64encode(path.read_bytes()).decode()
    return f"data:{kinds[path.suffix.lower()]};base64,{content}"
