"""The size of the first gradient times the number of parameters, in the manner of 2022's entries.

Two weak signals that err on different networks often rank better together than either alone.
"""


class ZeroCostPredictor:
    method_type = "grad_norm x params"

    def query(self, graph, dataloader=None):
        inputs, targets = next(iter(dataloader))
        graph.get_loss_fn()(graph(inputs), targets).backward()
        parameters = list(graph.parameters())
        return sum(p.grad.norm().item() for p in parameters) * sum(p.numel() for p in parameters)
