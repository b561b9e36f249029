"""What other distributions add: search spaces, tables, datasets, proxies, isolations, searches.

Ours come first, from the literal dict of the room that owns them. Second come the entry points of
installed distributions, one group per kind (``zcnas.search_spaces`` and so on). A plugin is
imported when its name is first asked for. Names are unique: a plugin whose name is already taken,
by us or by another plugin, is refused. docs/plugins.md explains how to write one.

This is the only module that imports by a computed name. Standard library only.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from zcnas.errors import PluginError, ZcnasError

Group = Literal["search_spaces", "tables", "datasets", "proxies", "isolation", "searches"]
GROUPS: tuple[Group, ...] = get_args(Group)
SHIPPED: tuple[Group, ...] = ("search_spaces", "datasets", "proxies")
"""Groups whose code ships to where submissions run; the others stay with the organiser."""

T = TypeVar("T")


@dataclass(frozen=True)
class Plugin:
    """One entry point of an installed distribution.

    Attributes:
        group: What kind of thing it is.
        name: Its name on the command line, in ``phases.toml`` and in messages.
        reference: The object, as ``package.module:attribute``.
        distribution: The name under which ``pip`` knows the package.
        version: The distribution's version.
    """

    group: Group
    name: str
    reference: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"'{self.name}' of the distribution {self.distribution} {self.version}"

    def is_called(self, name: str) -> bool:
        """Return whether ``name`` names this plugin or the distribution that brings it."""
        return name == self.name or _normal(name) == _normal(self.distribution)

    def load(self, kind: type[Any] = object) -> Any:
        """Return the object, which must be a ``kind``.

        Raises:
            PluginError: It cannot be imported, for whatever reason, or has another type.
        """
        try:
            found = load_object(self.reference)
        except Exception as error:
            raise PluginError(
                f"the plugin {self} cannot be loaded from {self.reference}: "
                f"{type(error).__name__}: {error}; fix it, or run "
                f"`pip uninstall {self.distribution}`"
            ) from error
        if not isinstance(found, kind):
            raise PluginError(
                f"the plugin {self} has the type {type(found).__name__}; the group "
                f"zcnas.{self.group} takes {kind.__name__}: correct {self.reference}"
            )
        return found


def load_object(reference: str) -> Any:
    """Return what ``package.module:attribute`` names, imported now."""
    module, _, attribute = reference.partition(":")
    return getattr(importlib.import_module(module), attribute)


def installed(group: Group) -> tuple[Plugin, ...]:
    """Return the plugins of a group, sorted by name, without importing them."""
    return tuple(plugin for plugin in all_installed() if plugin.group == group)


@functools.cache
def all_installed() -> tuple[Plugin, ...]:
    """Return every installed plugin without importing it; the list is read once per process."""
    found: dict[str, list[Plugin]] = {}
    for distribution in importlib.metadata.distributions():
        # `entry_points()` would parse the files of every package, at five times the cost.
        if "[zcnas." not in (distribution.read_text("entry_points.txt") or ""):
            continue
        name, version = distribution.name, distribution.version
        if _normal(name) not in found:  # another copy further down the path is not imported
            found[_normal(name)] = [
                Plugin(group, entry.name, entry.value, name, version)
                for group in GROUPS
                for entry in distribution.entry_points.select(group=f"zcnas.{group}")
            ]
    everything = itertools.chain.from_iterable(found.values())
    return tuple(sorted(everything, key=lambda plugin: (plugin.name, plugin.distribution)))


def find_plugin(group: Group, name: str, ours: Iterable[str]) -> Plugin | None:
    """Return the plugin called ``name``; None if the name is ours or unknown.

    Raises:
        PluginError: The name is taken more than once.
    """
    claims = [f"the plugin {plugin}" for plugin in installed(group) if plugin.name == name]
    if name in ours:
        claims.insert(0, "zcnas itself")
    if len(claims) > 1:
        raise PluginError(
            f"'{name}' in zcnas.{group} is provided by {' and by '.join(claims)}; uninstall all "
            "but one, or rename the entry point"
        )
    return next((plugin for plugin in installed(group) if plugin.name == name), None)


def find(
    group: Group,
    name: str,
    ours: Mapping[str, T],
    load: Callable[[Plugin], T],
    unknown: tuple[type[ZcnasError], str, str],
) -> T:
    """Return the object called ``name``: ours, or else a plugin's.

    Args:
        group: The kind of object.
        name: Its name.
        ours: The literal dict of the room that owns this kind.
        load: Loads and checks a plugin of this kind.
        unknown: The error to raise for an unknown name, and the words for one such object and for
            several.

    Raises:
        PluginError: The plugin is broken, or the name is taken more than once.
        ZcnasError: The name is unknown; its type is given by ``unknown``.
    """
    plugin = find_plugin(group, name, ours)
    if plugin is not None:
        return load(plugin)
    if name in ours:
        return ours[name]
    error, one, several = unknown
    known = ", ".join((*ours, *(plugin.name for plugin in installed(group))))
    raise error(f"unknown {one} '{name}'; known {several}: {known}")


def shipped_files(distribution: str) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of every file of a plugin that ships to where submissions run.

    These are the Python files of the packages that define its search spaces, datasets and proxies,
    and the metadata by which those entry points are found. Data files do not ship.

    Raises:
        PluginError: A package is missing, or also contains one of the plugin's accuracy tables.
    """
    own = [plugin for plugin in all_installed() if plugin.distribution == distribution]
    shipped = [plugin for plugin in own if plugin.group in SHIPPED]
    packages = {_package(plugin) for plugin in shipped}
    for plugin in own:
        if plugin.group == "tables" and _package(plugin) in packages:
            raise PluginError(
                f"the table {plugin} is in the package '{_package(plugin)}', which ships to "
                "submissions; move it to a separate package of the same distribution"
            )
    for package in sorted(packages):
        yield from _python_files(package, distribution)
    if shipped:
        version = shipped[0].version
        folder = f"{distribution.replace('-', '_')}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        yield f"{folder}/METADATA", metadata.encode()
        lines = [f"[zcnas.{p.group}]\n{p.name} = {p.reference}\n" for p in shipped]
        yield f"{folder}/entry_points.txt", "".join(lines).encode()


def _normal(distribution: str) -> str:
    """Return the normalised name of a distribution, by which package indexes compare them."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _package(plugin: Plugin) -> str:
    return plugin.reference.partition(":")[0].partition(".")[0]


def _python_files(package: str, distribution: str) -> Iterator[tuple[str, bytes]]:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise PluginError(
            f"the package '{package}' of the plugin {distribution} is missing; "
            f"run `pip install --force-reinstall {distribution}`"
        )
    origin = Path(spec.origin)
    if spec.submodule_search_locations is None:
        yield origin.name, origin.read_bytes()
        return
    for path in sorted(origin.parent.rglob("*.py")):
        yield f"{package}/{path.relative_to(origin.parent).as_posix()}", path.read_bytes()
