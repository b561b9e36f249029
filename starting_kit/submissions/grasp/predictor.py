"""GraSP: how the gradient would flow without the weights, −Σ θ · Hg.

The usual code differentiates a gradient; `zcnas/proxies/grasp.py` says how to do without.

Wang, Zhang and Grosse, "Picking Winning Tickets Before Training by Preserving Gradient Flow", ICLR
2020, arXiv:2002.07376.
"""

from zcnas.proxies import grasp


class ZeroCostPredictor:
    method_type = "grasp"

    def query(self, graph, dataloader=None):
        inputs, targets = next(iter(dataloader))
        return grasp.score(graph, inputs, targets)
