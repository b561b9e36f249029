"""The thirteen zero-cost proxies of NAS-Bench-Suite-Zero, one by one and together.

Each module holds one proxy: formula, direction, choices, and ``score(network, inputs, targets)``.
``PROXIES`` is the table of them; ``evaluate`` computes any subset from passes they share, for
little more than the price of the most expensive one. Higher scores rank higher, for all of them.
Nothing here knows accuracies.

    proxy.py         what a proxy is: a listener to events
    passes.py        the passes that give the events
    interpreter.py   how passes read a network without writing to it
    exact_ops.py     operations in a cheaper, equally exact form
"""

from __future__ import annotations

from collections.abc import Collection

from torch import Tensor, nn

from zcnas import plugins
from zcnas.errors import PluginError, ProxyError
from zcnas.proxies.epe_nas import EpeNas
from zcnas.proxies.fisher import Fisher
from zcnas.proxies.flops import Flops
from zcnas.proxies.grad_norm import GradNorm
from zcnas.proxies.grasp import Grasp
from zcnas.proxies.jacov import Jacov
from zcnas.proxies.l2_norm import L2Norm
from zcnas.proxies.nwot import Nwot
from zcnas.proxies.params import Params
from zcnas.proxies.passes import run
from zcnas.proxies.plain import Plain
from zcnas.proxies.proxy import Proxy
from zcnas.proxies.snip import Snip
from zcnas.proxies.synflow import Synflow
from zcnas.proxies.zen import Zen

PROXIES: dict[str, type[Proxy]] = {
    "epe_nas": EpeNas,
    "fisher": Fisher,
    "flops": Flops,
    "grad_norm": GradNorm,
    "grasp": Grasp,
    "jacov": Jacov,
    "l2_norm": L2Norm,
    "nwot": Nwot,
    "params": Params,
    "plain": Plain,
    "snip": Snip,
    "synflow": Synflow,
    "zen": Zen,
}


def evaluate(
    network: nn.Module, inputs: Tensor, targets: Tensor, proxies: Collection[str] = tuple(PROXIES)
) -> dict[str, float]:
    """Return the score of each of ``proxies``, computed together; higher = better.

    The values are those of each proxy's own ``score``, whatever else is asked for along with them.
    At most one forward, one backward of the loss, one of Σz to the input and, for ``grasp``, one
    of Σθ⊙g; ``synflow`` and ``zen`` add their own.

    Args:
        network: Left as found: weights, mode, gradients, hooks, buffers and RNG state.
        inputs: (B, C, H, W), B ≥ 2, in the dtype of the network.
        targets: (B,) labels, or what the loss of the network takes.
        proxies: Names from ``PROXIES`` or of plugins, in the order wanted.

    Raises:
        ProxyError: A proxy is unknown, or one of them is not defined for this network, minibatch
        or task.
    """
    return run({name: get_proxy(name) for name in proxies}, network, inputs, targets)


def get_proxy(name: str) -> type[Proxy]:
    """Return the proxy called ``name``, ours or a plugin's.

    Raises:
        ProxyError: The proxy is unknown.
        PluginError: The plugin of that name is broken, or its name is taken.
    """
    return plugins.find("proxies", name, PROXIES, _load, (ProxyError, "proxy", "proxies"))


def _load(plugin: plugins.Plugin) -> type[Proxy]:
    proxy: type[Proxy] = plugin.load(type)
    if not issubclass(proxy, Proxy):
        raise PluginError(f"the plugin {plugin} does not derive from zcnas.proxies.proxy.Proxy")
    return proxy
