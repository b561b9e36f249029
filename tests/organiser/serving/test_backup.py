"""A backup made while a server runs, and the board it gives when it is restored."""

import json
import shutil

import pytest

from tests.patience import wait_until
from zcnas.errors import ServingError
from zcnas.organiser.serving.backup import back_up, restore
from zcnas.organiser.serving.layout import Layout
from zcnas.organiser.serving.store import Store

from .conftest import PREDICTOR, drop, zipped
from .test_server import scored_everything


def test_a_restored_backup_gives_the_same_board(light_server, layout, store, tmp_path):
    for number, team in enumerate(("ada", "grace")):
        drop(layout, team, "mine.zip", zipped(PREDICTOR.format(number)))
    server = light_server(SECONDS_PER_QUERY="0")
    wait_until(lambda: scored_everything(store) and len(store.runs()) == 2, "not scored")
    assert back_up(layout, tmp_path / "backup") == 2
    server.kill()
    server.wait()
    board = layout.results("practice", 1) / "leaderboard.json"
    before, runs, attempts = json.loads(board.read_text()), store.runs(), store.attempts()
    shutil.rmtree(layout.private)
    shutil.rmtree(layout.public)
    restore(tmp_path / "backup", layout)
    light_server()
    page = layout.site("practice") / "index.html"
    wait_until(page.is_file, "no board is drawn")
    assert json.loads(board.read_text()) == before
    again = Store(layout.database)
    assert (again.runs(), again.attempts()) == (runs, attempts), "and nothing was run"
    again.close()


def test_nothing_is_overwritten_and_what_is_no_backup_is_refused(layout, store, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    with pytest.raises(ServingError, match="not an empty folder"):
        back_up(layout, tmp_path / "full")
    with pytest.raises(ServingError, match="is no backup"):
        restore(tmp_path / "full", Layout(tmp_path / "new"))
    back_up(layout, tmp_path / "backup")
    with pytest.raises(ServingError, match="not an empty folder"):
        restore(tmp_path / "backup", layout)
    with pytest.raises(ServingError, match="no server's folder"):
        back_up(Layout(tmp_path / "nowhere"), tmp_path / "other")
