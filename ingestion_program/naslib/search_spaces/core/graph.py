"""The type of a query's network in 2022: here, the base class of all networks."""

from zcnas.search_spaces.network import Network as Graph

__all__ = ["Graph"]
