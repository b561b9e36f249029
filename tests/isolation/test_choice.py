"""Which isolation a run gets, with the engine present and absent."""

import os
import socket
import subprocess
import sys

import msgspec
import pytest

import docker
from zcnas.errors import OrganiserError, UsageError
from zcnas.isolation import choice
from zcnas.isolation.container import DockerIsolation
from zcnas.isolation.engine import RUNTIME_VARIABLE, connect, refuse_unknown_runtime
from zcnas.phases import load_phase


@pytest.fixture
def phase(request):
    root = request.config.rootpath
    return load_phase(root / "reference_data" / "phases.toml", "practice")


@pytest.fixture
def hidden(phase):
    return msgspec.structs.replace(phase, truth="hidden", draw_seed=None)


@pytest.fixture
def no_engine(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")


@pytest.fixture
def no_bubblewrap(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")


def test_without_an_engine_a_public_phase_runs_in_a_sandbox_and_is_told_why(phase, no_engine):
    said = []
    assert choice.choose_isolation("auto", phase, said.append).name == "bubblewrap"
    assert len(said) == 1
    assert said[0].startswith("isolation bubblewrap, the strongest that answers here; not docker: ")
    assert "no Docker engine answers" in said[0]


def test_with_neither_a_public_phase_runs_as_a_process_and_says_so_loudly(
    phase, no_engine, no_bubblewrap
):
    said = []
    assert choice.choose_isolation("auto", phase, said.append).name == "process"
    assert said[0].startswith("WARNING: no Docker engine answers")
    assert "No sandbox either: bubblewrap is not installed" in said[0]


def test_bubblewrap_can_be_made_mandatory(phase, no_bubblewrap):
    with pytest.raises(OrganiserError, match="bubblewrap is not installed"):
        choice.choose_isolation("bubblewrap", phase, print)


def test_a_hidden_phase_needs_trust_for_a_sandbox_without_a_record(hidden, monkeypatch):
    monkeypatch.delenv("TRUST_SUBMISSIONS", raising=False)
    with pytest.raises(UsageError, match="no record that it held every known attack"):
        choice.choose_isolation("bubblewrap", hidden, print)


@pytest.mark.parametrize("name", ["auto", "docker"])
def test_without_an_engine_a_hidden_phase_refuses_to_run(hidden, no_engine, name):
    with pytest.raises(OrganiserError, match="no Docker engine answers"):
        choice.choose_isolation(name, hidden, print)


def test_docker_can_be_made_mandatory(phase, no_engine):
    with pytest.raises(OrganiserError, match="no Docker engine answers"):
        choice.choose_isolation("docker", phase, print)


def test_a_hidden_phase_runs_as_a_process_only_for_trusted_submissions(hidden, monkeypatch):
    monkeypatch.delenv("TRUST_SUBMISSIONS", raising=False)
    with pytest.raises(UsageError, match="TRUST_SUBMISSIONS=yes"):
        choice.choose_isolation("process", hidden, print)
    monkeypatch.setenv("TRUST_SUBMISSIONS", "yes")
    assert choice.choose_isolation("process", hidden, print).name == "process"


@pytest.mark.container
def test_with_an_engine_auto_takes_a_container_and_says_nothing(phase, docker_isolation):
    said = []
    chosen = choice.choose_isolation("auto", phase, said.append)
    chosen.client.close()
    assert chosen.name == "docker"
    assert said == []


@pytest.fixture
def forbidden_engine(tmp_path, monkeypatch):
    """An engine whose socket refuses whoever asks; root is refused nothing, so it is made up."""

    def refuse(**options):
        try:
            raise PermissionError(13, "Permission denied")
        except PermissionError as error:
            raise docker.errors.DockerException(f"Error while fetching: {error}") from error

    monkeypatch.setattr(docker, "from_env", refuse)


@pytest.mark.parametrize("name", ["auto", "docker"])
def test_an_engine_that_refuses_this_user_is_not_taken_for_none(
    phase, forbidden_engine, no_bubblewrap, name
):
    with pytest.raises(OrganiserError, match=r"may not use the Docker engine .*usermod -aG docker"):
        choice.choose_isolation(name, phase, print)
    assert choice.choose_isolation("process", phase, print).name == "process"


def test_where_the_engine_refuses_this_user_auto_takes_the_other_boundary(phase, forbidden_engine):
    said = []
    assert choice.choose_isolation("auto", phase, said.append).name == "bubblewrap"
    assert "not docker: this user may not use the Docker engine" in said[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_socket_of_another_user_is_a_permission_and_no_missing_engine(tmp_path):
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(tmp_path / "docker.sock"))
        engine.listen()
        (tmp_path / "docker.sock").chmod(0o600)
        code = (
            "import os, zcnas.isolation.engine as c\nos.setuid(65534)\n"
            f"os.environ['DOCKER_HOST'] = 'unix://{tmp_path}/docker.sock'\n"
            "try: print(c.engine_answers())\nexcept c.EngineForbidden as e: print(e)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
    assert "may not use the Docker engine" in done.stdout, done.stderr


@pytest.mark.parametrize("address", ["garbage", "tcp://host:port", "ssh://", "npipe://x"])
def test_an_address_of_no_engine_is_one_message(monkeypatch, address):
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(OrganiserError, match=r"no Docker engine answers|may not use"):
        connect()


class Podman:
    """A client of Podman's socket, with what version 4.3.1 of Debian 12 answers."""

    def version(self):
        return {"Components": [{"Name": "Podman Engine", "Version": "4.3.1"}, {"Name": "Conmon"}]}

    def close(self):
        pass


def test_podman_behind_docker_host_is_told_from_docker(phase, monkeypatch):
    monkeypatch.setattr(choice, "connect", Podman)
    with pytest.raises(OrganiserError, match=r"Podman 4\.3\.1.*number of files.*bubblewrap"):
        choice.choose_isolation("docker", phase, print)
    said = []
    assert choice.choose_isolation("auto", phase, said.append).name == "bubblewrap"
    assert "not docker: the engine is Podman 4.3.1" in said[0]


class Engine:
    """A Docker engine that knows some runtimes."""

    def __init__(self, *runtimes):
        self._runtimes = runtimes

    def info(self):
        return {"DefaultRuntime": "runc", "Runtimes": dict.fromkeys(("runc", *self._runtimes))}


def test_a_runtime_that_the_engine_does_not_know_is_refused_with_those_it_knows(monkeypatch):
    monkeypatch.setenv(RUNTIME_VARIABLE, "runsc")
    with pytest.raises(OrganiserError, match=r"no runtime 'runsc'.*knows runc, kata\. Add it to"):
        refuse_unknown_runtime(Engine("kata"))
    refuse_unknown_runtime(Engine("runsc"))
    monkeypatch.delenv(RUNTIME_VARIABLE)
    refuse_unknown_runtime(Engine())


def test_a_chosen_runtime_stands_in_what_a_run_says_of_its_isolation(monkeypatch):
    assert (
        DockerIsolation(Engine(), "image").description == "docker (one CPU, no network, read-only)"
    )
    monkeypatch.setenv(RUNTIME_VARIABLE, "runsc")
    chosen = DockerIsolation(Engine("runsc"), "image")
    assert chosen.description == "docker (one CPU, no network, read-only, runtime runsc)"
    assert chosen.version.endswith("runtime runsc")


@pytest.mark.parametrize("name", ["auto", "docker"])
def test_containers_of_another_runtime_need_a_record_for_a_hidden_phase(
    hidden, monkeypatch, tmp_path, name
):
    monkeypatch.setenv("ZCNAS_STATE", str(tmp_path))
    monkeypatch.setenv(RUNTIME_VARIABLE, "runsc")
    engine = DockerIsolation(Engine("runsc"), "image")
    monkeypatch.setattr(choice, "_container", lambda say: engine)
    monkeypatch.setitem(choice._STARTED, "docker", lambda say: engine)
    with pytest.raises(UsageError, match="docker has no record that it held every known attack"):
        choice.choose_isolation(name, hidden, print)
    engine.runtime = ""
    assert choice.choose_isolation(name, hidden, print) is engine
