"""Help in a reader's words: a value is called after its option, never after a type of Python."""

import re

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from zcnas.organiser.cli.main import app

COMMANDS = sorted(get_command(app).commands)
TYPE = re.compile(r"<[a-z]+[^>]*>")


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_shows_a_type_of_python(command):
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert not TYPE.findall(shown.output)


def test_values_are_called_after_their_options_and_flags_have_none():
    shown = CliRunner().invoke(app, ["dry-run", "--help"], env={"COLUMNS": "200"}).output
    for words in ("{SUBMISSION}", "--isolation +ISOLATION ", "-n +N ", "--quick +Only"):
        assert re.search(words, shown), words
