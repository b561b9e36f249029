"""Archives as Windows, macOS, notebooks and careless renaming make them."""

import io
import os
import struct
import tarfile
import zipfile

import pytest

from zcnas.errors import InvalidSubmission
from zcnas.submissions import digest_of, open_submission, pack_submission

SOURCE = "class ZeroCostPredictor:\n    def query(self, graph): return 1\n"
MS_DOS, UNIX = 0, 3


def zip_of(path, names, system=UNIX, content=SOURCE):
    """A zip with the same content under every name that ends in no separator."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.create_system = system
            entry.filename = entry.orig_filename = name  # a backslash stays one on Windows too
            archive.writestr(entry, "" if name.endswith(("/", "\\")) else content)
    return path


def folder_of(path, names, content=SOURCE):
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(content)
    return path


def files_of(path, tmp_path):
    opened = open_submission(path, tmp_path / "opened")
    found = (entry for entry in opened.folder.rglob("*") if entry.is_file())
    return {entry.relative_to(opened.folder).as_posix() for entry in found}


def refusal(path, tmp_path):
    with pytest.raises(InvalidSubmission) as caught:
        open_submission(path, tmp_path / "never")
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize("system", [MS_DOS, UNIX])
@pytest.mark.parametrize(
    "names",
    [
        ["sub\\predictor.py", "sub\\parts\\a.py"],
        ["sub\\", "sub\\predictor.py", "sub\\parts\\", "sub\\parts\\a.py"],
        ["predictor.py", "parts\\a.py"],
        ["sub/predictor.py", "sub\\parts/a.py"],
        [".\\predictor.py", ".\\parts\\a.py"],
    ],
)
def test_backslashes_of_windows_packers_separate_folders(tmp_path, system, names):
    assert files_of(zip_of(tmp_path / "w.zip", names, system), tmp_path) == {
        "predictor.py",
        "parts/a.py",
    }


def test_a_backslash_hides_no_name_that_is_refused(tmp_path):
    bad = zip_of(tmp_path / "w.zip", ["predictor.py", "parts\\..\\..\\evil.py"], MS_DOS)
    assert "points outside the submission" in refusal(bad, tmp_path)
    twice = zip_of(tmp_path / "twice.zip", ["predictor.py", "a/b.py", "a\\b.py"], MS_DOS)
    assert refusal(twice, tmp_path) == "'a/b.py' is in the zip twice; keep one"
    folder = folder_of(tmp_path / "folder", ["predictor.py", "a\\b.py"])
    assert "contains a backslash; rename the file" in refusal(folder, tmp_path)


TOOLS = [
    *("__MACOSX/._predictor.py", ".DS_Store", "parts/.DS_Store", "Thumbs.db", "desktop.ini"),
    *(".git/config", ".idea/workspace.xml", ".vscode/settings.json", "Icon\r", "~$notes.docx"),
    *(".ipynb_checkpoints/predictor-checkpoint.py", "parts/.ipynb_checkpoints/a-checkpoint.py"),
    *("__pycache__/predictor.cpython-311.pyc", ".mypy_cache/3.11/a.json", ".pytest_cache/README"),
    *(".venv/pyvenv.cfg", ".venv/lib/python3.11/site-packages/torch/__init__.py"),
    *("my env/pyvenv.cfg", "my env/Lib/site-packages/numpy/__init__.py"),
    *("miniconda/conda-meta/history", "miniconda/lib/libc.so"),
    *(
        "predictor.py~",
        ".predictor.py.swp",
        "#predictor.py#",
        ".#predictor.py",
        "predictor.py.orig",
    ),
    *(".gitignore", ".env", ".coverage", ".nfs000000000a1b2c", ".directory", "parts/a.py.rej"),
    *("node_modules/a/index.js", "$RECYCLE.BIN/x", ".Trash-1000/files/x.py", ".svn/entries"),
]


@pytest.mark.parametrize("top", ["", "sub/"])
def test_what_tools_leave_behind_changes_neither_files_nor_digest_and_is_named(tmp_path, top):
    clean = folder_of(tmp_path / "clean", ["predictor.py", "parts/a.py"])
    names = [f"{top}{name}" for name in ("predictor.py", "parts/a.py", *TOOLS)]
    for way in (
        folder_of(tmp_path / "folder", names),
        zip_of(tmp_path / "zipped.zip", names),
        zip_of(tmp_path / "windows.zip", [name.replace("/", "\\") for name in names], MS_DOS),
    ):
        opened = open_submission(way, tmp_path / f"opened {way.name}")
        assert opened.sha256 == digest_of(clean)
        (remark,) = opened.remarks
        assert remark.startswith("left out, as no part of the submission: ")
        assert f"{top}.git/" in remark
        assert " more" in remark, "a long list is cut"


@pytest.mark.parametrize("beside", [".ipynb_checkpoints/p.py", "__MACOSX/sub/._predictor.py"])
def test_a_tools_folder_beside_the_top_folder_is_in_nobodys_way(tmp_path, beside):
    path = zip_of(tmp_path / "mine.zip", ["sub/predictor.py", "sub/a.py", beside])
    assert files_of(path, tmp_path) == {"predictor.py", "a.py"}


def test_folders_in_each_other_that_hold_everything_are_all_stripped(tmp_path):
    path = zip_of(tmp_path / "n.zip", ["mine/", "mine/mine/", "mine/mine/predictor.py"])
    assert files_of(path, tmp_path) == {"predictor.py"}


@pytest.mark.parametrize(
    ("names", "remedy"),
    [
        (["sub/predictor.py", "notes.txt", "data/x"], "'sub' alone, without data/, notes.txt"),
        (["model.ipynb"], "export the notebook 'model.ipynb' as predictor.py"),
        (["Predictor.py"], "rename 'Predictor.py' to predictor.py"),
        (["predictor.py.txt"], "rename 'predictor.py.txt' to predictor.py"),
        (["a/predictor.py", "b/predictor.py"], "(found: a/predictor.py, b/predictor.py); add one"),
    ],
)
def test_a_missing_entry_point_is_told_with_what_is_there_instead(tmp_path, names, remedy):
    assert remedy in refusal(zip_of(tmp_path / "z.zip", names), tmp_path)
    assert remedy in refusal(folder_of(tmp_path / "folder", names), tmp_path)


def test_too_many_files_are_told_with_the_folder_that_holds_most(tmp_path):
    many = [f"data/deep/{number}" for number in range(250)]
    names = ["predictor.py", "other/x", *many]
    for way in (folder_of(tmp_path / "f", names), zip_of(tmp_path / "z.zip", names)):
        assert "has more than 200 files; most are in 'data/' (250 of them)" in refusal(
            way, tmp_path
        )
    top = zip_of(tmp_path / "top.zip", [f"mine/{name}" for name in names])
    assert "most are in 'data/'" in refusal(top, tmp_path)


def test_too_many_bytes_are_told_with_the_folder_that_holds_most(tmp_path):
    folder = folder_of(tmp_path / "f", ["predictor.py", "a/x"])
    with (folder / "a" / "big").open("wb") as file:
        file.truncate(21 << 20)
    said = refusal(folder, tmp_path)
    assert (
        f"larger than 20 MiB unpacked; most are in 'a/' ({(21 << 20) + len(SOURCE)} bytes)" in said
    )


def renamed(kind, path):
    """A file of another kind under a zip's name."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz" if kind == "a gzip archive" else "w"):
        pass
    whole = zip_of(path, ["predictor.py"]).read_bytes()
    content = {
        "a tar archive": b"predictor.py".ljust(257, b"\0") + b"ustar\x0000",
        "a gzip archive": tar.getvalue(),
        "a RAR archive": b"Rar!\x1a\x07\x01\x00rest",
        "a 7z archive": b"7z\xbc\xaf\x27\x1c\x00\x04",
        "a web page": b"<!DOCTYPE html><title>Sign in</title>",
        "an empty file": b"",
        "a zip whose end is missing": whole[: len(whole) // 2],
    }
    path.write_bytes(content[kind])
    return path


@pytest.mark.parametrize(
    "kind",
    [
        *("a tar archive", "a gzip archive", "a RAR archive", "a 7z archive", "a web page"),
        *("an empty file", "a zip whose end is missing"),
    ],
)
def test_another_kind_of_file_under_a_zips_name_is_told_as_what_it_is(tmp_path, kind):
    said = refusal(renamed(kind, tmp_path / "mine.zip"), tmp_path)
    assert said == f"it is {kind}, not a zip; zip the folder with predictor.py again"


def test_an_empty_zip_and_an_empty_folder_lack_the_entry_point(tmp_path):
    (tmp_path / "empty").mkdir()
    for way in (zip_of(tmp_path / "e.zip", []), tmp_path / "empty"):
        assert "(found: nothing); add one" in refusal(way, tmp_path)


def test_a_streamed_zip_and_one_of_64_bits_are_read(tmp_path):
    """A packer that cannot seek writes sizes behind the data (a flag of 8)."""

    class Stream(io.RawIOBase):
        def __init__(self):
            self.content = b""

        def writable(self):
            return True

        def write(self, data):
            self.content += bytes(data)
            return len(data)

    stream = Stream()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("predictor.py", "w", force_zip64=True) as file:
            file.write(SOURCE.encode())
        assert archive.infolist()[0].flag_bits & 8
    (tmp_path / "streamed.zip").write_bytes(stream.content)
    assert files_of(tmp_path / "streamed.zip", tmp_path) == {"predictor.py"}


def test_a_name_in_the_code_page_of_ms_dos_is_read_where_ms_dos_wrote_it(tmp_path):
    """APPNOTE.TXT, D.1: without the flag for UTF-8 a name is in code page 437, é is 0x82."""
    path = zip_of(tmp_path / "dos.zip", ["predictor.py", "caf#.py"], MS_DOS)
    path.write_bytes(path.read_bytes().replace(b"caf#.py", b"caf\x82.py"))
    assert files_of(path, tmp_path) == {"predictor.py", "café.py"}


def test_a_folders_entry_without_a_slash_is_a_folder(tmp_path):
    path = tmp_path / "dos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo("parts")
        entry.create_system, entry.external_attr = MS_DOS, 0x10
        archive.writestr(entry, "")
        archive.writestr("parts/a.py", "")
        archive.writestr("predictor.py", SOURCE)
    assert files_of(path, tmp_path) == {"parts/a.py", "predictor.py"}


def test_a_zip_with_a_program_before_it_and_a_comment_behind_is_read(tmp_path):
    path = zip_of(tmp_path / "sfx.zip", ["predictor.py"])
    content = b"#!/bin/sh\nexit 1\n" + path.read_bytes()
    comment = b"made by hand"
    path.write_bytes(content[:-2] + struct.pack("<H", len(comment)) + comment)
    assert files_of(path, tmp_path) == {"predictor.py"}


def test_a_folder_too_deep_for_any_name_is_refused_in_its_turn(tmp_path):
    folder = folder_of(tmp_path / "deep", ["predictor.py"])
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    try:
        assert "is longer than 200 bytes; shorten it" in refusal(folder, tmp_path)
    finally:
        os.system(f"rm -rf '{folder}'")


def test_a_packed_submission_leaves_out_what_tools_left(tmp_path):
    folder = folder_of(tmp_path / "mine", ["predictor.py", ".venv/pyvenv.cfg", ".env.d/x"])
    with zipfile.ZipFile(pack_submission(folder, tmp_path / "packed.zip")) as archive:
        assert archive.namelist() == ["metadata", "predictor.py"]
