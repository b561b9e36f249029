"""Zen-score: how strongly the features of a network with random weights react to its input.

The formula and its edge cases are in `zcnas/proxies/zen.py`.

Lin et al., "Zen-NAS", ICCV 2021, arXiv:2102.01063.
"""

from zcnas.proxies import zen


class ZeroCostPredictor:
    method_type = "zen"

    def query(self, graph, dataloader=None):
        inputs, targets = next(iter(dataloader))
        return zen.score(graph, inputs, targets)
