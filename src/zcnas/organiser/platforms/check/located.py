"""YAML with positions: the values, and the line of every key and item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

Place = tuple[str | int, ...]
"""Keys and indexes, starting at the document's root."""


@dataclass(frozen=True)
class Yaml:
    """A YAML document.

    Attributes:
        value: Its content as plain values.
        lines: Line, counted from 1, of every key and list item.
        duplicates: Duplicate keys of mappings, each with the line of the second occurrence.
    """

    value: Any
    lines: dict[Place, int]
    duplicates: tuple[tuple[str, int], ...]

    def line_of(self, place: Place) -> int:
        """Return the line of a position, or of the innermost enclosing one that exists."""
        while place not in self.lines and place:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_yaml(text: str) -> Yaml:
    """Return a document with its line numbers.

    Raises:
        yaml.YAMLError: It is not YAML, or not a single document.
    """
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return Yaml(None, {}, ())
        lines: dict[Place, int] = {}
        duplicates = tuple(_walk(root, (), lines))
        return Yaml(loader.construct_document(root), lines, duplicates)
    finally:
        loader.dispose()


def _walk(node: yaml.Node, place: Place, lines: dict[Place, int]) -> Iterator[tuple[str, int]]:
    """Fill in the lines below a node; yield duplicate keys."""
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                yield name, key.start_mark.line + 1
            seen.add(name)
            inner = (*place, name)
            lines[inner] = key.start_mark.line + 1
            yield from _walk(value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*place, index), lines)
