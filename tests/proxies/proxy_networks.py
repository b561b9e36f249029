"""Small networks in float64 for the tests of the proxies, and plain arithmetic on them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

BATCH = 6
CLASSES = 3


class Branches(nn.Module):
    """Conv, BN, ReLU, both poolings, skip, zero, a conv no BN rescales, and a functional ReLU."""

    num_classes = CLASSES

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4))
        self.conv = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.average = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
        self.maximum = nn.MaxPool2d(3, 1, 1)
        self.shortcut = nn.Conv2d(4, 4, 1, stride=2, bias=False)
        self.deep = nn.Sequential(
            nn.ReLU(), nn.Conv2d(4, 4, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(4)
        )
        self.head = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
        self.classifier = nn.Linear(4, CLASSES)

    def get_loss_fn(self) -> Callable[[Tensor, Tensor], Tensor]:
        return functional.cross_entropy

    def forward(self, images: Tensor) -> Tensor:
        node = self.stem(images)
        branch = self.norm(self.conv(functional.relu(node)))
        node = node + branch + self.average(node) + self.maximum(branch) + branch * 0.0
        node = self.deep(node) + self.shortcut(node)
        logits: Tensor = self.classifier(self.head(node).flatten(1))
        return logits


class Chain(nn.Module):
    """Convolutions and ReLUs without bias and BatchNorm, then a linear layer without bias."""

    num_classes = CLASSES

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, 4, 3, bias=False),
            nn.ReLU(),
            nn.Conv2d(4, 3, 3, bias=False),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(3 * 2 * 2, CLASSES, bias=False),
        )

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images)
        return logits


class Dense(nn.Module):
    """An encoder and decoder: biases, concatenation, slices, leaky ReLU, transposed conv, tanh."""

    num_classes = 2

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Conv2d(2, 4, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(4, affine=False)
        self.depthwise = nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False)
        self.pointwise = nn.Conv2d(4, 4, 1)
        self.joined = nn.BatchNorm2d(8)
        self.decode = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.last = nn.Conv2d(4, 2, 3, padding="same")

    def get_loss_fn(self) -> Callable[[Tensor, Tensor], Tensor]:
        return functional.mse_loss

    def forward(self, images: Tensor) -> Tensor:
        features = functional.leaky_relu(self.norm(self.encode(images)), 0.2)
        other = self.pointwise(self.depthwise(functional.relu(features)))
        features = self.joined(torch.cat([features[:, :4], other], dim=1))
        return torch.tanh(self.last(torch.relu(self.decode(features))))


class Dead(nn.Module):
    """A network whose answer does not depend on its input."""

    num_classes = CLASSES

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.classifier = nn.Linear(4, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        features = functional.relu(self.norm(self.conv(images * 0.0)))
        logits: Tensor = self.classifier(functional.adaptive_avg_pool2d(features, 1).flatten(1))
        return logits


def build(network_type: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    """Return the network in float64 with BatchNorm away from its initial γ = 1, β = 0."""
    torch.manual_seed(seed)
    network = network_type().double()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and module.affine:
            nn.init.uniform_(module.weight, 0.5, 1.5)
            if network_type is not Dead:
                nn.init.uniform_(module.bias, -0.5, 0.5)
    return network


def minibatch(network: nn.Module, seed: int = 1) -> tuple[Tensor, Tensor]:
    """Return (B, 2, 6, 6) images and labels, or target images for ``Dense``."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(BATCH, 2, 6, 6, generator=generator, dtype=torch.float64)
    if isinstance(network, Dense):
        return images, torch.rand(BATCH, 2, 6, 6, generator=generator, dtype=torch.float64)
    return images, torch.tensor([0, 0, 1, 1, 1, 2])


def theta(network: nn.Module) -> list[nn.Parameter]:
    """Return the weights of convolutions and linear layers."""
    return [m.weight for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]


def loss(network: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    """Return the loss as a user of the network would compute it."""
    loss_fn = network.get_loss_fn() if hasattr(network, "get_loss_fn") else nn.CrossEntropyLoss()
    value: Tensor = loss_fn(network(images), targets)
    return value


def loss_gradients(network: nn.Module, images: Tensor, targets: Tensor) -> list[Tensor]:
    """Return ∂L/∂θ_l by an ordinary backward."""
    return list(torch.autograd.grad(loss(network, images, targets), theta(network)))
