"""The networks of the seven Taskonomy tasks around an encoder: heads, decoders and losses.

TransNAS-Bench-101 searches the encoder; what follows it is fixed by the task:

* class_scene, class_object, room_layout: global average pooling and a linear layer;
* jigsaw: the encoder sees nine tiles one after the other, pooling and a linear layer their
  channels side by side;
* segmentsemantic, autoencoder, normal: a convolutional decoder back to 256×256.

Forged datasets have the same decoders, as much narrower as their encoders' answers are.

The publication trains autoencoder and normal with a discriminator beside this network, as pix2pix
does. It takes no part in the network's answer and in no published parameter count, and is left
out. Encoders come from ``transbench101_micro`` and ``transbench101_macro``.

Reference: Duan et al., "TransNAS-Bench-101: Improving Transferability and Generalizability of
Cross-Task Neural Architecture Search", CVPR 2021, arXiv:2105.11871, section 3 and its code.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from zcnas.benchmarks import Dataset, Target
from zcnas.search_spaces.layers import ReluConvBn
from zcnas.search_spaces.network import Network

STEM_CHANNELS = 64
STEM_STRIDE = 4
DECODER_CHANNELS = 1024
WIDEST_ENCODER = 512
"""Channels that a published cell's encoder answers with; small decoders are in proportion to it."""
LEAST_DECODER_CHANNELS = 32
"""Of the small decoders of forged datasets where the published ones have as many.

With 8 the decoder is too narrow for ten digits, and a network's accuracy is mostly luck.
"""
LEAK = 0.2


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return −mean_B Σ_K targets · log(softmax(logits) + 10⁻⁵), the publication's loss.

    The constant bounds a class's term at −log 10⁻⁵ ≈ 11.5.

    Args:
        logits: (B, K).
        targets: Probabilities (B, K).
    """
    return -(targets * torch.log(logits.softmax(dim=-1) + 1e-5)).sum(dim=-1).mean()


LOSSES: dict[Target, Callable[..., Tensor]] = {
    "label": functional.cross_entropy,
    "permutation": functional.cross_entropy,
    "segmentation": functional.cross_entropy,
    "soft_label": soft_cross_entropy,
    "image": functional.l1_loss,
    "normal": functional.l1_loss,
    "layout": functional.mse_loss,
}


class TaskNetwork(Network):
    """An encoder and what its task puts behind it.

    Inputs are (B, 3, 256, 256), of jigsaw (B, 9, 3, 64, 64); answers are (B, K), of
    segmentsemantic (B, K, 256, 256), of autoencoder and normal (B, 3, 256, 256). A forged dataset
    has another side.
    """

    def __init__(
        self, encoder: nn.Sequential, channels: int, stride: int, dataset: Dataset
    ) -> None:
        """Put the head or decoder of ``dataset`` behind ``encoder``.

        Args:
            encoder: Stem and cells: (B, 3, H, W) to (B, channels, H / stride, W / stride).
            channels: Channels of the encoder's answer.
            stride: How much smaller the encoder's answer is than its input, a power of two.
            dataset: The task.
        """
        super().__init__(dataset.num_classes)
        self.encoder = encoder
        self.decoder = _decoder(channels, stride, dataset)
        self._loss_fn = LOSSES[dataset.target]

    @property
    def stem(self) -> nn.Module:  # type: ignore[override]
        """The encoder's first layers."""
        return self.encoder[0]

    @property
    def cells(self) -> nn.Sequential:  # type: ignore[override]
        """The encoder's cells or residual blocks."""
        return nn.Sequential(*list(self.encoder)[1:])

    @property
    def classifier(self) -> nn.Module:
        """The head or decoder."""
        return self.decoder

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the encoder's answer to images; to tiles, their answers' channels side by side."""
        if images.dim() == 5:
            return torch.cat([self.encoder(tile) for tile in images.unbind(dim=1)], dim=1)
        features: Tensor = self.encoder(images)
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        """Return the task's answer."""
        answer: Tensor = self.decoder(features)
        return answer

    def get_loss_fn(self) -> Callable[[Tensor, Tensor], Tensor]:
        """Return the task's training loss: answers and targets to a scalar, the batch mean."""
        return self._loss_fn


def stem(channels_in: int) -> nn.Sequential:
    """Return the encoders' first layers: (B, C, H, W) to (B, 64, H/4, W/4)."""
    half = STEM_CHANNELS // 2
    return nn.Sequential(
        nn.Conv2d(channels_in, half, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(half),
        ReluConvBn(half, STEM_CHANNELS, 3, stride=2),
    )


def classifier(channels: int, outputs: int) -> nn.Sequential:
    """Return global average pooling and a linear layer: (B, C, H, W) to (B, outputs)."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, outputs))


def _decoder(channels: int, stride: int, dataset: Dataset) -> nn.Module:
    doublings = stride.bit_length() - 1
    scale = channels / WIDEST_ENCODER if dataset.size else 1.0
    if dataset.target in ("image", "normal"):
        return _image_decoder(channels, doublings, scale)
    if dataset.target == "segmentation":
        return _segmentation_decoder(channels, doublings, dataset.num_classes, scale)
    tiles = dataset.input_shape[0] if dataset.target == "permutation" else 1
    return classifier(channels * tiles, dataset.num_classes)


def _scaled(width: int, scale: float) -> int:
    """Return the share of a published width; what is narrow already stays as it is."""
    return max(min(width, LEAST_DECODER_CHANNELS), round(width * scale))


def _segmentation_decoder(
    channels: int, doublings: int, classes: int, scale: float
) -> nn.Sequential:
    """Return 3×3 layers that halve the channels six times at most and double the side as told.

    The first layer widens to 1024 channels, or their share; of the next six, the last
    ``doublings`` are transposed convolutions, and the very last of them keeps its channels; a plain
    convolution gives one channel per class.
    """
    width = _scaled(DECODER_CHANNELS, scale)
    layers = [_conv(channels, width)]
    for index in range(6):
        doubles = index >= 6 - doublings
        narrower = width if index == 5 else _scaled(DECODER_CHANNELS >> (index + 1), scale)
        layers.append((_deconv if doubles else _conv)(width, narrower))
        width = narrower
    return nn.Sequential(*layers, nn.Conv2d(width, classes, 3, padding=1))


def _image_decoder(channels: int, doublings: int, scale: float) -> nn.Sequential:
    """Return the image-to-image decoder: thirteen 3×3 layers, a convolution to RGB and tanh.

    The layers come in six steps. The last layer of a step doubles the side in the last
    ``doublings`` steps, of which there are at least two.
    """
    steps = ((1024, 1024, 512), (512, 256), (128, 64), (64, 32), (32, 16), (32, 16))
    layers: list[nn.Module] = []
    width = channels
    for index, (*plain, last) in enumerate(steps):
        for published in plain:
            layers.append(_conv(width, _scaled(published, scale)))
            width = _scaled(published, scale)
        doubles = index >= len(steps) - max(doublings, 2)
        layers.append((_deconv if doubles else _conv)(width, _scaled(last, scale)))
        width = _scaled(last, scale)
    return nn.Sequential(*layers, nn.Conv2d(width, 3, 3, padding=1), nn.Tanh())


def _conv(channels_in: int, channels_out: int) -> nn.Sequential:
    """Return convolution, BatchNorm, leaky ReLU: (B, C, H, W) to (B, C', H, W)."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1),
        nn.BatchNorm2d(channels_out),
        nn.LeakyReLU(LEAK),
    )


def _deconv(channels_in: int, channels_out: int) -> nn.Sequential:
    """Return transposed convolution, BatchNorm, leaky ReLU: (B, C, H, W) to (B, C', 2H, 2W)."""
    return nn.Sequential(
        nn.ConvTranspose2d(channels_in, channels_out, 3, stride=2, padding=1, output_padding=1),
        nn.BatchNorm2d(channels_out),
        nn.LeakyReLU(LEAK),
    )
