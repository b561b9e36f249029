"""A network that computes the same as another and is written differently.

For the audit: a method that looks at what a network does gives both the same score, up to rounding;
a table of architectures does not know the second one.
"""

from __future__ import annotations

import torch
from torch import Tensor, fx, nn

from zcnas.search_spaces.network import Network

_SEED = 1
_PASSES = (nn.BatchNorm2d, nn.ReLU, nn.Identity)
"""Layers that treat every channel alike, whatever its place."""


def disguise(network: Network) -> Network:
    """Return the network itself, changed: the same function of the same images.

    Where only one convolution reads what another one writes, the channels between them change
    places. Every layer of the cells moves into a sequence with an identity, so that names and
    printed form are other ones. Draws no random number.
    """
    generator = torch.Generator().manual_seed(_SEED)
    for writer, norms, reader in _private_channels(network):
        order = torch.randperm(writer.out_channels, generator=generator)
        with torch.no_grad():
            writer.weight.copy_(writer.weight[order])
            reader.weight.copy_(reader.weight[:, order])
            for each in _per_channel(writer, norms):
                each.copy_(each[order])
    for part in list(network.cells.modules()):
        for name, child in list(part.named_children()):
            if not list(child.children()) and list(child.parameters()):
                setattr(part, name, nn.Sequential(nn.Identity(), child))
    return network


def _per_channel(writer: nn.Conv2d, norms: list[nn.BatchNorm2d]) -> list[Tensor]:
    """Return all tensors (C,) of the channels that change places."""
    tensors = [writer.bias]
    for norm in norms:
        tensors += [norm.weight, norm.bias, norm.running_mean, norm.running_var]
    return [each for each in tensors if each is not None]


def _private_channels(
    network: Network,
) -> list[tuple[nn.Conv2d, list[nn.BatchNorm2d], nn.Conv2d]]:
    """Return every pair of convolutions of which the second alone reads the first."""
    try:
        graph = fx.Tracer().trace(network)
    except (fx.proxy.TraceError, TypeError, NotImplementedError):
        return []  # its forward decides by what it computes
    modules = dict(network.named_modules())
    found, seen = [], set[int]()
    for node in graph.nodes:
        writer = _module_at(node, modules)
        if not isinstance(writer, nn.Conv2d) or writer.groups != 1 or id(writer) in seen:
            continue
        norms: list[nn.BatchNorm2d] = []
        after = _only_user(node)
        while after is not None and isinstance(layer := _module_at(after, modules), _PASSES):
            norms += [layer] if isinstance(layer, nn.BatchNorm2d) else []
            after = _only_user(after)
        reader = _module_at(after, modules)
        if isinstance(reader, nn.Conv2d) and reader.groups == 1 and reader is not writer:
            found.append((writer, norms, reader))
        seen.add(id(writer))
    return found


def _only_user(node: fx.Node) -> fx.Node | None:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _module_at(node: fx.Node | None, modules: dict[str, nn.Module]) -> nn.Module | None:
    if node is None or node.op != "call_module":
        return None
    return modules[str(node.target)]
