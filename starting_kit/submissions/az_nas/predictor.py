"""AZ-NAS: four views of a network, and their ranks combined over all networks of a benchmark.

With weights from N(0, 2 / fan-in), images from N(0, 1) and H_i the entropy of the features after
the stem (i = 0) and each cell: expressivity Σ H_i, progressivity min (H_i - H_{i-1}), trainability
the mean over the cells; complexity is FLOPs. The score is Σ ln rank. `parts.py` has the formulas.

Lee and Ham, "AZ-NAS: Assembling Zero-Cost Proxies for NAS", CVPR 2024, arXiv:2403.19232.
"""

from itertools import pairwise

import numpy as np
import torch
from scipy.stats import rankdata
from torch import nn

from zcnas.proxies import flops

from .parts import entropy, trainability


class ZeroCostPredictor:
    method_type = "az_nas"

    def query(self, graph, dataloader=None):
        inputs, targets = next(iter(dataloader))
        complexity = flops.score(graph, inputs[:2], targets[:2])
        for module in graph.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        features = graph.extract_cell_features(torch.randn_like(inputs))
        entropies = [entropy(each.detach()) for each in features]
        cells = list(pairwise(features))
        return {
            "expressivity": sum(entropies),
            "progressivity": min(after - before for before, after in pairwise(entropies)),
            "trainability": sum(trainability(*cell) for cell in reversed(cells)) / len(cells),
            "complexity": complexity,
        }

    def combine(self, answers):
        ranks = (rankdata([answer[part] for answer in answers]) for part in answers[0])
        return sum(map(np.log, ranks)).tolist()
