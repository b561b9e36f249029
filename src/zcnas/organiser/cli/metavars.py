"""What the help calls the values of options: PHASE, CPUS, N; never a type of Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup


class CommandGroup(TyperGroup):
    """A group of commands whose help names every value after its option."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for command in _walk(self):
            options = [*command.params, command.get_help_option(typer.Context(command))]
            for parameter in options:
                if parameter is not None:
                    _name_value(parameter)


def _walk(command: Any) -> Iterator[Any]:
    yield command
    for inner in getattr(command, "commands", {}).values():
        yield from _walk(inner)


def _name_value(parameter: Any) -> None:
    """Name a value: an argument's after itself, an option's after the option, a flag has none."""
    if parameter.param_type_name == "argument":
        parameter.metavar = parameter.metavar or str(parameter.name).upper()
        parameter.display_type_rich = lambda ctx: None
    elif parameter.metavar is None:
        longest: str = max(parameter.opts, key=len)
        value = longest.lstrip("-").replace("-", "_").upper()
        parameter.metavar = "" if parameter.is_flag else value
