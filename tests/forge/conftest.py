"""What the tests of the forge share."""

from tests.clusters import authorities, cluster

__all__ = ["authorities", "cluster"]
