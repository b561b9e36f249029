"""The findings of a check: which rule is broken, in which file and line, and how to fix it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from zcnas.organiser.platforms.check.located import Place, Yaml

Severity = Literal["error", "warning"]

RULES: dict[str, str] = {
    "bundle": "a bundle is a readable zip or folder",
    "member-name": "names in a zip are relative and stay inside it",
    "yaml-place": "competition.yaml is at the root, not in a top-level folder",
    "yaml-syntax": "competition.yaml is a YAML mapping",
    "yaml-duplicate": "no mapping has a duplicate key: the platform uses the last one",
    "version": "version is 2 (Codabench), or absent or 1.5 (CodaLab)",
    "title": "a competition has a title",
    "image": "image names a logo in the bundle: PNG, JPEG or GIF",
    "terms": "terms names a page in the bundle",
    "pages": "pages is a list of titles and files (1.5: html is a mapping of name to file)",
    "page-file": "every page is a file in the bundle",
    "page-empty": "no page is empty",
    "docker-image": "the Docker image is a name without spaces, of at most 128 characters",
    "docker-image-missing": "a competition names its image, or a platform takes an old one",
    "text": "description and reward are texts, competition_type is competition or benchmark",
    "switch": "a switch is true or false",
    "contact-email": "contact_email is one e-mail address",
    "queue": "queue is the vhost of a queue, a UUID",
    "fact-sheet": "a fact sheet maps keys to questions with all six fields",
    "page-picture": "a page's pictures are inside it or on the web: a platform keeps its text only",
    "tasks": "tasks is a list of mappings, each with a unique index and a name",
    "part-file": "programs, data and kits are zips or folders in the bundle",
    "part-zip": "a zip can be unzipped and contains at least one file",
    "scoring-program": "every task has a scoring program",
    "metadata": "a program has metadata.yaml or metadata at its root, with a command",
    "command-shell": "a command is run without a shell",
    "command-placeholder": "a command uses only placeholders that the platform replaces",
    "command-path": "a command uses only paths that exist in its step",
    "command-script": "the script named in a command is in the program",
    "hidden-truth": "reference data is not given to participants or their submissions",
    "phases": "phases is a list (1.5: a mapping) with at least one phase",
    "phase-name": "a phase has a unique name",
    "phase-date": "a phase has valid dates and ends after it starts",
    "phase-date-quotes": "a phase's times are quoted: of an unquoted time a platform keeps only "
    "the day",
    "phase-date-zone": "a phase's times are in UTC: a platform drops the offset of another zone",
    "phase-date-day": "an end has a time: without one it is the first second of its day",
    "phase-date-order": "day and month of a date cannot be mistaken for each other",
    "phase-past": "a phase ends in the future",
    "phase-order": "a phase starts after the previous one has ended",
    "phase-end": "every phase except the last has an end",
    "phase-number": "phase numbers and indexes are integers, each used once",
    "phase-task": "a phase names at least one task, and only existing ones",
    "phase-limit": "limits on time and submissions are whole numbers",
    "phase-limit-zero": "a limit of 0 means none to a platform",
    "time-granted": "without a queue a platform cuts a phase's time limit",
    "phase-migration": "nothing can migrate into the first phase",
    "leaderboards": "there is a leaderboard, under the key that the bundle's version uses",
    "leaderboard-key": "a leaderboard has a title and a unique key, 64 and 36 characters at most",
    "leaderboard-second": "one leaderboard serves all phases",
    "primary-column": "the column by which a leaderboard is ordered exists",
    "columns": "a leaderboard has columns",
    "column-key": "a column has a unique key",
    "column-title": "a column has a title",
    "column-length": "keys and titles of columns have at most 36 characters",
    "column-index": "a column has a unique index, an integer of at least 0",
    "column-sorting": "a column sorts asc or desc",
    "column-computation": "a computation is sum, avg, min or max of existing columns",
    "column-precision": "a column shows 0 to 10 decimals, as many as are stored",
    "solutions": "a solution has an index, a path in the bundle and a list of existing tasks",
    "registration": "the organiser approves who takes part: nobody has two accounts",
    "submission-rule": "a rule, not the participant, chooses what is on the leaderboard",
    "submission-rule-name": "submission_rule is one that the platform knows",
    "junk": "a bundle contains no files added by operating systems",
    "unknown-key": "a key that the platform does not know is silently ignored",
    "own-image": "our image has a name that a worker elsewhere can pull",
    "own-programs": "our programs are whole and in their places",
    "own-version": "our programs are those of this version",
    "own-phase": "a phase has its own phase.json, the same in both halves",
    "own-layout": "a phase's input data is inside its ingestion program, and nowhere else",
    "own-halves": "both halves of a phase come from one draw",
    "own-seal": "ingestion and scoring of a phase share one key for seals",
    "own-limit": "a phase's time limit is the one its programs were built for, and is granted",
    "own-draws": "phases that must be disjoint share no architecture, and no draw is used twice",
    "own-feedback": "a platform shows no more than a phase's feedback",
    "own-sharing": "participants do not publish submissions during the competition",
    "own-secret": "what participants can download gives no hidden phase away",
    "own-columns": "the leaderboard has the columns that scoring writes, ordered by score",
    "own-rule": "the leaderboard shows the entries that count",
    "average": "an average skips the columns for which a submission has no score",
}
"""Every rule by name: what is true of a good bundle."""

WARNINGS = (
    *("registration", "submission-rule", "junk", "unknown-key", "average", "phase-date-day"),
    *("phase-date-order", "phase-limit-zero", "time-granted", "docker-image-missing"),
    *("leaderboard-second", "own-version", "own-sharing"),
)
"""What a platform accepts, but probably not as intended."""


@dataclass(frozen=True)
class Problem:
    """A broken rule.

    Attributes:
        rule: A key of ``RULES``.
        severity: An error keeps the bundle from working; a warning may be intended.
        file: A file of the bundle; for a file in a nested zip, ``program.zip/metadata.yaml``.
        line: A line of that file, counted from 1.
        message: The bad value, what is allowed, and the next step.
    """

    rule: str
    severity: Severity
    file: str
    line: int
    message: str


@dataclass
class Findings:
    """Collects problems; positions in ``competition.yaml`` are given by key and index."""

    yaml: Yaml | None = None
    problems: list[Problem] = field(default_factory=list)

    def add(self, rule: str, message: str, *place: str | int) -> None:
        """Add a problem at a position in ``competition.yaml``."""
        line = 1 if self.yaml is None else self.yaml.line_of(place)
        self.add_in("competition.yaml", line, rule, message)

    def add_in(self, file: str, line: int, rule: str, message: str) -> None:
        """Add a problem in any file."""
        assert rule in RULES, rule
        severity: Severity = "warning" if rule in WARNINGS else "error"
        self.problems.append(Problem(rule, severity, file, line, message))

    def text(self, value: object, rule: str, what: str, place: Place) -> str | None:
        """Return a value that must be a non-empty string, or None after adding a problem."""
        if isinstance(value, str) and value.strip():
            return value
        self.add(rule, f"{what} is {value!r}; write a non-empty string", *place)
        return None

    def whole(self, value: object, rule: str, what: str, place: Place, least: int) -> None:
        """Add a problem if a value is not an integer of at least ``least``."""
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.add(rule, f"{what} is {value!r}; write an integer of at least {least}", *place)

    def known(self, mapping: dict[object, object], keys: tuple[str, ...], place: Place) -> None:
        """Add a warning for every key the platform does not know."""
        for key in mapping:
            if key not in keys:
                near = _nearest(str(key), keys)
                self.add(
                    "unknown-key",
                    f"'{key}' is not a known key here; "
                    f"{f'did you mean {near}?' if near else 'remove it'}",
                    *place,
                    str(key),
                )


def _nearest(key: str, keys: tuple[str, ...]) -> str | None:
    import difflib

    return next(iter(difflib.get_close_matches(key, keys, n=1)), None)
