"""The base class of predictors in 2022."""

from __future__ import annotations

from typing import Any


class Predictor:
    """Stores the search space; entries override ``pre_process`` and ``query``."""

    def __init__(self, ss_type: str | None = None, encoding_type: str | None = None) -> None:
        self.ss_type = ss_type
        self.encoding_type = encoding_type

    def set_ss_type(self, ss_type: str) -> None:
        """Store the search space: nasbench101, nasbench201, nasbench301 or transbench101."""
        self.ss_type = ss_type

    def pre_process(self) -> None:
        """Prepare for queries; called once per benchmark."""

    def query(self, graph: Any, dataloader: Any = None) -> float:
        """Return a network's score; a higher score ranks higher."""
        raise NotImplementedError
