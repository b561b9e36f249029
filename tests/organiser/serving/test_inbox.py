"""Which files are whole: never one that somebody is still writing."""

import os
import time

import pytest

from zcnas.organiser.serving.inbox import PER_TEAM, Inbox, not_taken, read_whole, remove_taken

from .conftest import drop, zipped


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def inbox(layout, clock):
    return Inbox(layout.inbox, settle_s=2, patience_s=100, clock=clock)


def names(inbox):
    return [file.path.name for file in inbox.whole_files()]


def test_a_file_is_taken_when_it_has_not_changed_for_a_moment(inbox, clock, layout):
    path = drop(layout, "ada", "mine.zip")
    assert names(inbox) == []
    clock.now = 1.9
    assert names(inbox) == []
    path.write_bytes(zipped("# longer\n"))
    clock.now = 3.8
    assert names(inbox) == []
    clock.now = 5.8
    assert names(inbox) == ["mine.zip"]


def test_a_half_copied_file_is_not_taken_before_its_end_is_there(inbox, clock, layout):
    whole = zipped()
    path = drop(layout, "ada", "mine.zip", whole[:-30])
    names(inbox)
    clock.now = 99
    assert names(inbox) == []
    with path.open("ab") as file:
        file.write(whole[-30:])
    names(inbox)
    clock.now = 102
    assert names(inbox) == ["mine.zip"]


def test_a_copy_that_has_stalled_is_taken_in_the_end_to_be_answered(inbox, clock, layout):
    drop(layout, "ada", "mine.zip", zipped()[:-30])
    names(inbox)
    clock.now = 101
    assert names(inbox) == ["mine.zip"]


def test_a_whole_file_that_is_open_for_writing_is_not_taken(inbox, clock, layout):
    path = drop(layout, "ada", "mine.zip")
    names(inbox)
    clock.now = 1000
    with path.open("ab"):
        assert names(inbox) == []
    assert names(inbox) == ["mine.zip"]


def test_links_folders_hidden_files_and_other_files_are_not_taken_but_named(inbox, clock, layout):
    folder = drop(layout, "ada", "mine.zip").parent
    (folder / "secret.zip").symlink_to("/etc/passwd")
    (folder / "folder.zip").mkdir()
    (folder / "notes.tar.gz").write_text("")
    os.mkfifo(folder / "pipe.zip")
    (folder / ".mine.zip.part").write_text("")
    (layout.inbox / "link").symlink_to(folder)
    names(inbox)
    clock.now = 1000
    assert names(inbox) == ["mine.zip"]
    told = "\n".join(not_taken(folder))
    assert "secret.zip: a link" in told
    assert "folder.zip: a folder" in told
    assert "notes.tar.gz: an archive of another kind" in told
    assert "mine.zip:" not in told


def test_no_team_keeps_the_others_waiting_with_many_files(inbox, clock, layout):
    for number in range(PER_TEAM + 5):
        drop(layout, "ada", f"{number:03}.zip")
    drop(layout, "grace", "mine.zip")
    names(inbox)
    clock.now = 3
    taken = list(inbox.whole_files())
    assert [file.team for file in taken] == ["ada"] * PER_TEAM + ["grace"]


def test_a_file_that_changes_after_it_was_seen_is_neither_read_nor_removed(inbox, clock, layout):
    path = drop(layout, "ada", "mine.zip")
    names(inbox)
    clock.now = 3
    (seen,) = inbox.whole_files()
    assert read_whole(seen, 1 << 20) == zipped()
    drop(layout, "ada", "mine.zip", b"another")
    assert read_whole(seen, 1 << 20) is None
    remove_taken(seen)
    assert path.read_bytes() == b"another"


def test_a_teams_files_are_taken_in_the_order_they_were_complete_not_by_name(inbox, clock, layout):
    for name in ("c.zip", "a.zip", "b.zip"):
        drop(layout, "ada", name)
        time.sleep(0.02)  # more than the kernel's clock takes for a step
    names(inbox)
    clock.now = 3
    assert [file.path.name for file in inbox.whole_files()] == ["c.zip", "a.zip", "b.zip"]


def test_of_many_files_only_those_that_are_taken_are_opened(inbox, clock, layout, monkeypatch):
    for number in range(PER_TEAM + 30):
        drop(layout, "ada", f"{number}.zip")
    names(inbox)
    clock.now = 3
    looked = []
    monkeypatch.setattr(
        "zcnas.organiser.serving.inbox.is_being_written", lambda found: looked.append(found)
    )
    assert len(list(inbox.whole_files())) == len(looked) == PER_TEAM
