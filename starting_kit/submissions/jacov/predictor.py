"""Jacobian covariance: how differently the network answers to different images.

J holds, per image, the gradient of the summed logits to its pixels. If no two rows correlate, the
eigenvalues v of their correlation matrix are all 1 and the score is at its maximum. A network that
does not see its images has rows of zeros, which count as equal.

Mellor et al., "Neural Architecture Search without Training", 2020, arXiv:2006.04647v1.
"""

import torch


class ZeroCostPredictor:
    method_type = "jacov"

    def query(self, graph, dataloader=None):
        inputs, _ = next(iter(dataloader))
        inputs = inputs.clone().requires_grad_()
        graph(inputs).sum().backward()
        rows = inputs.grad.flatten(1).double()
        correlations = torch.corrcoef(rows).nan_to_num(1.0)
        eigenvalues = torch.linalg.eigvalsh(correlations).clamp(min=0) + 1e-5
        return -(eigenvalues.log() + 1 / eigenvalues).sum().item()
