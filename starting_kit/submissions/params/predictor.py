"""Bigger is better: the number of parameters."""


class ZeroCostPredictor:
    method_type = "params"

    def query(self, graph, dataloader=None):
        return sum(parameter.numel() for parameter in graph.parameters())
