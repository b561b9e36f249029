"""A stranger's submission on the organiser's own machine: what it cannot do to it."""

import os
import signal
import subprocess
import sys
import textwrap
import time
import zipfile

import pytest

from zcnas.errors import BundleError, InvalidSubmission
from zcnas.isolation.container import OWNER_LABEL
from zcnas.isolation.image import IMAGE
from zcnas.isolation.strays import remove_strays
from zcnas.organiser.platforms.emulator import Emulation, emulate
from zcnas.organiser.platforms.emulator.bundles import Task
from zcnas.organiser.platforms.emulator.containers import LABEL
from zcnas.organiser.platforms.emulator.folders import FolderRunner
from zcnas.submissions import MAX_BYTES, MAX_FILES

INGESTION = "command: python3 $ingestion_program/run.py $input $output $submission_program\n"
SCORING = "command: python3 $program/score.py $output\n"
SCORES = (
    "import pathlib, sys; pathlib.Path(sys.argv[1], 'scores.json').write_text('{\"right\": 1}')"
)


@pytest.fixture
def attempt(tmp_path):
    """A function that emulates a submission with programs of a few lines."""

    def run(files=None, *, ingestion="", scoring=SCORES, zipped=None, **more):
        parts = {
            "ingestion_program": {"metadata": INGESTION, "run.py": textwrap.dedent(ingestion)},
            "scoring_program": {"metadata": SCORING, "score.py": textwrap.dedent(scoring)},
            "mine": files or {"metadata": ""},
        }
        for part, contents in parts.items():
            (tmp_path / part).mkdir(exist_ok=True)
            for name, text in contents.items():
                (tmp_path / part / name).write_text(text)
        parts.pop("mine")
        task = Task("only", "", 60, {part: tmp_path / part for part in parts}, ("right",))
        how = Emulation("codabench", FolderRunner(), tmp_path / "out", **more)
        return emulate(task, zipped or tmp_path / "mine", how)

    return run


def test_its_own_command_is_not_run_as_the_organiser_unless_allowed(attempt, tmp_path):
    mark = tmp_path / "ran"
    files = {"metadata": f"command: touch {mark}\n"}
    with pytest.raises(BundleError, match="--run-own-command"):
        attempt(files, own_command=False)
    assert not mark.exists()
    assert attempt(files, own_command=True).status == "Finished"
    assert mark.exists()


def test_a_program_has_no_network(attempt):
    looks = """
    import pathlib, socket, sys
    names = [name for _, name in socket.if_nameindex()]
    pathlib.Path(sys.argv[2], "networks").write_text(" ".join(names))
    """
    assert (attempt(ingestion=looks).results / "networks").read_text() in ("lo", "")


def test_a_link_in_the_output_is_not_followed_and_is_named(attempt, tmp_path):
    (tmp_path / "secret").write_text("mine alone")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "secret").write_text("mine alone")
    plants = f"""
    import os, sys
    os.symlink({str(tmp_path / "secret")!r}, sys.argv[2] + "/file")
    os.symlink({str(tmp_path / "folder")!r}, sys.argv[2] + "/folder")
    os.mkfifo(sys.argv[2] + "/pipe")
    open(sys.argv[2] + "/plain", "w").write("x")
    """
    verdict = attempt(ingestion=plants)
    assert sorted(path.name for path in verdict.results.rglob("*")) == ["metadata", "plain"]
    assert sorted(verdict.left_out) == ["file", "folder", "pipe"]
    kept = [path for path in verdict.results.rglob("*") if path.is_file()]
    assert all("mine alone" not in path.read_text() for path in kept)


def test_nothing_is_written_through_a_link_called_metadata(attempt, tmp_path):
    target = tmp_path / "written"
    plants = f"import os, sys; os.symlink({str(target)!r}, sys.argv[2] + '/metadata')"
    verdict = attempt(ingestion=plants)
    assert verdict.status == "Failed"
    assert not target.exists()


def test_scores_are_not_read_through_a_link(attempt, tmp_path):
    (tmp_path / "elsewhere.json").write_text('{"right": 0.9}')
    source = str(tmp_path / "elsewhere.json")
    plants = f"import os, sys; os.symlink({source!r}, sys.argv[1] + '/scores.json')"
    verdict = attempt(scoring=plants)
    assert (verdict.status, verdict.posted) == ("Failed", {})


def test_a_folder_with_a_link_is_refused(attempt, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "data").symlink_to("/etc")
    with pytest.raises(InvalidSubmission, match="'data' is a link"):
        attempt()


def archive_of(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "entries",
    [
        [("metadata", ""), ("zeros", bytes(MAX_BYTES + 1))],
        [(f"{number}.txt", "") for number in range(MAX_FILES + 1)],
    ],
    ids=["too large", "too many"],
)
def test_a_zip_beyond_the_limits_of_intake_is_not_unpacked(attempt, tmp_path, entries):
    bomb = archive_of(tmp_path / "bomb.zip", entries)
    with pytest.raises(InvalidSubmission, match="a submission may have"):
        attempt(zipped=bomb)
    assert list((tmp_path / "out" / "prediction" / "program").iterdir()) == []


ALIASES = "a: &a [x, x]\nb: &b [*a, *a]\ncommand: [*b, *b]\n"


@pytest.mark.parametrize(
    "metadata",
    [ALIASES, "command: " + "x" * 70_000, "command: [a, b]", "- " * 3000, "? &x {*x: 1}"],
)
def test_a_metadata_that_is_no_plain_command_is_no_command(attempt, metadata):
    verdict = attempt({"metadata": metadata}, own_command=False)
    assert verdict.status == "Finished"


@pytest.mark.container
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["terminated", "killed"])
def test_a_killed_emulation_leaves_no_container(tmp_path, engine, docker_isolation, end):
    parts = {
        "ingest/metadata.yaml": INGESTION,
        "ingest/run.py": "import time; time.sleep(300)",
        "score/metadata.yaml": SCORING,
        "score/score.py": SCORES,
        "competition.yaml": f"""
version: 2
docker_image: {IMAGE}
phases: [{{index: 0, name: Only, tasks: [0]}}]
tasks: [{{index: 0, ingestion_program: ingest, scoring_program: score}}]
leaderboards: [{{columns: [{{key: right, index: 0}}]}}]
""",
    }
    for name, text in parts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    mine = archive_of(tmp_path / "mine.zip", [("metadata", "")])
    words = [
        *(sys.executable, "-c", "from zcnas.organiser.cli.main import main; main()"),
        *("emulate", "--isolation", "docker", "--bundle", str(tmp_path)),
        *("--submission", str(mine), "--out", str(tmp_path / "out")),
    ]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, cwd=tmp_path)

    def own():
        return [
            container
            for container in engine.api.containers(all=True, filters={"label": LABEL})
            if f"/{process.pid}/" in container["Labels"][OWNER_LABEL]
        ]

    try:
        wait_for(own)
        os.kill(process.pid, end)
        process.wait(60)
    finally:
        process.kill()
        process.wait()
    if end == signal.SIGKILL:
        assert own(), "nobody was left to remove it"
        remove_strays(docker_isolation)
    assert own() == []


def wait_for(something):
    deadline = time.monotonic() + 60
    while not something():
        assert time.monotonic() < deadline
        time.sleep(0.2)
