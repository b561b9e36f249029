"""A server's folder, and a server of a small phase with light workers."""

import datetime
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.organiser.competition.conftest import light_phase
from zcnas.organiser.serving.intake import Intake
from zcnas.organiser.serving.layout import Layout
from zcnas.organiser.serving.store import Store

from .light_serve import plan

__all__ = ["light_phase"]

HERE = Path(__file__).parent
PREDICTOR = "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None): return {}\n"
ONE = PREDICTOR.format(1)


def zipped(source=ONE, name="predictor.py"):
    """Return the bytes of a submission's zip, the same whenever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), source)
    return buffer.getvalue()


def drop(layout, team, name, content=None):
    """Put a file into a team's folder in one step, as `mv` does."""
    folder = layout.inbox / team
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{name}"
    partial.write_bytes(zipped() if content is None else content)
    partial.rename(folder / name)
    return folder / name


@pytest.fixture
def layout(tmp_path):
    """The folders of a server."""
    layout = Layout(tmp_path / "served")
    layout.make()
    return layout


@pytest.fixture
def store(layout):
    """An empty database."""
    store = Store(layout.database)
    yield store
    store.close()


@pytest.fixture
def enter(store):
    """A function that enters an attempt into the database."""

    def enter(team, state="waiting", received=None, phase="practice", sha256="a"):
        moment = received or datetime.datetime.now(datetime.UTC)
        with store.transaction():
            return store.enter(
                arrival=f"{team}/{os.urandom(8).hex()}",
                team=team,
                file="mine.zip",
                phase=phase,
                received_at=moment.isoformat(timespec="seconds"),
                sha256=sha256,
                state=state,
                note="",
            )

    return enter


@pytest.fixture
def light_plan(light_phase, layout):
    """The plan of a server of the small phase."""
    return plan(light_phase, layout.folder)


@pytest.fixture
def intake(store, layout, light_plan):
    """The intake of the small phase."""
    return Intake(light_plan, store, print)


@pytest.fixture
def light_server(tmp_path, light_phase, layout):
    """A function that starts a server of the small phase as a process."""
    started = []

    def start(**environment):
        log = (tmp_path / "server.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, HERE / "light_serve.py", "serve", light_phase, layout.folder],
            env={
                **os.environ,
                "ASKED": str(tmp_path / "asked"),
                "PYTHONPATH": os.pathsep.join([str(HERE.parents[2]), *sys.path]),
                **environment,
            },
            stdout=log,
            stderr=log,
        )
        log.close()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
