"""Whether a submission's files stay what they were while it runs."""

import os

import pytest

from zcnas.ingestion.changes import take_snapshot


@pytest.fixture
def folders(tmp_path):
    submitted, folder = tmp_path / "submitted", tmp_path / "folder"
    for each in (submitted, folder):
        (each / "parts").mkdir(parents=True)
        (each / "predictor.py").write_text("one")
        (each / "parts" / "table.txt").write_text("1 2 3")
    return submitted, folder


def rewrite_in_place(path):
    """Change a file's content, and set size and times back to what they were."""
    before = path.stat()
    path.write_text("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path):
    (path.parent / "new").write_text("one")
    (path.parent / "new").rename(path)


def rewrite_and_restore(path):
    before = path.stat()
    path.write_text("two")
    path.write_text("one")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def add_a_link(path):
    (path.parent / "link").symlink_to("/dev/zero")


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    "change",
    [
        rewrite_in_place,
        replace,
        rewrite_and_restore,
        add_a_link,
        lambda path: path.unlink(),
        lambda path: path.chmod(0o777),
        lambda path: (path.parent / "cache.pkl").write_text("x"),
    ],
)
def test_every_change_of_either_folder_is_seen(folders, which, change):
    before = take_snapshot(*folders)
    assert before.changed_in(take_snapshot(*folders)) == ""
    change(folders[which] / "predictor.py")
    assert before.changed_in(take_snapshot(*folders)) != ""


def test_reading_changes_nothing(folders):
    before = take_snapshot(*folders)
    for folder in folders:
        assert (folder / "parts" / "table.txt").read_text() == "1 2 3"
    assert before.changed_in(take_snapshot(*folders)) == ""


def test_a_folder_filled_without_end_is_not_read_to_its_end(folders):
    before = take_snapshot(*folders)
    for number in range(3000):
        (folders[1] / f"{number}").touch()
    after = take_snapshot(*folders)
    assert len(after.entries) < 3000
    assert before.changed_in(after) != ""
