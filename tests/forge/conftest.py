"""What the tests of the forge share."""

import pytest
import torch

from tests.clusters import authorities, cluster

__all__ = ["authorities", "cluster"]


@pytest.fixture(autouse=True)
def one_thread():
    """Train on one thread, as a forge does; more would wait for each other on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
