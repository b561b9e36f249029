"""The guides point to files that exist: every relative link and every repository path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "starting_kit" / "README.md", *(ROOT / "docs").glob("*.md")]
)
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
_PATH = re.compile(r"`([\w.]+(?:/[\w.]+)*/?)`")
_TOPS = {
    path.name
    for path in ROOT.iterdir()
    if path.is_dir() and not path.name.startswith(".") and path.name != "build"
} | {"zcnas", "benchmarks"}
"""Folders at the root, and two that were there once: a path into them is a claim."""


def links_of(text: str) -> list[str]:
    """Return the targets of relative links, without their anchors."""
    return _LINK.findall(text)


def paths_of(text: str) -> list[str]:
    """Return the paths in code style that start in a folder of the repository."""
    found = [path for path in _PATH.findall(text) if "/" in path]
    return [path for path in found if path.split("/")[0] in _TOPS]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_path_exists(page):
    text = page.read_text(encoding="utf-8")
    missing = [link for link in links_of(text) if not (page.parent / link).exists()]
    missing += [path for path in paths_of(text) if not (ROOT / path).exists()]
    assert not missing


def test_a_stale_path_and_a_dead_link_are_seen():
    text = "`zcnas/metrics.py`, `src/zcnas`, [there](gone.md#part), [site](https://example.org)"
    assert paths_of(text) == ["zcnas/metrics.py", "src/zcnas"]
    assert links_of(text) == ["gone.md"]
