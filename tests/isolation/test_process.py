"""What a plain process leaves behind: nothing."""

import pytest

from zcnas.isolation.process import ProcessIsolation

LEAVES = {
    "closed folders": "os.umask(0); os.mkdir('a'); open('a/f', 'w').close(); os.mkdir('a/b', 0)",
    "folders without end": (
        "for _ in range(1500):\n"
        "            os.mkdir('d'); os.chdir('d')"
    ),
    "a link": "os.symlink('/etc', 'link')",
}  # fmt: skip


@pytest.mark.parametrize("kind", LEAVES)
def test_no_scratch_folder_is_left_whatever_is_in_it(
    kind, ingest_source, small, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    source = (
        "import os\nclass ZeroCostPredictor:\n    def query(self, graph, dataloader=None):\n"
        f"        {LEAVES[kind]}\n        return 1.0\n"
    )
    predictions, _, recording = ingest_source(source, ProcessIsolation(), specs=(small,))
    assert predictions[0].status in ("ok", "killed"), recording.log
    assert list((tmp_path / "temporary").iterdir()) == []
