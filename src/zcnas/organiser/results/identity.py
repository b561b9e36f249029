"""Whose board a run's pages are, as ``competition.yaml`` says."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from zcnas.errors import BundleError
from zcnas.organiser.platforms.bundle.pictures import own_logo
from zcnas.organiser.platforms.settings import SAMPLE_CONTACT, Settings, read_settings
from zcnas.pages.identity import Identity

LOGO_PX = 80
"""Height of the logo in the pages, each of which carries it: twice what it is shown at."""


def read_identity(path: Path, phase: str) -> Identity:
    """Return whose board the pages of a phase are.

    Args:
        path: A ``competition.yaml``; what it names lies beside it.
        phase: The phase's name.

    Raises:
        BundleError: The settings or the logo cannot be read.
    """
    return identity_of(read_settings(path), path.parent, phase)


def identity_of(settings: Settings, folder: Path, phase: str) -> Identity:
    """Return what settings say of a phase's board; the title alone while they are the sample's.

    Args:
        settings: Read from a ``competition.yaml``.
        folder: Where it lies.
        phase: The phase's name; one without dates has no deadline.

    Raises:
        BundleError: The logo cannot be read.
    """
    if settings.contact_email == SAMPLE_CONTACT:
        return Identity(title=settings.title)
    dates = settings.phases.get(phase)
    return Identity(
        title=settings.title,
        organisers=settings.organisers,
        contact=settings.contact_email,
        deadline=dates.end if dates else None,
        licence=settings.licence,
        citation=settings.citation.strip(),
        website=settings.website,
        board=settings.board,
        logo=_small_logo(folder / settings.templates) if settings.templates else b"",
    )


def _small_logo(templates: Path) -> bytes:
    """Return the organiser's logo as a PNG of the height that pages need; b"" without one."""
    path = own_logo(templates)
    if path is None:
        return b""
    try:
        with Image.open(path) as picture:
            picture.load()
            image = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError) as error:
        raise BundleError(
            f"the logo {path} cannot be read ({error}); save it again as a PNG"
        ) from None
    width = max(1, round(image.width * LOGO_PX / image.height))
    buffer = io.BytesIO()
    image.resize((width, LOGO_PX), Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
