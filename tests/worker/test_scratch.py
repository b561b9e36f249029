"""The scratch folder between two queries is as the set-up left it."""

import os

import pytest

from zcnas.worker.scratch import Scratch


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "kept").write_text("set-up")
    (tmp_path / "kept").chmod(0o640)
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "file").write_bytes(b"\0\xff")
    (tmp_path / "link").symlink_to("kept")
    remembered = Scratch(tmp_path)
    remembered.remember()
    return remembered


def content(folder):
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_dir():
            found[name] = ("folder", path.stat().st_mode)
        else:
            found[name] = (path.read_bytes(), path.stat().st_mode)
    return found


@pytest.mark.parametrize(
    "change",
    [
        lambda f: (f / "new").write_text("x"),
        lambda f: (f / "folder" / "deep" / "new").mkdir(),
        lambda f: (f / "kept").write_text("sed-up"),
        lambda f: (f / "kept").unlink(),
        lambda f: (f / "kept").chmod(0o600),
        lambda f: (f / "folder" / "deep").rename(f / "moved"),
        lambda f: ((f / "link").unlink(), (f / "link").symlink_to("/etc")),
        lambda f: ((f / "kept").unlink(), (f / "kept").mkdir()),
        lambda f: os.mkfifo(f / "pipe"),
    ],
)
def test_whatever_a_query_does_is_undone(scratch, change):
    before = content(scratch.folder)
    change(scratch.folder)
    scratch.restore()
    assert content(scratch.folder) == before


def test_a_change_with_the_old_time_and_size_is_noticed(scratch):
    kept = scratch.folder / "kept"
    seen = kept.stat()
    kept.write_text("set-UP")
    os.utime(kept, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    scratch.restore()
    assert kept.read_text() == "set-up"


def test_an_untouched_folder_is_not_written_to(scratch):
    inode = (scratch.folder / "kept").stat().st_ino
    scratch.restore()
    assert (scratch.folder / "kept").stat().st_ino == inode


def test_a_folder_nested_too_deep_is_an_error_that_ends_the_worker(scratch):
    descriptor = os.open(scratch.folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=descriptor)
        deeper = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = deeper
    os.close(descriptor)
    with pytest.raises((OSError, RecursionError)):
        scratch.restore()
    os.system(f"rm -rf {scratch.folder}/d")
