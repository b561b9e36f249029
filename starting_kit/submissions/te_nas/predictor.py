"""TE-NAS: how well a network can be trained and how finely it divides its input, as ranks.

ntk: minus the condition number of the neural tangent kernel G Gᵀ, row n of G the gradient of image
n's summed logits to all weights; 16 images, which share their BatchNorms. regions: how many of the
images' ReLU codes differ. The score is the sum of both ranks over all networks of a benchmark.

Chen, Gong and Wang, "Neural Architecture Search on ImageNet in Four GPU Hours", ICLR 2021,
arXiv:2102.11535.
"""

import hashlib

import torch
from scipy.stats import rankdata
from torch import nn


class ZeroCostPredictor:
    method_type = "te_nas"

    def query(self, graph, dataloader=None):
        inputs, _ = next(iter(dataloader))
        weights = [m.weight for m in graph.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
        rows = []
        for answer in graph(inputs[:16]).flatten(1).sum(1):
            grads = torch.autograd.grad(answer, weights, retain_graph=True, allow_unused=True)
            rows.append(torch.cat([grad.flatten() for grad in grads if grad is not None]))
        gradients = torch.stack(rows).double()
        least, *_, greatest = torch.linalg.eigvalsh(gradients @ gradients.T).tolist()
        codes = [hashlib.sha256() for _ in inputs]

        def extend_codes(module, args, output):
            for code, image in zip(codes, output, strict=False):
                code.update((image.detach() > 0).numpy())

        for module in graph.modules():
            if isinstance(module, nn.ReLU):
                module.register_forward_hook(extend_codes)
        graph(inputs)
        trainable = -greatest / least if least > 0 else float("-inf")
        return {"ntk": trainable, "regions": len({code.digest() for code in codes})}

    def combine(self, answers):
        ranks = (rankdata([answer[part] for answer in answers]) for part in ("ntk", "regions"))
        return sum(ranks).tolist()
