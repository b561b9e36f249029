"""A host that is not as the organiser's machine is says so and asks nobody."""

import shutil
import threading

import msgspec
import pytest

from zcnas.errors import OrganiserError
from zcnas.isolation.image import IMAGE, fingerprint
from zcnas.isolation.machine import LOCKS_VARIABLE
from zcnas.isolation.process import ProcessIsolation
from zcnas.organiser.competition import cluster_host
from zcnas.organiser.competition.host import Host


class NoWorkers(ProcessIsolation):
    def start(self, place):
        raise AssertionError("a worker was started")


def other_minibatch(evaluation):
    return {"minibatch": msgspec.structs.replace(evaluation.minibatch, sha256="0" * 64)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: {"program_sha256": "0" * 64}, "a different version of the worker's program"),
        (other_minibatch, "makes a different minibatch of nasbench201_cifar10"),
        (lambda _: {"submission_sha256": "0" * 64}, "arrived with digest .* instead of 0000"),
        (lambda _: {"archive": b"no zip"}, "accepted submission cannot be unpacked here"),
    ],
)
def test_a_host_refuses_what_it_cannot_run_as_the_organisers_machine_would(
    evaluation, change, message, program, tmp_path, monkeypatch
):
    monkeypatch.setenv(LOCKS_VARIABLE, str(tmp_path / "locks"))
    host = Host([0], NoWorkers(), program, evaluation.program_sha256)
    asked = msgspec.structs.replace(evaluation, **change(evaluation))
    reports = []
    with pytest.raises(OrganiserError, match=message):
        host.run(asked, reports.append, threading.Event())
    assert reports == []


@pytest.mark.parametrize("name", ["worker.py", "zcnas/worker/account.py", "zcnas/new.py"])
def test_a_program_that_was_changed_since_the_run_began_is_not_started(
    evaluation, program, tmp_path, name
):
    copy = shutil.copytree(program, tmp_path / "program")
    with (copy / name).open("a") as file:
        file.write("# changed\n")
    host = Host([0], NoWorkers(), copy, evaluation.program_sha256)
    with pytest.raises(OrganiserError, match="was changed while the run was under way"):
        host.run(evaluation, print, threading.Event())


def test_a_program_whose_compiled_code_was_changed_is_not_started(evaluation, program, tmp_path):
    copy = shutil.copytree(program, tmp_path / "program")
    host = Host([0], NoWorkers(), copy, evaluation.program_sha256)
    compiled = next((copy / "zcnas" / "worker" / "__pycache__").iterdir())
    compiled.write_bytes(compiled.read_bytes()[:-1] + b"x")
    with pytest.raises(OrganiserError, match="was changed while the run was under way"):
        host.run(evaluation, print, threading.Event())


@pytest.mark.container
def test_a_clusters_host_without_the_image_or_with_another_one_says_so(
    docker_isolation, monkeypatch
):
    assert docker_isolation
    assert cluster_host._isolation(fingerprint()).name == "docker"
    with pytest.raises(OrganiserError, match=f"has a different {IMAGE} .* run `zcnas image` there"):
        cluster_host._isolation("0" * 64)
    monkeypatch.setattr(cluster_host, "IMAGE", "zcnas-nobody-has-this:1")
    with pytest.raises(OrganiserError, match="has no image zcnas-nobody.* run `zcnas image` there"):
        cluster_host._isolation(fingerprint())
