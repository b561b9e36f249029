"""A disk that is full: nothing accepted is lost, and the server goes on once there is room."""

import os
import subprocess
import sys
import time

import pytest

from tests.patience import wait_until
from zcnas.organiser.serving.layout import Layout
from zcnas.organiser.serving.store import Store

from .conftest import HERE, PREDICTOR, drop, zipped
from .test_server import scored_everything

DISK_MIB = 8


@pytest.fixture
def disk(tmp_path):
    """A small file system of its own, unmounted at the end."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", folder]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk):
    """Take all room that is left."""
    with (disk / "ballast").open("ab") as file:
        try:
            while True:
                os.write(file.fileno(), b"x" * 4096)
        except OSError:
            return


@pytest.mark.slow
def test_a_full_disk_loses_nothing_and_the_server_goes_on_when_there_is_room(
    disk, light_phase, tmp_path
):
    layout = Layout(disk / "served")
    layout.make()
    layout.inbox.rmdir()
    (tmp_path / "inbox").mkdir()
    layout.inbox.symlink_to(tmp_path / "inbox")  # the teams' own disk, which has room
    log = tmp_path / "server.log"
    environment = {
        **os.environ,
        "ASKED": str(tmp_path / "asked"), "SECONDS_PER_QUERY": "0",
        "PYTHONPATH": os.pathsep.join([str(HERE.parents[2]), *sys.path]),
    }  # fmt: skip
    command = [sys.executable, HERE / "light_serve.py", "serve", light_phase, layout.folder]
    with log.open("ab") as output:
        server = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    store = Store(layout.database)
    try:
        drop(layout, "ada", "one.zip", zipped(PREDICTOR.format(1)))
        wait_until(lambda: scored_everything(store), "the first is not scored")
        store.pause("so that the disk is full before the next is run")
        drop(layout, "ada", "two.zip", zipped(PREDICTOR.format(2)))
        wait_until(lambda: len(store.attempts()) == 2, "the second is not taken")
        fill(disk)
        three = drop(layout, "ada", "three.zip", zipped(PREDICTOR.format(3)))
        wait_until(lambda: "it stays where it is" in log.read_text() or
                   "trouble: " in log.read_text(), "nobody is told")  # fmt: skip
        time.sleep(3)
        assert server.poll() is None, "the server lives"
        assert three.is_file(), "what is not accepted stays in the inbox"
        assert [each.state for each in store.attempts()] == ["scored", "waiting"]
        server.kill()
        server.wait()
        with log.open("ab") as output:
            server = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        time.sleep(3)
        (disk / "ballast").unlink()
        wait_until(lambda: len(store.attempts()) == 3, "the third is not taken")
        store.resume()
        wait_until(lambda: scored_everything(store), "they are not run")
        assert [run.fault for run in store.runs()] == [""] * 3
    finally:
        server.kill()
        server.wait()
        store.close()
