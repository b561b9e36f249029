"""Which folder a site may be written to: a new or empty one, or one that holds a site of ours.

A site is replaced as a whole, pages of removed submissions included. So nobody else's file may be
in its folder, and a list of the files that were written tells which are ours.
"""

from __future__ import annotations

from pathlib import Path

from zcnas.errors import UsageError

LISTING = "site_files.txt"
"""Names of the site's files, one per line; this one is not among them."""
_MOST_NAMED = 3


def check_site_folder(folder: Path) -> None:
    """Check that writing a site into a folder deletes nothing but an earlier site.

    Raises:
        UsageError: It holds something that is not of a site of ours.
    """
    if not folder.is_dir():
        return
    listing = folder / LISTING
    listed = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
    ours = {LISTING, *listed}
    others = sorted(entry.name for entry in folder.iterdir() if entry.name not in ours)
    if others:
        more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
        raise UsageError(
            f"{folder} holds what is not a page of ours: {', '.join(others[:_MOST_NAMED])}{more}. "
            "A site is replaced as a whole, so nothing is written; name a new folder, or empty it"
        )


def list_site_files(folder: Path) -> None:
    """Write the names of all files in a new site's folder beside them."""
    names = sorted(entry.name for entry in folder.iterdir())
    (folder / LISTING).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
