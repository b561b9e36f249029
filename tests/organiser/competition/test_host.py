"""A host that is not as the organiser's machine is says so and asks nobody."""

import msgspec
import pytest

from zcnas.errors import OrganiserError
from zcnas.isolation.image import IMAGE, fingerprint
from zcnas.isolation.machine import Machine
from zcnas.isolation.process import ProcessIsolation
from zcnas.organiser.competition import cluster_worker
from zcnas.organiser.competition.host import Host
from zcnas.organiser.competition.job import decode_result


class NoWorkers(ProcessIsolation):
    def start(self, place):
        raise AssertionError("a worker was started")


def other_minibatch(job):
    return {"minibatch": msgspec.structs.replace(job.minibatch, sha256="0" * 64)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda job: {"program_sha256": "0" * 64}, "another version of the worker's program"),
        (other_minibatch, "makes another minibatch of nasbench201_cifar10"),
        (lambda job: {"submission_sha256": "0" * 64}, "arrived with digest .* instead of 0000"),
        (lambda job: {"archive": b"no zip"}, "accepted submission cannot be unpacked here"),
    ],
)
def test_a_host_refuses_a_job_it_cannot_run_as_the_organisers_machine_would(
    job, change, message, tmp_path
):
    machine = Machine([0], locks=tmp_path / "locks")
    host = Host(machine, NoWorkers(), tmp_path, job.program_sha256)
    asked = msgspec.structs.replace(job, **change(job))
    result = decode_result(host.run(asked, lambda report: None), asked)
    assert result.predictions == ()
    with pytest.raises(OrganiserError, match=message):
        raise OrganiserError(result.fault)


@pytest.mark.container
def test_a_clusters_host_without_the_image_or_with_another_one_says_so(
    docker_isolation, monkeypatch
):
    assert docker_isolation
    assert cluster_worker._isolation(fingerprint()).name == "docker"
    with pytest.raises(OrganiserError, match=f"has another {IMAGE} .* run `make image` there"):
        cluster_worker._isolation("0" * 64)
    monkeypatch.setattr(cluster_worker, "IMAGE", "zcnas-nobody-has-this:1")
    with pytest.raises(OrganiserError, match="has no image zcnas-nobody.* run `make image` there"):
        cluster_worker._isolation(fingerprint())
