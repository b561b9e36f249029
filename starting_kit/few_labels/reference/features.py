"""Ten numbers of the paths through a network that runs, and NASWOT; all standardised over networks.

Every operation that the network calls passes through ``Trace``. A tensor carries along what is
known of the paths that lead to it: an operation on one tensor hands that on, one on several joins
it. Nothing is read from the architecture's description, so networks of any space can be traced.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from zcnas.proxies import nwot

from .formula import reconstructs

CONVOLUTIONS = {"conv2d", "conv_transpose2d"}
PRODUCTS = {"mul", "__mul__", "__rmul__", "multiply"}


@dataclass(frozen=True)
class Paths:
    """The paths from the image to a tensor; a join's inputs count the same in a mean.

    Attributes:
        number: Of paths.
        longest: Convolutions larger than 1×1 on the longest path.
        deepest: Convolutions of any size on the longest path.
        shortest: Convolutions of any size on the shortest path.
        large: Convolutions larger than 1×1 on a path, the mean.
        small: 1×1 convolutions on a path, the mean.
        pools: Poolings on a path, the mean.
        halvings: How often the side is halved, at most.
    """

    number: float = 1.0
    longest: float = 0.0
    deepest: float = 0.0
    shortest: float = 0.0
    large: float = 0.0
    small: float = 0.0
    pools: float = 0.0
    halvings: float = 0.0


JOINS = {"number": sum, "shortest": min, "longest": max, "deepest": max, "halvings": max}
PARTS = ("macs", "params", "nwot", *(field.name for field in fields(Paths)))
COUNTS = ("macs", "params", "number")
"""Parts that span orders of magnitude: their logarithm counts."""


def features(graph, dataloader):
    """Return ``PARTS`` of a network, and what `formula.py` needs besides.

    ``alive`` is 1 if its answer depends on the image, ``reconstructs`` if it shall give it back.
    """
    inputs, targets = next(iter(dataloader))
    images = inputs[:2]
    with torch.no_grad(), Trace(images) as trace:
        paths = trace.of(graph(images))
    parts = {
        "alive": int(paths is not None),
        "reconstructs": int(reconstructs(images, targets[:2])),
        "macs": trace.macs / len(images) / 1e6,
        "params": sum(each.numel() for each in graph.parameters()) / 1e6,
        "nwot": nwot.score(graph, inputs, targets) if paths else -np.inf,
    }
    return parts | vars(paths or Paths())


def standardised(answers):
    """Return the parts of networks, one row each, with mean 0 and deviation 1 over them.

    Minus infinity counts as the least of a part; a part that is always the same becomes 0.
    """
    rows = np.array([[answer[part] for part in PARTS] for answer in answers], dtype=float)
    counts = [PARTS.index(part) for part in COUNTS]
    rows[:, counts] = np.log1p(rows[:, counts])
    least = np.where(np.isfinite(rows), rows, np.inf).min(axis=0)
    rows = np.maximum(rows, np.where(np.isfinite(least), least, 0))
    deviations = rows.std(axis=0)
    return (rows - rows.mean(axis=0)) / np.where(deviations > 1e-12, deviations, np.inf)


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


def join(paths):
    """Return the paths that lead to a sum or a concatenation."""
    if len(paths) == 1:
        return paths[0]
    values = {field.name: [getattr(each, field.name) for each in paths] for field in fields(Paths)}
    return Paths(**{name: JOINS.get(name, np.mean)(each) for name, each in values.items()})


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
        paths = replace(
            paths,
            longest=paths.longest + large,
            deepest=paths.deepest + 1,
            shortest=paths.shortest + 1,
            large=paths.large + large,
            small=paths.small + (not large),
        )
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
