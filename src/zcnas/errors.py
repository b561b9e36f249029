"""Every error that this project raises deliberately.

    ZcnasError
    ├── UsageError            an argument, option or environment variable cannot be used
    ├── InvalidArchitecture   an architecture is not part of its search space
    ├── InvalidSubmission     a submission cannot be accepted as it was submitted
    ├── ArrivalsError         submissions.csv is malformed or lacks something the phase needs
    ├── PhaseError            an unknown phase or benchmark, or a broken phases.toml
    ├── PluginError           a plugin cannot be loaded, or its name is already taken
    ├── InputDataError        a benchmark's architectures or minibatch cannot be read
    ├── DownloadError         a published file could not be downloaded completely
    ├── TableError            an accuracy table is missing, damaged or a different table
    ├── AnalysisError         an analysis cannot be made of these scores or benchmarks
    ├── SearchError           a search cannot be run as asked, or its algorithm is unknown
    ├── ReferenceDataError    hidden accuracies are missing, malformed or unusable
    ├── ProxyError            a proxy is unknown or undefined for its arguments
    ├── PredictionError       predictions contradict the reference they are scored against
    ├── BundleError           a competition's bundle or its competition.yaml is broken
    ├── PlatformError         a platform refuses, cannot be reached, or answers something unexpected
    ├── ResultsError          a results folder belongs to another run, is damaged or is in use
    ├── ServingError          a server's folder is in use, of another version, or cannot be one
    ├── WorkerFault           the worker died, fell silent or broke the protocol
    └── OrganiserError        our machine failed: no engine, no image, no disk, no CPU

A message names the bad value, what is allowed and the next step. Nothing here imports another
module.
"""

from __future__ import annotations

MAX_PROBLEMS = 20
"""Problems of a submission that are kept."""
MAX_PROBLEM = 600
"""Characters of one that are kept."""


class ZcnasError(Exception):
    """Base of all errors whose message is meant for the person at the terminal."""


class UsageError(ZcnasError):
    """An argument, an option or an environment variable of a command cannot be used."""


class InvalidArchitecture(ZcnasError):  # noqa: N818 - the field speaks of invalid architectures
    """An architecture is not part of its search space."""


class InvalidSubmission(ZcnasError):  # noqa: N818
    """A submission cannot be accepted.

    ``problems`` lists the reasons found, each with a remedy: the first twenty, each cut to what one
    reads, and how many there are. A stranger decides how many, and all are kept and shown.
    """

    def __init__(self, name: str, problems: list[str]) -> None:
        self.name = name
        self.problems = [_cut(problem) for problem in problems[:MAX_PROBLEMS]]
        if (more := len(problems) - MAX_PROBLEMS) > 0:
            self.problems.append(f"and {more} more; fix these first")
        listing = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"submission '{name}' cannot be accepted:{listing}")


def _cut(problem: str) -> str:
    half = MAX_PROBLEM // 2
    return problem if len(problem) <= MAX_PROBLEM else f"{problem[:half]} […] {problem[-half:]}"


class ArrivalsError(ZcnasError):
    """``submissions.csv`` is malformed, or lacks something the phase's rule needs."""


class PhaseError(ZcnasError):
    """A phase or benchmark is unknown, or ``phases.toml`` is broken."""


class PluginError(ZcnasError):
    """A plugin cannot be loaded, has the wrong type for its group, or its name is taken."""


class InputDataError(ZcnasError):
    """A benchmark's architectures or minibatch cannot be read."""


class DownloadError(ZcnasError):
    """A published file could not be downloaded completely."""


class TableError(ZcnasError):
    """An accuracy table is missing, is damaged, or is a different table."""


class AnalysisError(ZcnasError):
    """An analysis cannot be made of these scores or benchmarks, or its name is unknown."""


class SearchError(ZcnasError):
    """A search cannot be run as it was asked for, or its algorithm or proxy is unknown."""


class ReferenceDataError(ZcnasError):
    """Hidden accuracies are missing, malformed or unusable for a ranking."""


class ProxyError(ZcnasError):
    """A proxy is unknown, or undefined for this network, minibatch or task."""


class PredictionError(ZcnasError):
    """A predictions file contradicts the reference it is scored against."""


class BundleError(ZcnasError):
    """A competition bundle, or the settings it is built from, is broken or incomplete."""


class PlatformError(ZcnasError):
    """A platform refuses a request, cannot be reached, or answers something unexpected."""


class ResultsError(ZcnasError):
    """A results folder belongs to another run, is damaged, or is being written to by one."""


class ServingError(ZcnasError):
    """A server's folder is in use, of another version, or lacks what a command asks for."""


class WorkerFault(ZcnasError):  # noqa: N818
    """The worker died, stopped answering or broke the protocol after the submission was loaded."""


class OrganiserError(ZcnasError):
    """The organiser's machine failed; no participant is penalised for it."""
