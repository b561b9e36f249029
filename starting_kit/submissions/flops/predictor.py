"""The arithmetic of one forward pass: millions of multiply-accumulates per image.

Ning et al., "Evaluating Efficient Performance Estimators of Neural Architectures", NeurIPS 2021,
arXiv:2008.03064.
"""

from zcnas.proxies import flops


class ZeroCostPredictor:
    method_type = "flops"

    def query(self, graph, dataloader=None):
        inputs, targets = next(iter(dataloader))
        return flops.score(graph, inputs, targets)
