"""Which isolation a run gets, with the engine present and absent."""

import msgspec
import pytest

from zcnas.errors import OrganiserError
from zcnas.isolation import choice
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


def test_without_an_engine_a_public_phase_runs_as_a_process_and_says_so_loudly(phase, no_engine):
    said = []
    assert choice.choose_isolation("auto", phase, said.append).name == "process"
    assert said[0].startswith("WARNING: no Docker engine answers")


@pytest.mark.parametrize("name", ["auto", "docker"])
def test_without_an_engine_a_hidden_phase_refuses_to_run(hidden, no_engine, name):
    with pytest.raises(OrganiserError, match="no Docker engine answers"):
        choice.choose_isolation(name, hidden, print)


def test_docker_can_be_made_mandatory(phase, no_engine):
    with pytest.raises(OrganiserError, match="no Docker engine answers"):
        choice.choose_isolation("docker", phase, print)


def test_a_hidden_phase_runs_as_a_process_only_for_trusted_submissions(hidden, monkeypatch):
    monkeypatch.delenv("TRUST_SUBMISSIONS", raising=False)
    with pytest.raises(OrganiserError, match="TRUST_SUBMISSIONS=yes"):
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
