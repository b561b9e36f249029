"""The base class of predictors in 2022."""

from __future__ import annotations

from typing import Any


class Predictor:
    """Does nothing but remember the search space.

    Entries override ``pre_process`` and ``query``.
    """

    def __init__(self, ss_type: str | None = None, encoding_type: str | None = None) -> None:
        self.ss_type = ss_type
        self.encoding_type = encoding_type

    def set_ss_type(self, ss_type: str) -> None:
        """Remember the search space: nasbench101, nasbench201, nasbench301 or transbench101."""
        self.ss_type = ss_type

    def pre_process(self) -> None:
        """Prepare; called once per benchmark."""

    def query(self, graph: Any, dataloader: Any = None) -> float:
        """Return the score of a network; higher is ranked higher."""
        raise NotImplementedError
