"""SWAP: how many different patterns the ReLUs of an untrained network show over a minibatch.

Every ReLU unit leaves a pattern over B images: on which of them it is active. The score is the
number of different patterns over all units. Unlike NWOT it compares units, not images.

Peng et al., "SWAP-NAS: Sample-Wise Activation Patterns for Ultra-fast NAS", ICLR 2024,
arXiv:2403.04161. Without the regularisation by size; a pattern is one number of 64 bits.
"""

import numpy as np
import torch
from torch import nn


class ZeroCostPredictor:
    method_type = "swap"

    def query(self, graph, dataloader=None):
        inputs, _ = next(iter(dataloader))
        patterns = []

        def add_patterns(module, args, output):
            active = output[:64].flatten(1).numpy() > 0  # (B, units)
            padded = np.zeros((8, active.shape[1]), np.uint8)
            packed = np.packbits(active, axis=0)
            padded[: len(packed)] = packed
            patterns.append(np.unique(np.ascontiguousarray(padded.T).view(np.uint64)))

        for module in graph.modules():
            if isinstance(module, nn.ReLU):
                module.register_forward_hook(add_patterns)
        with torch.no_grad():
            graph(inputs[:64])
        return len(np.unique(np.concatenate(patterns))) if patterns else 0
