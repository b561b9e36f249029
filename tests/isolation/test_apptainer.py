"""Apptainer's command line and recipe against its documentation; Apptainer itself was never run.

What stands in for it reads its arguments as apptainer-exec(1) documents them, and starts the worker
on this machine.
"""

import itertools
import sys

import pytest

from zcnas.errors import OrganiserError, UsageError
from zcnas.isolation import choice
from zcnas.isolation.apptainer import ApptainerIsolation, inside
from zcnas.isolation.image import UNPACKED_MARK, fingerprint
from zcnas.isolation.process import ProcessIsolation
from zcnas.phases import load_phase

SUM = """
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return sum(p.abs().sum().item() for p in graph.parameters())
"""
STAND_IN = """#!{python}
import os, sys
if sys.argv[1:] == ["--version"]:
    sys.exit(print("apptainer version 1.4.0"))
flags = {{"--containall", "--no-privs", "--net"}}
valued = {{"--network", "--hostname", "--no-mount", "--scratch", "--pwd", "--env", "--bind"}}
assert sys.argv[1:3] == ["--quiet", "exec"], sys.argv
rest, binds = sys.argv[3:], {{}}
while rest[0].startswith("--"):
    option = rest.pop(0)
    assert option in flags | valued, option
    if option in valued:
        value = rest.pop(0)
        if option == "--bind":
            source, target, how = value.split(":")
            assert how == "ro"
            binds[target] = source
        if option == "--env":
            name, _, text = value.partition("=")
            os.environ[name] = text
root, *command = rest
if command[0] == "/bin/cat":
    sys.exit(os.execv("/bin/cat", ["cat", root + command[1]]))
assert command.pop(0) == "/usr/bin/env"
while "=" in command[0]:
    command.pop(0)
assert command[0] == "/opt/venv/bin/python3"
os.environ["TMPDIR"] = os.getcwd()
worker = command[1].replace("/app/program", binds["/app/program"])
os.execv(sys.executable, [sys.executable, worker, binds[command[2]]])
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Something that stands in for Apptainer, on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "apptainer").write_text(STAND_IN.format(python=sys.executable))
    (folder / "apptainer").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.fixture
def image(tmp_path, monkeypatch):
    """An unpacked image, as far as Apptainer is asked of it."""
    root = tmp_path / "root"
    root.mkdir()
    (root / UNPACKED_MARK).write_text(f"{fingerprint()}\n")
    monkeypatch.setenv("ZCNAS_IMAGE_ROOT", str(root))
    return root


def test_a_container_has_no_network_no_home_and_no_mount_that_anybody_configured(image):
    said = inside(image, ["/p:/app/program:ro"])
    for option in ("--containall", "--no-privs", "--net"):
        assert option in said
    for option, value in (
        ("--network", "none"),
        ("--no-mount", "home,tmp,hostfs,cwd,bind-paths"),
        ("--scratch", "/scratch"),
        ("--bind", "/p:/app/program:ro"),
        ("--env", "OMP_NUM_THREADS=1"),
    ):
        assert value in [after for each, after in itertools.pairwise(said) if each == option]
    assert said[-1] == str(image)


def test_a_worker_started_through_apptainer_gives_the_scores_of_a_plain_process(
    ingest_source, installed, image, small
):
    isolation = choice.open_isolation("apptainer", print)
    assert isolation.description.startswith("apptainer version 1.4.0 (one CPU, no network")
    contained, manifest, _ = ingest_source(SUM, isolation, (small,))
    plain, _, _ = ingest_source(SUM, ProcessIsolation(), (small,))
    assert [each.score for each in contained] == [each.score for each in plain]
    assert manifest.public.isolation == "apptainer"


def test_without_apptainer_the_message_says_where_clusters_have_it(monkeypatch, image):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(OrganiserError, match=r"no apptainer on PATH.*module load"):
        ApptainerIsolation()


def test_without_an_image_the_message_has_the_recipe(installed, monkeypatch):
    monkeypatch.setenv("ZCNAS_IMAGE_ROOT", "/nowhere/zcnas.sif")
    with pytest.raises(OrganiserError, match=r"not there.*zcnas image --unpack.*apptainer build"):
        ApptainerIsolation()


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        (None, r"can make no container of .*No such file.*apptainer build"),
        ("another", r"is the image of another version of zcnas \(another"),
    ],
)
def test_an_image_of_no_or_another_version_is_refused(installed, image, mark, message):
    (image / UNPACKED_MARK).unlink()
    if mark:
        (image / UNPACKED_MARK).write_text(mark)
    with pytest.raises(OrganiserError, match=message):
        ApptainerIsolation().try_out()


def test_a_hidden_phase_is_not_admitted_without_a_record(
    installed, image, repository, tmp_path, monkeypatch
):
    monkeypatch.setenv("ZCNAS_STATE", str(tmp_path))
    final = load_phase(repository / "reference_data" / "phases.toml", "final")
    with pytest.raises(UsageError, match=r"apptainer has no record.*--attack-table apptainer"):
        choice.choose_isolation("apptainer", final, print)
