"""Trainings on a real scheduler and real workers, and on this machine: the same numbers."""

import functools

import dask
import pytest

from tests.clusters import certificate_configuration
from zcnas.forge.plan import ForgePlan
from zcnas.forge.run import Forge
from zcnas.forge.trainings import TRAININGS, Training, train_job
from zcnas.jobs.cluster import ClusterPool
from zcnas.jobs.lines import read_lines
from zcnas.jobs.pools import LocalPool


@pytest.mark.slow
def test_a_forge_on_a_cluster_comes_to_the_numbers_of_this_machine(cluster, authorities, tmp_path):
    plan = ForgePlan(
        name="a", search_space="nasbench201", dataset="forged_a", data="clutter",
        architectures=4, steps=2, target=0.6, cpu_hours=1, seed="secret",
    )  # fmt: skip
    pools = {
        "here": lambda: LocalPool(train_job, 1),
        "there": functools.partial(ClusterPool, cluster.address, train_job),
    }
    found = {}
    with dask.config.set(certificate_configuration(authorities[0])):
        for name, pool in pools.items():
            Forge(plan, tmp_path / name, pool, part=(1, 1)).run(tmp_path)
            (lines,) = (tmp_path / name).glob(TRAININGS.replace(".", "*."))
            trainings = read_lines(lines, Training)
            found[name] = {each.unit: (each.accuracy, each.loss) for each in trainings}
    assert len(found["here"]) == 8
    assert found["here"] == found["there"]
