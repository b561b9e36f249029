"""What the tests of jobs share."""

import pytest

from tests.clusters import authorities, cluster

__all__ = ["authorities", "cluster"]


@pytest.fixture(autouse=True)
def _no_back_off(monkeypatch):
    monkeypatch.setattr("zcnas.jobs.dispatch.BACK_OFF_S", 0.01)
