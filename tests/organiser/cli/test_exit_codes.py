"""The exit codes that the README promises to scripts: 0, 1, 2 and 3."""

import sys

import pytest

from zcnas.organiser.cli.main import main

CODES = {
    "a command that did its work": (["phases"], 0),
    "help": (["--help"], 0),
    "a bundle with errors": (["bundle-check", "BUNDLE"], 1),
    "a submission that is refused": (["check", "EMPTY"], 2),
    "a phase that does not exist": (["doctor", "--phase", "nowhere"], 2),
    "an option that does not exist": (["phases", "--faster"], 2),
    "a folder that no run has used": (["status", "EMPTY"], 2),
    "settings that are not there": (["bundle", "--settings", "absent.yaml"], 2),
    "a data folder that is not there": (["sample", "--out", "draws"], 2),
    "an engine that does not answer": (["image"], 3),
}


@pytest.mark.parametrize("name", CODES)
def test_a_command_ends_with_the_code_that_is_promised(name, tmp_path, monkeypatch, capsys):
    words, code = CODES[name]
    (tmp_path / "EMPTY").mkdir()
    (tmp_path / "BUNDLE").mkdir()
    (tmp_path / "BUNDLE" / "competition.yaml").write_text("version: 2\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZCNAS_DATA", str(tmp_path / "absent"))
    if words[0] != "sample":
        monkeypatch.delenv("ZCNAS_DATA")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.setattr(sys, "argv", ["zcnas", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code, capsys.readouterr()
