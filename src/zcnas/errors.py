"""Every error this project raises on purpose.

    ZcnasError
    ├── InvalidArchitecture   an architecture is not part of its search space
    ├── InvalidSubmission     a submission cannot be accepted as it was handed in
    ├── ArrivalsError         submissions.csv is malformed or says too little
    ├── PhaseError            an unknown phase or benchmark, or a broken phases.toml
    ├── InputDataError        a benchmark's architectures or minibatch cannot be read
    ├── DownloadError         a published file could not be fetched whole
    ├── TableError            an accuracy table is missing, foreign or damaged
    ├── ReferenceDataError    hidden accuracies are missing, malformed or of no use
    ├── ProxyError            a proxy is unknown, or not defined for what it was given
    ├── PredictionError       predictions contradict the reference they are scored against
    ├── BundleError           a competition's bundle or its competition.yaml is broken
    ├── ResultsError          a results folder belongs to another run, is damaged or in use
    ├── WorkerFault           the worker died, fell silent or broke the protocol
    └── OrganiserError        our machine failed: no engine, no image, no disk, no CPU

A message names the bad value, what is allowed and the next step. Nothing here imports another
module.
"""

from __future__ import annotations


class ZcnasError(Exception):
    """Base of all errors that carry a message for the person in front of the screen."""


class InvalidArchitecture(ZcnasError):  # noqa: N818 - the field speaks of invalid architectures
    """An architecture is not part of its search space."""


class InvalidSubmission(ZcnasError):  # noqa: N818
    """A submission cannot be accepted.

    ``problems`` lists every reason found, each with what to do.
    """

    def __init__(self, name: str, problems: list[str]) -> None:
        self.name = name
        self.problems = problems
        listing = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(f"submission '{name}' cannot be accepted:{listing}")


class ArrivalsError(ZcnasError):
    """``submissions.csv`` is malformed, or says too little for the phase's rule."""


class PhaseError(ZcnasError):
    """A phase or benchmark is unknown, or ``phases.toml`` is broken."""


class InputDataError(ZcnasError):
    """The architectures or the minibatch of a benchmark cannot be read."""


class DownloadError(ZcnasError):
    """A published file could not be fetched whole."""


class TableError(ZcnasError):
    """An accuracy table is missing, belongs to something else, or is damaged."""


class ReferenceDataError(ZcnasError):
    """Hidden accuracies are missing, malformed or of no use for a ranking."""


class ProxyError(ZcnasError):
    """A proxy is unknown, or is not defined for this network, minibatch or task."""


class PredictionError(ZcnasError):
    """A predictions file contradicts the reference it is scored against."""


class BundleError(ZcnasError):
    """A competition's bundle, or the settings it is made from, is broken or incomplete."""


class ResultsError(ZcnasError):
    """A results folder belongs to another run, is damaged, or another run is writing to it."""


class WorkerFault(ZcnasError):  # noqa: N818
    """The worker died, fell silent or broke the protocol after the submission was loaded."""


class OrganiserError(ZcnasError):
    """The organiser's machine failed; no participant is charged for it."""
