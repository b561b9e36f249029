"""The track that a submission states, read in its source; nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from zcnas.words.entry_points import CLASS_NAME
from zcnas.words.tracks import TRACKS, ZERO_SHOT, Track

NAME = "track"


class TrackError(Exception):
    """A track is stated that there is not, or so that it cannot be read."""


def track_of(tree: ast.Module, file: str) -> Track:
    """Return the track that an entry point states; zero-shot if it states none.

    It is an attribute of the class. A text of that name at the top of the file counts as well.

    Args:
        tree: The entry point.
        file: Its name.

    Raises:
        TrackError: It is none of the tracks, no plain text, or stated twice and not alike.
    """
    classes = [
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == CLASS_NAME
    ]
    stated = [each for node in classes for each in _assigned(node.body)]
    stated += [each for each in _assigned(tree.body) if _text_of(each) is not None]
    found: Track = ZERO_SHOT
    for number, value in enumerate(stated):
        track = _track(value, file)
        if number and track != found:
            raise TrackError(
                f"{file}, line {value.lineno}: the track is '{track}' here and '{found}' before; "
                "state one"
            )
        found = track
    return found


def _assigned(body: list[ast.stmt]) -> Iterator[ast.expr]:
    """Yield the values that statements assign to the name."""
    for node in body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        if any(isinstance(target, ast.Name) and target.id == NAME for target in targets):
            yield value


def _text_of(value: ast.expr) -> str | None:
    constant = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return value.value if constant else None  # type: ignore[attr-defined]


def _track(value: ast.expr, file: str) -> Track:
    text = _text_of(value)
    for track in TRACKS:
        if text == track:
            return track
    said = ast.unparse(value)[:80]
    allowed = ", ".join(f'"{track}"' for track in TRACKS)
    raise TrackError(
        f"{file}, line {value.lineno}: track = {said} is not a track; write one of {allowed} as a "
        "plain text, or leave it out for the first"
    )
