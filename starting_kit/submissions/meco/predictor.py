"""MeCo: how independent the channels of every feature map are.

For one image, the channels of a module's output are C vectors of H·W numbers with correlation
matrix P; the score is the sum of P's smallest eigenvalue over all modules. A channel that does not
vary correlates with none, not even itself. As in public code every module counts, containers too,
so an output counts once for each module that ends with it.

Jiang, Wang and Bie, "MeCo: Zero-Shot NAS with One Data and Single Forward Pass via Minimum
Eigenvalue of Correlation", NeurIPS 2023.
"""

import torch


class ZeroCostPredictor:
    method_type = "meco"

    def query(self, graph, dataloader=None):
        inputs, _ = next(iter(dataloader))
        smallest = []

        def add_eigenvalue(module, args, output):
            channels = output[0].reshape(len(output[0]), -1).double()
            if channels.shape[1] == 1:
                return
            correlations = torch.corrcoef(channels).nan_to_num(0.0)
            smallest.append(torch.linalg.eigvalsh(correlations)[0].item())

        for module in graph.modules():
            module.register_forward_hook(add_eigenvalue)
        with torch.no_grad():
            graph(inputs[:1])
        return sum(smallest)
