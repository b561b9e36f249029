"""Where a job runs: on a CPU of this machine, or on the workers of a cluster."""

import pytest

from zcnas.organiser.serving import job


@pytest.fixture
def made(monkeypatch):
    """What competitions are made of, instead of being run."""
    made = []

    class Noted:
        def __init__(self, *parts, **settings):
            made.append((parts, settings))

        def run(self, submissions):
            made.append(submissions)

    monkeypatch.setattr(job, "Competition", Noted)
    monkeypatch.setattr(job, "cluster_pool", lambda scheduler: f"pool of {scheduler}")
    return made


@pytest.fixture
def order(light_plan, tmp_path):
    """A function that returns an order."""
    (served,) = light_plan.phases

    def order(**changes):
        return job.JobOrder(
            parent=1, phase=served.phase, inputs=str(served.inputs),
            references=str(served.references),
            **{"data": "", "isolation": "process", "cpus": (0, 1), "scheduler": "",
               "archive": "a.zip", "out": str(tmp_path / "out"), **changes},
        )  # fmt: skip

    return order


def test_a_job_uses_one_cpu_of_this_machine_at_a_time(made, order):
    job.run(order())
    ((_, _, isolation, cpus, _), settings), submissions = made
    assert (isolation.name, cpus, settings) == ("process", [0, 1], {"slots": 1})
    assert [str(path) for path in submissions] == ["a.zip"]


def test_with_a_scheduler_nothing_of_a_submission_runs_here(made, order):
    job.run(order(scheduler="tls://host:8786", isolation="auto", cpus=()))
    ((_, _, isolation, cpus, _), settings), _ = made
    assert (type(isolation).__name__, cpus) == ("ClusterIsolation", [])
    assert settings["pool"] == "pool of tls://host:8786"
