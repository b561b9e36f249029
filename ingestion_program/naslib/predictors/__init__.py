"""Part of the 2022 import names; see ``naslib``."""

from .zerocost import ZeroCost

__all__ = ["ZeroCost"]
