import os
import stat
import zipfile
from pathlib import Path

import pytest

from zcnas.errors import InvalidSubmission, UsageError
from zcnas.submissions import (
    MAX_BYTES,
    MAX_FILES,
    digest_of,
    find_submissions,
    open_submission,
    pack_submission,
    submission_name,
)

SOURCE = "class ZeroCostPredictor:\n    def query(self, graph): return 1\n"


def make_zip(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_folder(path: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(content)
    return path


def refusal_of(path: Path, tmp_path: Path) -> str:
    with pytest.raises(InvalidSubmission) as caught:
        open_submission(path, tmp_path / "never")
    assert not (tmp_path / "never").exists()
    return str(caught.value)


def test_folder_and_every_kind_of_zip_give_the_same_files_and_digest(tmp_path):
    files = {"predictor.py": SOURCE, "helper/parts.py": "x = 1\n"}
    junk = {"__MACOSX/._predictor.py": "junk", ".DS_Store": "junk", "__pycache__/p.pyc": "junk"}
    ways = [
        make_folder(tmp_path / "plain", files),
        make_zip(tmp_path / "flat.zip", files),
        make_zip(tmp_path / "top.zip", {f"mine/{name}": text for name, text in files.items()}),
        make_zip(tmp_path / "mac.zip", {**files, **junk, "metadata": ""}),
    ]
    for number, way in enumerate(ways):
        opened = open_submission(way, tmp_path / f"opened{number}")
        found = {
            path.relative_to(opened.folder).as_posix()
            for path in opened.folder.rglob("*")
            if path.is_file()
        }
        assert found - {"metadata"} == set(files)
        assert opened.sha256 == digest_of(tmp_path / "plain")


def test_the_unpacked_copy_can_be_read_by_every_user(tmp_path):
    os.umask(os.umask(0o022))
    opened = open_submission(
        make_folder(tmp_path / "plain", {"predictor.py": SOURCE, "deep/er/m.py": ""}),
        tmp_path / "o",
    )
    for path in (opened.folder, *opened.folder.rglob("*")):
        needed = 0o555 if path.is_dir() else 0o444
        assert stat.S_IMODE(path.stat().st_mode) & needed == needed


def test_the_name_of_2022_is_an_entry_point(tmp_path):
    opened = open_submission(make_folder(tmp_path / "s", {"submission.py": SOURCE}), tmp_path / "o")
    assert (opened.folder / "submission.py").read_text() == SOURCE


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"model.py": SOURCE}, "no predictor.py or submission.py at its root (found: model.py)"),
        ({"a/predictor.py": SOURCE, "b/c.py": ""}, "no predictor.py or submission.py at its root"),
        ({"predictor.py": SOURCE, "submission.py": SOURCE}, "keep one"),
        ({"predictor.py": "class Other: pass"}, "does not define a class ZeroCostPredictor"),
        ({"predictor.py": "def f(:\n  pass"}, "predictor.py, line 1 is not valid Python"),
        ({"predictor.py": "a = '\0'"}, "is not valid Python"),
        ({"predictor.py": SOURCE, "metadata": "command: rm -rf /"}, "metadata is not empty"),
        ({"predictor.py": SOURCE, "t.bin": "x" * (MAX_BYTES + 1)}, "larger than 20 MiB unpacked"),
        (
            {"predictor.py": SOURCE, **{f"f{number}.py": "" for number in range(MAX_FILES)}},
            "more than 200 files",
        ),
    ],
)
def test_a_bad_submission_is_refused_as_folder_and_as_zip(tmp_path, files, message):
    assert message in refusal_of(make_folder(tmp_path / "folder", files), tmp_path)
    assert message in refusal_of(make_zip(tmp_path / "zipped.zip", files), tmp_path)


def test_all_problems_are_listed_at_once(tmp_path):
    text = refusal_of(
        make_folder(tmp_path / "s", {"predictor.py": "x = 1", "metadata": "command: x"}), tmp_path
    )
    assert "does not define a class" in text
    assert "metadata is not empty" in text


@pytest.mark.parametrize(
    "name",
    ["..\\b.py", "\\\\host\\b.py", "a:\\b.py"],
)
def test_a_name_that_points_outside_is_refused(tmp_path, name):
    bad = make_zip(tmp_path / "bad.zip", {"predictor.py": SOURCE, name: "x"})
    assert "points outside the submission" in refusal_of(bad, tmp_path)


@pytest.mark.parametrize("name", ["/parts.py", "../parts.py", "a/../../parts.py", "./parts.py"])
def test_a_name_that_leaves_the_zip_stands_where_a_platform_unzips_it(tmp_path, name):
    zipped = make_zip(tmp_path / "s.zip", {"predictor.py": SOURCE, name: "x = 1"})
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(tmp_path / "there")
    here = open_submission(zipped, tmp_path / "home" / "here")
    found = {
        folder: {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        for folder in (here.folder, tmp_path / "there")
    }
    assert found[here.folder] == found[tmp_path / "there"]
    assert open_submission(tmp_path / "there", tmp_path / "again").sha256 == here.sha256
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "home", "s.zip", "there"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["predictor.py", "../predictor.py", "/./predictor.py"])
def test_of_two_entries_of_one_place_the_last_counts_as_where_a_platform_unzips(tmp_path, second):
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr("predictor.py", "no source")
        archive.writestr("parts.py", "x = 1")
        archive.writestr(second, SOURCE)
    with zipfile.ZipFile(tmp_path / "s.zip") as archive:
        archive.extractall(tmp_path / "there")
    here = open_submission(tmp_path / "s.zip", tmp_path / "home")
    assert (here.folder / "predictor.py").read_text() == SOURCE
    assert here.sha256 == open_submission(tmp_path / "there", tmp_path / "again").sha256
    assert any("the last one counts, as on a platform: predictor.py" in r for r in here.remarks)


def test_links_are_refused_in_folders_and_zips(tmp_path):
    folder = make_folder(tmp_path / "s", {"predictor.py": SOURCE})
    (folder / "truth.json").symlink_to("/etc/passwd")
    assert "'truth.json' is a link" in refusal_of(folder, tmp_path)
    entry = zipfile.ZipInfo("truth.json")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr("predictor.py", SOURCE)
        archive.writestr(entry, "/etc/passwd")
    assert "is a link" in refusal_of(tmp_path / "link.zip", tmp_path)


def test_a_file_that_is_no_zip_is_refused(tmp_path):
    (tmp_path / "not.zip").write_text("hello")
    assert "cannot be read as a folder or zip" in refusal_of(tmp_path / "not.zip", tmp_path)
    with pytest.raises(UsageError, match=r"absent\.zip: no such folder or zip"):
        open_submission(tmp_path / "absent.zip", tmp_path / "never")


def test_a_class_may_come_from_a_helper_module(tmp_path):
    files = {"predictor.py": "from mine import Best as ZeroCostPredictor\n", "mine.py": SOURCE}
    assert open_submission(make_folder(tmp_path / "s", files), tmp_path / "o").name == "s"


def test_a_packed_submission_has_its_files_at_the_root_and_an_empty_metadata(tmp_path):
    folder = make_folder(
        tmp_path / "mine", {"predictor.py": SOURCE, "h.py": "", "__pycache__/x.pyc": "junk"}
    )
    first = pack_submission(folder, tmp_path / "a.zip")
    os.utime(folder / "predictor.py", (0, 0))
    second = pack_submission(folder, tmp_path / "b.zip")
    with zipfile.ZipFile(first) as archive:
        assert sorted(archive.namelist()) == ["h.py", "metadata", "predictor.py"]
        assert archive.read("metadata") == b""
    assert first.read_bytes() == second.read_bytes(), "the same content gives the same bytes"
    assert open_submission(first, tmp_path / "o").sha256 == digest_of(folder)


def test_submissions_are_found_in_a_folder_by_name(tmp_path):
    make_folder(tmp_path / "all" / "b", {"predictor.py": SOURCE})
    make_folder(tmp_path / "all" / "c", {"anything.txt": ""})
    make_zip(tmp_path / "all" / "a.zip", {"predictor.py": SOURCE})
    make_folder(tmp_path / "all" / ".hidden", {"predictor.py": SOURCE})
    (tmp_path / "all" / "submissions.csv").write_text("name\n")
    found = [submission_name(path) for path in find_submissions(tmp_path / "all", print)]
    assert found == ["a", "b", "c"]
    assert find_submissions(tmp_path / "all" / "b", print) == [tmp_path / "all" / "b"]


def test_a_stranger_does_not_decide_how_long_a_refusal_is(tmp_path):
    (tmp_path / "mine").mkdir()
    for number in range(3000):
        (tmp_path / "mine" / f"{'x' * 200}\x1b{number}").touch()
    with pytest.raises(InvalidSubmission) as refusal:
        open_submission(tmp_path / "mine", tmp_path / "target")
    assert len(refusal.value.problems) <= 21
    assert len(str(refusal.value)) < 15_000
    assert refusal.value.problems[-1].startswith("and ")
