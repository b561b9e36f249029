"""What a check finds: a broken rule, in which file and line, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from zcnas.organiser.platforms.check.located import Place, Yaml

Severity = Literal["error", "warning"]

RULES: dict[str, str] = {
    "bundle": "a bundle is a zip or a folder that can be read whole",
    "member-name": "names in a zip are relative and stay inside it",
    "yaml-place": "competition.yaml stands at the root, not in a top folder",
    "yaml-syntax": "competition.yaml is YAML and holds a mapping",
    "yaml-duplicate": "no key stands twice in a mapping: the platform takes the last",
    "version": "version is 2 (Codabench), or absent or 1.5 (CodaLab)",
    "title": "a competition has a title",
    "image": "image names a logo in the bundle: PNG, JPEG or GIF",
    "terms": "terms names a page in the bundle",
    "pages": "pages is a list of title and file (1.5: html is a mapping of name to file)",
    "page-file": "every page is a file in the bundle",
    "page-empty": "no page is empty",
    "docker-image": "the docker image is a name without spaces",
    "tasks": "tasks is a list of mappings with an index of their own",
    "part-file": "programs, data and kits are zips or folders in the bundle",
    "part-zip": "a zip can be unzipped and holds a file",
    "scoring-program": "every task has a scoring program",
    "metadata": "a program has metadata.yaml or metadata at its root, with a command",
    "command-shell": "a command is run without a shell",
    "command-placeholder": "a command uses only placeholders that are replaced",
    "command-path": "a command uses only paths that its step has",
    "command-script": "the script a command names is in the program",
    "hidden-truth": "reference data is not given to participants or their submissions",
    "phases": "phases is a list (1.5: a mapping) with at least one phase",
    "phase-name": "a phase has a name of its own",
    "phase-date": "a phase's dates are dates, and it ends after it starts",
    "phase-date-quotes": "a phase's times are quoted: of an unquoted one a platform keeps the day",
    "phase-order": "a phase starts after the one before it has ended",
    "phase-end": "every phase but the last has an end",
    "phase-number": "phase numbers and indexes are whole numbers, each used once",
    "phase-task": "a phase names tasks that exist, at least one",
    "phase-limit": "limits of time and of submissions are whole numbers above 0",
    "phase-migration": "nothing can migrate into the first phase",
    "leaderboards": "there is a leaderboard, under the key of the bundle's version",
    "leaderboard-key": "a leaderboard has a title and a key, each key used once",
    "columns": "a leaderboard has columns",
    "column-key": "a column has a key of its own",
    "column-title": "a column has a title",
    "column-length": "keys and titles of columns have at most 36 characters",
    "column-index": "a column has an index of its own, a whole number from 0",
    "column-sorting": "a column sorts asc or desc",
    "column-computation": "a computation is sum, avg, min or max of columns that exist",
    "column-precision": "a column shows 0 to 10 decimals, as many as are stored",
    "solutions": "a solution has an index, a path in the bundle and tasks that exist",
    "junk": "a bundle holds no files that operating systems add",
    "unknown-key": "a key that the platform does not know is ignored without a word",
    "average": "an average leaves out the columns a submission has no score for",
}
"""Every rule by name: what a good bundle keeps."""

WARNINGS = ("junk", "unknown-key", "average")
"""What a platform takes, but hardly as it was meant."""


@dataclass(frozen=True)
class Problem:
    """A broken rule.

    Attributes:
        rule: A key of ``RULES``.
        severity: An error keeps the bundle from working; a warning may be meant.
        file: A file of the bundle; inside a zip of it, ``program.zip/metadata.yaml``.
        line: A line of that file, from 1.
        message: The bad value, what is allowed, what to do.
    """

    rule: str
    severity: Severity
    file: str
    line: int
    message: str


@dataclass
class Findings:
    """Collects problems; places in ``competition.yaml`` are given by key and index."""

    yaml: Yaml | None = None
    problems: list[Problem] = field(default_factory=list)

    def add(self, rule: str, message: str, *place: str | int) -> None:
        """Add a problem at a place of ``competition.yaml``."""
        line = 1 if self.yaml is None else self.yaml.line_of(place)
        self.add_in("competition.yaml", line, rule, message)

    def add_in(self, file: str, line: int, rule: str, message: str) -> None:
        """Add a problem in any file."""
        assert rule in RULES, rule
        severity: Severity = "warning" if rule in WARNINGS else "error"
        self.problems.append(Problem(rule, severity, file, line, message))

    def text(self, value: object, rule: str, what: str, place: Place) -> str | None:
        """Return a value that must be a text with something in it; add a problem if it is not."""
        if isinstance(value, str) and value.strip():
            return value
        self.add(rule, f"{what} is {value!r}; write a text", *place)
        return None

    def whole(self, value: object, rule: str, what: str, place: Place, least: int) -> None:
        """Add a problem if a value is no whole number of at least ``least``."""
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.add(rule, f"{what} is {value!r}; write a whole number from {least}", *place)

    def known(self, mapping: dict[object, object], keys: tuple[str, ...], place: Place) -> None:
        """Add a warning for every key the platform does not know."""
        for key in mapping:
            if key not in keys:
                near = _nearest(str(key), keys)
                self.add(
                    "unknown-key",
                    f"'{key}' is no key here{f'; is {near} meant?' if near else ''}",
                    *place,
                    str(key),
                )


def _nearest(key: str, keys: tuple[str, ...]) -> str | None:
    import difflib

    return next(iter(difflib.get_close_matches(key, keys, n=1)), None)
