"""The reference predictor: what NASWOT misses is read off the paths through the network.

    score = z(nwot) + ½ z(macs) + ½ z(longest) − z(pools) − ½ z(halvings),  z over networks

``longest`` counts the convolutions larger than 1×1 on the longest path, ``pools`` the poolings on
a path on average, ``halvings`` how often the side is halved (`trace.py`). A network whose answer
does not depend on the image ranks last. The five weights were chosen on published accuracies by
timings/choose_reference.py; docs/reports/reference.md says on which, and what they reach on others.
"""

import numpy as np
import torch

from zcnas.proxies import nwot

from .trace import Paths, Trace

WEIGHTS = {"nwot": 1, "macs": 0.5, "longest": 0.5, "pools": -1, "halvings": -0.5}


class ZeroCostPredictor:
    method_type = "reference"

    def query(self, graph, dataloader=None):
        inputs, targets = next(iter(dataloader))
        images = inputs[:2]
        with torch.no_grad(), Trace(images) as trace:
            paths = trace.of(graph(images))
        parts = {"alive": int(paths is not None), "macs": trace.macs}
        parts["nwot"] = nwot.score(graph, inputs, targets) if paths else -np.inf
        return parts | vars(paths or Paths())

    def combine(self, answers):
        total = sum(weight * standardised(answers, part) for part, weight in WEIGHTS.items())
        alive = [answer["alive"] for answer in answers]
        return np.where(alive, total, -np.inf).tolist()


def standardised(answers, part):
    """Return a part less its mean over its deviation; minus infinity counts as the least."""
    values = np.array([answer[part] for answer in answers], dtype=float)
    finite = values[np.isfinite(values)]
    values = np.maximum(values, finite.min() if finite.size else 0)
    return (values - values.mean()) / (values.std() or 1)
