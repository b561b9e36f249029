"""What every network of every search space has in common.

A predictor is given a ``Network``: an ``nn.Module`` in train mode that also knows its number of
classes and its loss, as the networks of the 2022 competition did, and answers the calls that
published proxies make of theirs.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

from zcnas.benchmarks import Spec


class Network(nn.Module):
    """Base class of all networks: inputs (B, C, H, W) to logits (B, K).

    A network of the five search spaces is a ``stem``, its ``cells`` in the order in which they
    run, and a ``classifier``, which for a dense task is a decoder. What stands between two stages
    (a residual block, a pooling) counts as a cell.

    Attributes:
        num_classes: K.
        spec: The architecture; set by ``build_network``.
    """

    stem: nn.Module
    cells: nn.Sequential | nn.ModuleList
    spec: Spec

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes

    def forward(self, images: Tensor) -> Tensor:
        """Return the answer to images (B, C, H, W): logits (B, K), or an image of a dense task."""
        return self.forward_head(self.forward_features(images))

    def forward_features(self, images: Tensor) -> Tensor:
        """Return what ``forward_head`` is given: features (B, C', H', W') before they are pooled.

        Raises:
            NotImplementedError: The network of a plugin, which need not have this.
        """
        raise NotImplementedError(f"{type(self).__name__} has no features before its pooling")

    def forward_head(self, features: Tensor) -> Tensor:
        """Return the answer to the features of ``forward_features``."""
        raise NotImplementedError(f"{type(self).__name__} has no head of its own")

    def forward_before_global_avg_pool(self, images: Tensor) -> Tensor:
        """Return ``forward_features(images)``: NASLib's name for it."""
        return self.forward_features(images)

    def forward_pre_GAP(self, images: Tensor) -> Tensor:  # noqa: N802 - a published name
        """Return ``forward_features(images)``: the name in the code of Zen-NAS."""
        return self.forward_features(images)

    def features_and_logits(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pooled features (B, C') and the logits (B, K), as networks of XAutoDL do."""
        features = self.forward_features(images)
        pooled = functional.adaptive_avg_pool2d(features, 1).flatten(1)
        return pooled, self.forward_head(features)

    def extract_cell_features(self, images: Tensor) -> list[Tensor]:
        """Return the features (B, C', H', W') after the stem and after each cell, in that order.

        Of jigsaw, which sees nine tiles one after the other, those of the first tile.
        """
        features: list[Tensor] = []
        parts = [self.stem, *self.cells]
        hooks = [
            part.register_forward_hook(lambda _part, _inputs, answer: features.append(answer))
            for part in parts
        ]
        try:
            self.forward_features(images)
        finally:
            for hook in hooks:
                hook.remove()
        return features[: len(parts)]

    def get_loss_fn(self) -> Callable[[Tensor, Tensor], Tensor]:
        """Return the training loss.

        Logits (B, K) and labels (B,) to a scalar, the mean over the batch.
        """
        return functional.cross_entropy
