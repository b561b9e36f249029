"""The zero-cost predictor of the 2022 tutorial, over our proxies."""

from __future__ import annotations

from typing import Any

from zcnas.proxies import get_proxy

from .predictor import Predictor


class ZeroCost(Predictor):
    """Scores a network by one of the thirteen proxies.

    Args:
        config: Ignored: a query brings its own minibatch.
        batch_size: Ignored: so is its size.
        method_type: The proxy, such as ``synflow`` or ``jacov``.

    Raises:
        ProxyError: No proxy has that name.
    """

    def __init__(
        self, config: Any = None, batch_size: int = 64, method_type: str = "jacov"
    ) -> None:
        super().__init__()
        self.config = config
        self.batch_size = batch_size
        self.method_type = method_type
        self._proxy = get_proxy(method_type)

    def query(self, graph: Any, dataloader: Any = None, info: Any = None) -> float:
        """Return the proxy's score of a network on the first minibatch; a higher one ranks higher.

        Raises:
            ValueError: There is no ``dataloader``; pass on the one your ``query`` is given.
        """
        if dataloader is None:
            raise ValueError(
                "ZeroCost.query needs a minibatch here; pass on the dataloader that your own "
                "query(self, graph, dataloader) is given"
            )
        inputs, targets = next(iter(dataloader))
        return self._proxy.score(graph, inputs, targets)
