"""A server whose attempts run on a real scheduler and real workers, in containers."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clusters import authorities, cluster
from tests.patience import WAIT_S, wait_until
from zcnas.organiser.serving.layout import Layout
from zcnas.organiser.serving.store import Store

from .conftest import drop, zipped
from .test_server import scored_everything

__all__ = ["authorities", "cluster"]

ZCNAS = Path(sys.executable).parent / "zcnas"
COUNTS = """
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return float(sum(p.numel() for p in graph.parameters()))
"""
DATES = 'phases:\n  few:\n    start: "2020-01-01 00:00:00"\n'


@pytest.fixture
def competition(tmp_path):
    """A competition folder with one open phase of 12 architectures."""
    folder = tmp_path / "competition"
    subprocess.run([ZCNAS, "init", "--competition", folder], check=True, capture_output=True)
    settings = folder / "competition.yaml"
    settings.write_text(settings.read_text().partition("phases:\n")[0] + DATES)
    phases = folder / "reference_data" / "phases.toml"
    practice = phases.read_text().partition("[practice]")[2].partition("[practice_labels]")[0]
    few = f"[few]{practice}".replace("[practice.limits]", "[few.limits]")
    few = few.replace(', "nasbench201_cifar100", "nasbench201_imagenet16_120"', "")
    phases.write_text(few.replace("architectures = 100", "architectures = 12"))
    subprocess.run([ZCNAS, "sample", "--phase", "few"], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.slow
@pytest.mark.container
def test_an_attempt_on_a_cluster_gets_the_score_it_gets_here(
    cluster, competition, docker_isolation, tmp_path
):
    layout = Layout(competition / "served")
    drop(layout, "ada", "mine.zip", zipped(COUNTS))
    log = (tmp_path / "log").open("wb")
    server = subprocess.Popen(
        [ZCNAS, "serve", layout.folder, "--scheduler", cluster.address],
        cwd=competition, env={**cluster.environment, "COLUMNS": "200"}, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        wait_until(layout.database.is_file, "the server does not start")
        store = Store(layout.database)
        wait_until(lambda: scored_everything(store), (tmp_path / "log").read_text())
        (run,) = store.runs()
        store.close()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(WAIT_S)
        log.close()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "predictor.py").write_text(COUNTS)
    subprocess.run(
        [
            *(ZCNAS, "score", tmp_path / "own", "--phase", "few", "--isolation", "process"),
            *("--out", tmp_path / "out"),
        ],
        cwd=competition, check=True, capture_output=True,
    )  # fmt: skip
    expected = json.loads((tmp_path / "out" / "leaderboard.json").read_text())["entries"][0]
    assert run.score == expected["score"]
    assert run.image, "it ran in a container of the image"
