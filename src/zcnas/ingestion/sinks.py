"""Where an ingestion's records go: told one by one, as they come about.

The ingestion itself writes no file. On a platform its program writes them (``ingestion.py``), in
the organiser's run a host reports them, and ``Recording`` keeps them for whoever asks at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from zcnas.words.combined import Combined, with_scores
from zcnas.words.records import Manifest, Prediction


class Sink(Protocol):
    """Takes what an ingestion records."""

    def add_manifest(self, manifest: Manifest) -> None:
        """Take the manifest as it stands, before the first prediction and after the last."""
        ...

    def add_prediction(self, prediction: Prediction) -> None:
        """Take what became of one more architecture."""
        ...

    def add_log(self, text: str) -> None:
        """Take what the participant printed since the last time; called from other threads."""
        ...


class CombiningSink(Sink, Protocol):
    """Takes in addition what ``combine`` makes of a whole benchmark's answers."""

    def add_combined(self, combined: Combined) -> None:
        """Take its scores, or why there are none; only of answers in parts, after the last."""
        ...


@dataclass
class Recording:
    """Keeps everything in memory.

    Attributes:
        predictions: One per architecture, in the order they were asked.
        manifests: As it stood before the first and after the last of them.
        combined: What ``combine`` made of the answers; None where it was not called.
        log: What the participant printed.
    """

    predictions: list[Prediction] = field(default_factory=list)
    manifests: list[Manifest] = field(default_factory=list)
    combined: Combined | None = None
    log: str = ""

    @property
    def outcomes(self) -> list[Prediction]:
        """The predictions, with the scores that ``combine`` made."""
        return with_scores(self.predictions, self.combined)

    def add_manifest(self, manifest: Manifest) -> None:
        """Keep a manifest."""
        self.manifests.append(manifest)

    def add_prediction(self, prediction: Prediction) -> None:
        """Keep a prediction."""
        self.predictions.append(prediction)

    def add_combined(self, combined: Combined) -> None:
        """Keep what ``combine`` made of the answers."""
        self.combined = combined

    def add_log(self, text: str) -> None:
        """Keep a piece of the log."""
        self.log += text
