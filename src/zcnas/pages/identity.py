"""Whose board it is: what the head and the foot of every page say beside the results."""

from __future__ import annotations

import base64
import datetime

import msgspec

PREVIEW = "preview.png"
"""The picture that a link to the board shows elsewhere; it lies beside the pages."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What organisers say of their competition; everything may be left out.

    Attributes:
        title: Of the competition.
        organisers: Who holds it.
        contact: Their e-mail address.
        deadline: When the phase ends, in UTC.
        licence: Of the results: a name, or the address of the terms.
        citation: How to cite the competition, as text or BibTeX.
        website: Where the competition is described; every page links back to it.
        board: Where the pages are published, for links that name a page from elsewhere.
        logo: A small PNG.
    """

    title: str = ""
    organisers: str = ""
    contact: str = ""
    deadline: datetime.datetime | None = None
    licence: str = ""
    citation: str = ""
    website: str = ""
    board: str = ""
    logo: bytes = b""

    @property
    def logo_address(self) -> str:
        """The logo as an address that needs no file beside the page; "" without one."""
        if not self.logo:
            return ""
        return f"data:image/png;base64,{base64.b64encode(self.logo).decode()}"

    def address_of(self, page: str) -> str:
        """Return the address of a page or picture, from elsewhere if the board's is known."""
        return f"{self.board.rstrip('/')}/{page}" if self.board else page


NOBODY = Identity()
