"""The reference predictor: what NASWOT misses is read off the paths through the network.

``longest`` counts the convolutions larger than 1×1 on the longest path, ``shortest`` all on the
shortest, ``pools`` the poolings on a path on average, ``halvings`` how often the side is halved
(`trace.py`). `formula.py` makes a score of them. A network whose answer does not depend on the
image ranks last. The weights were chosen on published accuracies by timings/choose_reference.py;
docs/reports/reference.md says on which, and what they reach on others.
"""

import numpy as np
import torch

from zcnas.proxies import nwot

from .formula import formula, reconstructs
from .trace import Paths, Trace


class ZeroCostPredictor:
    method_type = "reference"

    def query(self, graph, dataloader=None):
        inputs, targets = next(iter(dataloader))
        images = inputs[:2]
        with torch.no_grad(), Trace(images) as trace:
            paths = trace.of(graph(images))
        parts = {
            "alive": int(paths is not None),
            "reconstructs": int(reconstructs(images, targets[:2])),
            "macs": trace.macs,
            "nwot": nwot.score(graph, inputs, targets) if paths else -np.inf,
        }
        return parts | vars(paths or Paths())

    def combine(self, answers):
        alive = [answer["alive"] for answer in answers]
        return np.where(alive, formula(answers), -np.inf).tolist()
