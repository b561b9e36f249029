"""Follows the paths of a network from the image to its answer and counts its arithmetic.

Every operation that the network calls passes through ``Trace``. A tensor carries along what is
known of the paths that lead to it: an operation on one tensor hands that on, one on several joins
it. Nothing is read from the architecture's description, so networks of any space can be traced.
"""

from dataclasses import dataclass, replace

import torch
from torch.overrides import TorchFunctionMode

CONVOLUTIONS = {"conv2d", "conv_transpose2d"}
PRODUCTS = {"mul", "__mul__", "__rmul__", "multiply"}


@dataclass(frozen=True)
class Paths:
    """The paths from the image to a tensor.

    Attributes:
        longest: Convolutions larger than 1×1 on the longest path.
        shortest: Convolutions of any size on the shortest path.
        pools: Poolings on a path, the mean where each input of a join counts the same.
        halvings: How often the side is halved, at most.
    """

    longest: int = 0
    shortest: int = 0
    pools: float = 0.0
    halvings: int = 0


def join(paths):
    """Return the paths that lead to a sum or a concatenation."""
    return Paths(
        longest=max(each.longest for each in paths),
        shortest=min(each.shortest for each in paths),
        pools=sum(each.pools for each in paths) / len(paths),
        halvings=max(each.halvings for each in paths),
    )


class Trace(TorchFunctionMode):
    """Knows the paths to every tensor that a network makes while it is active; counts ``macs``.

    ``with Trace(images) as trace: answer = network(images)``, then ``trace.of(answer)``. All
    tensors are kept until the trace goes, so trace few images.
    """

    def __init__(self, images):
        super().__init__()
        self.macs = 0
        self.known = {id(images): (images, Paths())}

    def of(self, tensor):
        """Return a tensor's paths, or None if no path leads from the images to it."""
        return self.known.get(id(tensor), (None, None))[1]

    def __torch_function__(self, func, types, args=(), kwargs=None):
        answer = func(*args, **(kwargs or {}))
        name = func.__name__
        given = [*args, *(kwargs or {}).values()]
        sources = [paths for each in tensors(given) if (paths := self.of(each)) is not None]
        blocked = name in PRODUCTS and any(isinstance(x, int | float) and x == 0 for x in given)
        if sources and not blocked:
            self.macs += multiplications(name, args, answer)
            paths = join(sources)
            for each in tensors([answer]):
                self.known[id(each)] = each, after(name, paths, args, each)
        return answer


def multiplications(name, args, answer):
    """Return the multiply-accumulates of a layer, 0 of any other operation."""
    if name not in {*CONVOLUTIONS, "linear"}:
        return 0
    moved = args[0] if name == "conv_transpose2d" else answer
    return moved.numel() * args[1][0].numel()


def after(name, paths, args, answer):
    """Return the paths after an operation."""
    pooling = "pool2d" in name and "adaptive" not in name
    if name in CONVOLUTIONS:
        large = args[1].shape[-1] > 1
        paths = replace(paths, longest=paths.longest + large, shortest=paths.shortest + 1)
    elif pooling:
        paths = replace(paths, pools=paths.pools + 1)
    if (name in CONVOLUTIONS or pooling) and answer.shape[-1] < args[0].shape[-1]:
        paths = replace(paths, halvings=paths.halvings + 1)
    return paths


def tensors(values):
    """Yield the tensors in arguments or in an answer."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from tensors(value)
