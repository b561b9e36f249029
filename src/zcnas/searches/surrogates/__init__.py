"""Models that predict accuracies from features: ``fit`` and ``predict``.

XGBoost, with the settings of the analyses (White et al., NeurIPS 2021), as a regression or as a
binary relation, alone or as an ensemble. Needs the extra ``research``.
"""

from __future__ import annotations

from zcnas.searches.surrogates.trees import Ensemble, Relation, Surrogate, Trees, normal_scores

__all__ = ["Ensemble", "Relation", "Surrogate", "Trees", "normal_scores"]
