"""Zips and folders packed by somebody in a hurry, or by somebody clever."""

import io
import os
import stat
import subprocess
import sys
import unicodedata
import zipfile

import pytest

from zcnas.errors import InvalidSubmission
from zcnas.submissions import open_submission, submission_name
from zcnas.submissions.bounds import MAX_BYTES, MAX_SOURCE_BYTES

SOURCE = "class ZeroCostPredictor:\n    def query(self, graph): return 1\n"


def zip_of(path, entries):
    """A zip of (name or ZipInfo, content) pairs, in that order."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def entry(name, mode=0, flags=0):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.flag_bits |= flags
    return info


def refusal(path, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InvalidSubmission) as caught:
        open_submission(path, tmp_path / "target")
    assert sorted(tmp_path.rglob("*")) == before, "a refused submission leaves no file anywhere"
    return caught.value.problems


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([(entry("truth", stat.S_IFLNK | 0o777), "/etc/passwd")], "'truth' is a link"),
        ([(entry("disk", stat.S_IFBLK | 0o666), "")], "'disk' is a link or a special file"),
        ([(entry("pipe", stat.S_IFIFO | 0o666), "")], "'pipe' is a link or a special file"),
        ([("c:/evil.py", "")], "'c:/evil.py' points outside"),
        ([("Parts.py", ""), ("parts.py", "")], "'Parts.py' and 'parts.py' differ only in case"),
        ([("Lib/a.py", ""), ("lib/b.py", "")], "'Lib' and 'lib' differ only in case"),
        (
            [("é.py", ""), (unicodedata.normalize("NFD", "é.py"), "")],
            "differ only in case or accents",
        ),
        ([("part", ""), ("part/a.py", "")], "'part' is both a file and a folder"),
        ([("a\x1b[2Jb.py", "")], r"the name 'a\x1b[2Jb.py' contains control characters"),
        ([("x" * 201, "")], "is longer than 200 bytes"),
        (
            [("metadata", "command: python evil.py")],
            "metadata is not empty, and a platform would run",
        ),
        ([("metadata.yaml", "command: x")], "metadata.yaml is not empty"),
        ([("METADATA", "command: x")], "METADATA is not empty"),
        ([("submission.py", SOURCE)], "both predictor.py and submission.py; keep one"),
    ],
)
def test_a_zip_that_could_do_harm_is_refused_with_what_to_do(tmp_path, entries, problem):
    path = zip_of(tmp_path / "bad.zip", [("predictor.py", SOURCE), *entries])
    problems = refusal(path, tmp_path)
    assert len(problems) == 1
    assert problem in problems[0]
    assert "; " in problems[0] or ": " in problems[0], "what to do follows"


def test_an_encrypted_zip_is_refused(tmp_path):
    """Encryption is a flag in both headers of an entry; the standard library cannot write it."""
    path = zip_of(tmp_path / "secret.zip", [("predictor.py", SOURCE)])
    content = bytearray(path.read_bytes())
    content[6] |= 1  # of the local header
    content[content.index(b"PK\x01\x02") + 8] |= 1  # of the central directory
    path.write_bytes(content)
    assert refusal(path, tmp_path)[0] == "'predictor.py' is encrypted; zip without a password"


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("predictor.py", SOURCE)
        archive.writestr("zeros", bytes(MAX_BYTES + 1))
    assert path.stat().st_size < 100_000
    assert "larger than 20 MiB unpacked" in refusal(path, tmp_path)[0]


def test_a_zip_whose_directory_lies_about_a_size_is_refused(tmp_path):
    path = tmp_path / "liar.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("predictor.py", SOURCE)
        archive.writestr("zeros", bytes(1 << 20))
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02") + 24
    content[at : at + 4] = (10).to_bytes(4, "little")
    path.write_bytes(content)
    assert "'zeros' is damaged (BadZipFile)" in refusal(path, tmp_path)[0]


def test_a_zip_of_a_later_version_than_is_known_is_refused(tmp_path):
    """The version needed stands in the directory at bytes 6 and 7 of an entry."""
    path = zip_of(tmp_path / "new.zip", [("predictor.py", SOURCE)])
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 6] = 255
    path.write_bytes(content)
    assert (
        "cannot be read as a folder or zip: 'zip file version 25.5'" in refusal(path, tmp_path)[0]
    )


@pytest.mark.parametrize("depth", [1, 3])
def test_a_nested_bomb_is_refused_and_saved_arrays_are_not(tmp_path, depth):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(MAX_BYTES + 1))
    for _ in range(depth - 1):
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w") as archive:
            archive.writestr("inner.zip", bomb.getvalue())
        bomb = outer
    files = [("predictor.py", SOURCE), ("data.zip", bomb.getvalue())]
    problems = refusal(zip_of(tmp_path / "nested.zip", files), tmp_path)
    assert "'data.zip' is a zip that contains zips or more than 20 MiB" in problems[0]

    import numpy as np

    weights = io.BytesIO()
    np.savez_compressed(weights, w=np.zeros(1000))
    files = [("predictor.py", SOURCE), ("weights.npz", weights.getvalue())]
    open_submission(zip_of(tmp_path / "fine.zip", files), tmp_path / "fine")


def test_names_that_are_not_utf8_are_refused_and_utf8_without_its_flag_is_read(tmp_path):
    path = zip_of(tmp_path / "n.zip", [("predictor.py", SOURCE), ("aaaa.py", "")])
    latin = tmp_path / "latin.zip"
    latin.write_bytes(path.read_bytes().replace(b"aaaa.py", b"\xe9\xe8\xe0\xea.py"))
    assert "is not UTF-8; rename the file" in refusal(latin, tmp_path)[0]
    mac = tmp_path / "mac.zip"
    mac.write_bytes(path.read_bytes().replace(b"aaaa.py", "éè.py".encode()))
    opened = open_submission(mac, tmp_path / "opened")
    assert (opened.folder / "éè.py").is_file()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "predictor.py").write_text(SOURCE)
    with open(os.fsencode(folder) + b"/caf\xe9.py", "w"):  # noqa: PTH123 - bytes
        pass
    with pytest.raises(InvalidSubmission, match="is not UTF-8; rename the file"):
        open_submission(folder, tmp_path / "never")


def test_a_folder_with_devices_and_links_is_refused_and_no_pipe_is_opened(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "predictor.py").write_text(SOURCE)
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder)
    (folder / "passwd").symlink_to("/etc/passwd")
    problems = refusal(folder, tmp_path)
    assert [problem.partition(" is")[0] for problem in problems] == ["'loop'", "'passwd'", "'pipe'"]


def test_a_source_too_large_to_parse_is_refused_and_the_largest_is_parsed_in_little_memory(
    tmp_path,
):
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "predictor.py").write_text("0\n" * (MAX_SOURCE_BYTES // 2 + 1))
    assert "larger than 256 KiB" in refusal(tmp_path / "big", tmp_path)[0]
    (tmp_path / "big" / "predictor.py").write_text("0;" * (MAX_SOURCE_BYTES // 2))
    code = (
        "import re, sys, pathlib; from zcnas.submissions import open_submission\n"
        "try: open_submission(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[1] + 'x'))\n"
        "except Exception as error: print(error)\n"
        # Not getrusage's peak: that of a new program includes the size of the one before it.
        "peak = re.search(r'VmHWM:\\s+(\\d+) kB', pathlib.Path('/proc/self/status').read_text())\n"
        "print(int(peak[1]) >> 10, 'MiB')"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "big")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "does not define a class ZeroCostPredictor" in done.stdout
    assert int(done.stdout.split()[-2]) < 600


@pytest.mark.parametrize(
    "source", ["(" * 50_000, "-" * 100_000 + "1", "a" + "[0]" * 50_000, "x = " + "9" * 200_000]
)
def test_a_source_that_overwhelms_the_parser_is_refused_not_fatal(tmp_path, source):
    """In a process of its own: a parser that runs out of stack would take the tests with it."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "predictor.py").write_text(source)
    code = "import sys; sys.argv[0] = 'zcnas'; from zcnas.organiser.cli.main import main; main()"
    command = [sys.executable, "-c", code, "check", str(tmp_path / "deep")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "cannot be accepted" in done.stderr


def test_the_check_neither_runs_nor_imports_anything_of_the_submission(tmp_path):
    folder = tmp_path / "mine"
    (folder / "zcnas").mkdir(parents=True)
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w')\n"
    (folder / "predictor.py").write_text(trap + "import helper\n" + SOURCE)
    names = ("helper.py", "json.py", "ast.py", "sitecustomize.py", "zcnas/__init__.py", "setup.py")
    for name in names:
        (folder / name).write_text(trap)
    code = "import sys; sys.argv[0] = 'zcnas'; from zcnas.organiser.cli.main import main; main()"
    command = [sys.executable, "-c", code, "check", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "sprung").exists()


def test_all_problems_of_a_zip_are_listed_at_once(tmp_path):
    entries = [
        ("model.py", SOURCE),
        ("metadata", "command: x"),
        (entry("truth", stat.S_IFLNK | 0o777), "/etc/passwd"),
        ("c:/out.py", ""),
        ("A.py", ""),
        ("a.py", ""),
    ]
    problems = refusal(zip_of(tmp_path / "bad.zip", entries), tmp_path)
    for part in ("is a link", "points outside", "no predictor.py", "is not empty", "only in case"):
        assert any(part in problem for problem in problems), part
    assert len(problems) == 5


def test_two_submissions_that_differ_anywhere_have_different_digests(tmp_path):
    """A file called metadata is left out of the digest at the root only, where it is empty."""

    def digest(number, **files):
        folder = tmp_path / str(number)
        for name, content in {"predictor.py": SOURCE, **files}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        return open_submission(folder, tmp_path / f"copy{number}").sha256

    digests = [
        digest(0),
        digest(1, **{"deep/metadata": "one"}),
        digest(2, **{"deep/metadata": "two"}),
        digest(3, **{"a.py": "b"}),
        digest(4, **{"a.p": "yb"}),
    ]
    assert len(set(digests)) == 5
    assert digest(5, metadata="") == digests[0]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("synflow", "synflow"),
        ("my best one-2.0", "my best one-2.0"),
        ("équipe", "équipe"),
        ("a\x1b[2Jb", "a__2Jb"),
        ("<script>", "_script_"),
        ("=cmd()", "_cmd__"),
        ("leaderboard.json", "leaderboard.json"),
        ("Leaderboard", "Leaderboard"),
        ("x" * 100, "x" * 64),
        ("...", "_"),
    ],
)
def test_a_name_that_means_something_to_a_terminal_or_a_page_is_changed(tmp_path, folder, name):
    (tmp_path / folder).mkdir()
    assert submission_name(tmp_path / folder) == name


def test_a_zip_of_60_000_entries_is_refused_before_its_names_are_read(tmp_path, monkeypatch):
    path = zip_of(tmp_path / "many.zip", [(f"{number}", b"") for number in range(60_000)])
    monkeypatch.setattr(zipfile, "ZipFile", None)
    (problem,) = refusal(path, tmp_path)
    assert problem.startswith("the zip has some 60000 entries, and at most 20000 are looked at")


def test_what_a_zip_leaves_out_may_be_many_files(tmp_path):
    entries = [(f".git/objects/{number}", b"") for number in range(2_000)]
    path = zip_of(tmp_path / "kept.zip", [("predictor.py", SOURCE), *entries])
    assert open_submission(path, tmp_path / "target").remarks
