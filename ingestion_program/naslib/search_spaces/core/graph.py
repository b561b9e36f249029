"""The type that a query's network had in 2022: here every network of the harness."""

from zcnas.search_spaces.network import Network as Graph

__all__ = ["Graph"]
