"""NPENAS: evolution whose offspring are chosen by a predictor before they are trained.

Reference: Wei et al., "NPENAS: Neural Predictor Guided Evolution for Neural Architecture Search",
IEEE TNNLS 2022, arXiv:2003.12857; with XGBoost for the predictor, as Krishnakumar et al.,
"NAS-Bench-Suite-Zero", NeurIPS 2022, arXiv:2210.03230, section 5.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zcnas.searches.algorithms.bananas import mutations
from zcnas.searches.algorithms.learning import BATCH, Learning
from zcnas.searches.surrogates import Trees

TOURNAMENT = 5
CANDIDATES = 100


class Npenas(Learning):
    """Parents win tournaments; of their mutations those are trained that are predicted best."""

    def propose(self) -> Sequence[int]:
        """Return mutations of the parents, the best predicted first."""
        everything = list(self.known)
        parents = [
            max(
                (everything[int(self.rng.random() * len(everything))] for _ in range(TOURNAMENT)),
                key=self.known.__getitem__,
            )
            for _ in range(BATCH)
        ]
        pool = mutations(self, parents, CANDIDATES)
        places, accuracies = self.trained()
        predictor = Trees()
        predictor.fit(self.features(places), accuracies)
        predictions = predictor.predict(self.features(pool))
        return [pool[at] for at in np.argsort(-predictions, kind="stable")]
