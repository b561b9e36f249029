"""What is in a folder of submissions and is not taken is named."""

import os
import zipfile

import pytest

from zcnas.errors import OrganiserError, UsageError
from zcnas.submissions import (
    find_submission,
    find_submissions,
    open_submission,
    pack_submission,
    submission_name,
)
from zcnas.submissions.finding import unique

SOURCE = "class ZeroCostPredictor:\n    def query(self, graph): return 1\n"


@pytest.fixture
def folder(tmp_path):
    """A folder with one submission, ``alice``."""
    (tmp_path / "subs" / "alice").mkdir(parents=True)
    (tmp_path / "subs" / "alice" / "predictor.py").write_text(SOURCE)
    return tmp_path / "subs"


def found(path):
    lines = []
    return [each.name for each in find_submissions(path, lines.append)], "\n".join(lines)


def test_a_zip_in_capitals_is_a_zip(folder):
    with zipfile.ZipFile(folder / "bob.ZIP", "w") as archive:
        archive.writestr("predictor.py", SOURCE)
    assert found(folder) == (["alice", "bob.ZIP"], "")
    assert submission_name(folder / "bob.ZIP") == "bob"
    assert found(folder / "bob.ZIP") == (["bob.ZIP"], "")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("eve.tar.gz", "an archive of another kind; unpack it, or pack it as a zip"),
        ("eve.RAR", "an archive of another kind"),
        ("eve.7z", "an archive of another kind"),
        ("eve.py", "a single file; put it into a folder of its own as predictor.py"),
        ("eve.zip.part", "a file that is not a zip"),
        ("eve", "a file that is not a zip"),
        (".eve.zip", "starts with a dot is hidden"),
        (".DS_Store", "left behind by a tool"),
        ("Submissions.csv", "not read; if it says who submitted what, save it as submissions.csv"),
        ("submissions (1).csv", "not read; if it says who submitted what"),
        ("submissions.xlsx", "not read; if it says who submitted what"),
        ("e\u202eve.txt", "not a zip"),
    ],
)
def test_a_file_that_is_not_taken_is_named_with_the_reason(folder, name, reason):
    (folder / name).write_text("")
    names, lines = found(folder)
    assert names == ["alice"]
    assert name.replace("\u202e", "\\u202e") in lines
    assert reason in lines


def test_links_pipes_and_hidden_folders_are_taken_or_named(folder):
    (folder / "carol").symlink_to(folder / "alice")
    (folder / "broken").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    (folder / ".dave").mkdir()
    os.mkfifo(folder / "pipe.zip")
    names, lines = found(folder)
    assert names == ["alice", "carol"]
    assert submission_name(folder / "carol") == "carol", "a link counts under its own name"
    for name in ("broken", "loop", ".dave", "pipe.zip"):
        assert f": {name}: " in lines


def test_the_roster_is_read_and_so_not_among_what_is_passed_over(folder):
    (folder / "submissions.csv").write_text("name\n")
    assert found(folder) == (["alice"], "")


def test_what_is_in_an_empty_looking_folder_is_named_before_it_is_refused(tmp_path):
    (tmp_path / "eve.tar").write_text("")
    lines = []
    with pytest.raises(UsageError, match="contains no submission"):
        find_submissions(tmp_path, lines.append)
    assert "eve.tar" in lines[0]


def test_submissions_inside_a_submission_are_named(folder):
    (folder / "predictor.py").write_text(SOURCE)
    (folder / "bob.zip").write_text("")
    (folder / "data").mkdir()
    names, lines = found(folder)
    assert names == ["subs"]
    assert "not scored on their own: alice, bob.zip. Move predictor.py or" in lines


@pytest.mark.parametrize("name", ["absent", "absent.zip", "x" * 300])
def test_what_is_not_there_is_one_line(tmp_path, name):
    with pytest.raises((UsageError, OSError)) as caught:
        find_submissions(tmp_path / name, print)
    assert "\n" not in str(caught.value)


def test_a_file_is_no_folder_of_submissions(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(UsageError, match=r"notes\.txt: neither a folder nor a zip"):
        find_submissions(tmp_path / "notes.txt", print)


def test_a_submission_given_twice_counts_once_and_that_is_said(folder, monkeypatch):
    monkeypatch.chdir(folder)
    lines = []
    paths = [folder / "alice", *map(type(folder), ("alice", "../subs/./alice"))]
    assert unique(paths, lines.append) == [folder / "alice"]
    assert lines == [f"{path} is given more than once and counts once" for path in paths[1:]]


@pytest.mark.parametrize("taken", ["alice", "alice/predictor.py", "alice/helpers"])
def test_what_this_machine_cannot_read_is_its_own_fault(folder, tmp_path, monkeypatch, taken):
    """Root may read everything, so the system's refusal is made up."""
    (folder / "alice" / "helpers").mkdir()
    (folder / "alice" / "helpers" / "__init__.py").write_text("")
    for function in ("open", "scandir"):
        monkeypatch.setattr(os, function, refusing(getattr(os, function), folder / taken))
    for act in (open_submission, pack_submission):
        with pytest.raises(OrganiserError, match=r"cannot read the submission: .*denied.*alice"):
            act(folder / "alice", tmp_path / "new")


def refusing(function, victim):
    def act(path, *arguments, **options):
        if str(path) == str(victim):
            raise PermissionError(13, "Permission denied", str(path))
        return function(path, *arguments, **options)

    return act


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "slow.zip")
    with pytest.raises(UsageError, match="neither a folder nor a zip"):
        open_submission(tmp_path / "slow.zip", tmp_path / "new")


@pytest.mark.parametrize("name", ["#1.zip", "~mine.zip", "a#b.zip"])
def test_a_zip_with_a_sign_that_editors_use_is_a_submission(folder, name):
    pack_submission(folder / "alice", folder / name)
    assert name in found(folder)[0]


def test_beside_the_one_submission_of_a_folder_everything_else_is_named(folder):
    (folder / "notes").mkdir()
    (folder / "eve.rar").write_text("")
    (folder / "submissions.csv").write_text("name\nalice\n")
    lines = []
    assert find_submission(folder, lines.append) == folder / "alice"
    assert sorted(lines) == [
        f"not taken from {folder}: eve.rar: an archive of another kind; unpack it, or pack it as a "
        "zip",
        f"not taken from {folder}: notes: a folder without predictor.py",
    ]


def test_submissions_inside_the_one_that_is_asked_for_are_named(folder):
    (folder / "predictor.py").write_text(SOURCE)
    lines = []
    assert find_submission(folder, lines.append) == folder
    assert "counts as one submission; not scored on their own: alice" in lines[0]


def test_a_folder_this_user_may_not_read_is_a_fault_of_this_machine(folder, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    with pytest.raises(OrganiserError, match="Permission denied"):
        find_submission(folder, print)
