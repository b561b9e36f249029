"""Every command a guide shows exists, with the options and variables it shows."""

import re
import shlex

import pytest
from typer.main import get_command

from zcnas.organiser.cli.main import app

COMMANDS = get_command(app).commands
_ZCNAS = re.compile(r"(?:^ *|`|&& |bin/)zcnas ([a-z][^`\n#→]*)", re.MULTILINE)
_MAKE = re.compile(r"(?:^ +|`|&& )make ([a-z][^`\n#→]*)", re.MULTILINE)
OF_GLOBAL = {"--help", "--version"}


def shown(pattern, text):
    """Return what stands after the program's name in every command of a page, split as a shell."""
    for match in pattern.findall(text):
        line = match.replace("'", "").replace("…", "").partition(" && ")[0].strip()
        yield shlex.split(line.rstrip(".,;:)"))


def pages(repository):
    """The README, the guides, and the kit's README."""
    yield repository / "README.md"
    yield repository / "CONTRIBUTING.md"
    yield repository / "starting_kit" / "README.md"
    yield from sorted((repository / "docs").glob("*.md"))


def unknown_options(words):
    """Return what a command line of zcnas has that the command does not know."""
    name, *rest = words
    command = COMMANDS.get(name)
    if command is None:
        return [name]
    inner = getattr(command, "commands", {})
    if rest and rest[0] in inner:
        command = inner[rest[0]]
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    options = [word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    return [option for option in options if option not in known | OF_GLOBAL]


def test_every_command_of_zcnas_and_its_options_exist(repository):
    seen, wrong = 0, []
    for page in pages(repository):
        for words in shown(_ZCNAS, page.read_text(encoding="utf-8")):
            seen += 1
            wrong += [(page.name, words, what) for what in unknown_options(words)]
    assert seen > 40, "the guides show commands"
    assert not wrong


def test_every_target_and_variable_of_make_exists(repository):
    makefile = (repository / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+%?):", makefile, re.MULTILINE))
    variables = set(re.findall(r"\$\(?(?:\$|if |or )?\(?([A-Z_]+)", makefile))
    seen, wrong = 0, []
    for page in pages(repository):
        for target, *rest in shown(_MAKE, page.read_text(encoding="utf-8")):
            seen += 1
            name = re.sub(r"^bench-.*", "bench-%", target)
            wrong += [(page.name, target)] if name not in targets else []
            given = [word.partition("=")[0] for word in rest if re.match(r"[A-Z_]+=", word)]
            wrong += [(page.name, target, each) for each in given if each not in variables]
    assert seen > 40, "the guides show targets"
    assert not wrong


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("score x --out y", []),
        ("scores x", ["scores"]),
        ("score x --output y", ["--output"]),
    ],
)
def test_a_command_that_does_not_exist_is_seen(line, unknown):
    assert unknown_options(line.split()) == unknown
