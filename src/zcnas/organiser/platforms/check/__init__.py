"""Checks whether a platform would accept a bundle: all rules at once, with file and line.

    codabench.zip, codalab.zip, or a folder ──▶ check ──▶ problems

The rules are the platforms' own, learned from their documentation and from what they reject or,
worse, silently accept. The bundle may be ours or anyone's; nothing in it is run.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml

from zcnas.organiser.platforms.check.codabench import check_codabench
from zcnas.organiser.platforms.check.codalab import check_codalab
from zcnas.organiser.platforms.check.dates import Moment
from zcnas.organiser.platforms.check.findings import RULES, Findings, Problem
from zcnas.organiser.platforms.check.located import read_yaml
from zcnas.organiser.platforms.check.ours import check_ours
from zcnas.organiser.platforms.check.source import BundleFiles, open_bundle

__all__ = ["RULES", "BundleReport", "Problem", "check_bundle", "check_files"]

YAML_NAME = "competition.yaml"


@dataclass(frozen=True)
class BundleReport:
    """What was found in a bundle.

    Attributes:
        bundle: Its path.
        version: "2", "1.5", or "" if it could not be determined.
        problems: Sorted by file and line.
    """

    bundle: str
    version: str
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether a platform would accept it; warnings do not count."""
        return all(problem.severity == "warning" for problem in self.problems)


def check_bundle(path: Path, now: Moment | None = None) -> BundleReport:
    """Return a report of every problem in a bundle.

    Args:
        path: A zip or a folder.
        now: The moment that dates are compared with, in UTC; the present by default.
    """
    findings = Findings()
    files = open_bundle(path, findings)
    if files is None:
        return _report(str(path), "", findings)
    return check_files(files, now, str(path), findings)


def check_files(
    files: BundleFiles,
    now: Moment | None = None,
    name: str = "",
    findings: Findings | None = None,
) -> BundleReport:
    """Return a report of every problem in the files of a bundle.

    Args:
        files: They.
        now: As for ``check_bundle``.
        name: What the report calls the bundle.
        findings: Problems found before.
    """
    found = findings or Findings()
    version = _check(files, found, now or datetime.datetime.now(datetime.UTC).replace(tzinfo=None))
    return _report(name, version, found)


def _report(name: str, version: str, findings: Findings) -> BundleReport:
    found = sorted(findings.problems, key=lambda problem: (problem.file, problem.line))
    return BundleReport(name, version, tuple(dict.fromkeys(found)))


def _check(files: BundleFiles, findings: Findings, now: Moment) -> str:
    content = files.read(YAML_NAME)
    if content is None:
        deeper = [name for name in files.names if PurePosixPath(name).name == YAML_NAME]
        found = (
            f"it is at {deeper[0]}: zip the folder's content" if deeper else "add one to the bundle"
        )
        findings.add("yaml-place", f"there is no {YAML_NAME} at the root; {found}")
        return ""
    try:
        findings.yaml = read_yaml(content.decode())
    except UnicodeDecodeError:
        findings.add("yaml-syntax", f"{YAML_NAME} is not UTF-8; save it as UTF-8")
        return ""
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        reason = getattr(error, "problem", None) or "it is not YAML"
        findings.add_in(
            YAML_NAME, line, "yaml-syntax", f"{reason}; fix this line or the one before it"
        )
        return ""
    competition = findings.yaml.value
    if not isinstance(competition, dict):
        kind = type(competition).__name__
        findings.add("yaml-syntax", f"{YAML_NAME} contains a {kind}; write a mapping")
        return ""
    for key, line in findings.yaml.duplicates:
        message = f"'{key}' is a duplicate key, and only the last one counts; keep one"
        findings.add_in(YAML_NAME, line, "yaml-duplicate", message)
    version = competition.get("version")
    if str(version) == "2":
        check_codabench(competition, files, findings, now)
        check_ours(competition, files, findings)
        return "2"
    if version is None or str(version) in ("1", "1.5"):
        check_codalab(competition, files, findings, now)
        check_ours(competition, files, findings)
        return "1.5"
    findings.add("version", f"version is {version!r}; write 2, or leave it out for 1.5", "version")
    return ""
