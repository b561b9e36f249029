"""Files in a folder that a stranger may write to: only what really is one is read."""

import os

import pytest

from zcnas.hosted.regular_files import create_regular, read_regular


def test_a_regular_file_is_read_and_nothing_else_is(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")
    assert read_regular(tmp_path / "file") == b"content"
    assert read_regular(tmp_path / "file", max_bytes=7) == b"content"
    assert read_regular(tmp_path / "file", max_bytes=6) is None
    for name in ("link", "folder", "pipe", "endless", "absent"):
        assert read_regular(tmp_path / name) is None, name


def test_a_file_is_created_only_where_there_is_nothing(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("kept")
    (tmp_path / "link").symlink_to(precious)
    (tmp_path / "dangling").symlink_to(tmp_path / "elsewhere")
    for name in ("precious", "link", "dangling"):
        with pytest.raises(FileExistsError):
            create_regular(tmp_path / name)
    assert precious.read_text() == "kept"
    assert not (tmp_path / "elsewhere").exists()
    with create_regular(tmp_path / "new") as file:
        file.write(b"x")
    assert (tmp_path / "new").read_bytes() == b"x"
