"""Trials on the workers of a Dask scheduler are those of this machine."""

import json

import pytest

pytest.importorskip("distributed", reason="pip install 'zcnas[cluster]'")

import dask

from tests.clusters import authorities, certificate_configuration, cluster
from zcnas.jobs.cluster import ClusterPool
from zcnas.searches.plans import make_plan
from zcnas.searches.running import run_search, run_trials

__all__ = ["authorities", "cluster"]


@pytest.mark.slow
def test_a_cluster_runs_the_same_trials(arena, authorities, cluster, tmp_path):
    plan = make_plan("nasbench201_cifar10", "ae", "good:200", models=40)
    here = run_search(plan, arena, 25, tmp_path / "here")
    with dask.config.set(certificate_configuration(authorities[0])):
        there = run_search(
            plan, arena, 25, tmp_path / "there", lambda: ClusterPool(cluster.address, run_trials)
        )
    assert [trial.digest for trial in there] == [trial.digest for trial in here]
    events = [
        json.loads(line) for line in (tmp_path / "there/events.jsonl").read_text().splitlines()
    ]
    jobs = [event for event in events if event["event"] == "job_finished"]
    assert len(jobs) == 3  # of ten trials at most
    assert all(event["host"] for event in jobs)
