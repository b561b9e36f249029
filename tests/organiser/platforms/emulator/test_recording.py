"""The emulator beside a recording of Codabench's real worker: same containers, same outcomes.

How the recording was made stands in ``codabench_recording.json`` itself.
"""

import dataclasses
import io
import json
import threading
import time
import zipfile
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import yaml

from zcnas.errors import BundleError
from zcnas.isolation.image import IMAGE
from zcnas.organiser.platforms.emulator import Emulation, emulate
from zcnas.organiser.platforms.emulator.bundles import Task
from zcnas.organiser.platforms.emulator.containers import LABEL, ContainerRunner
from zcnas.organiser.platforms.emulator.folders import FolderRunner
from zcnas.organiser.platforms.emulator.rules import PLATFORMS, SEEN, Rules
from zcnas.organiser.platforms.emulator.steps import Step

RECORDING = json.loads(Path(__file__).with_name("codabench_recording.json").read_text())
SCENARIOS: dict[str, Any] = RECORDING["scenarios"]
ENGINE: dict[str, Any] = RECORDING["engine"]
RULES = PLATFORMS["codabench"]
IN_CONTAINERS = ("plain", "own_command", "both_metadata_files", "ingestion_command_unknown")
"""Scenarios about users, modes and paths, which a folder tree cannot reproduce."""
KILLED = "ingestion_killed"
REFUSED = ("ingestion_without_command", "ingestion_without_metadata")
"""Failed there without a reason; here the bundle's fault is named."""
BEYOND_LIMIT = ("chatty_beyond_limit", "scoring_beyond_limit")
"""Like ``quiet_beyond_limit``, which is enough to run again: it takes seconds."""
AS_PROCESSES = sorted(SCENARIOS.keys() - {*IN_CONTAINERS, *REFUSED, *BEYOND_LIMIT, KILLED})


def replay(name: str, folder: Path, runner, blind: bool):
    """Return what the emulator makes of a recorded scenario."""
    scenario = SCENARIOS["plain"] | SCENARIOS[name]
    look = "def look(kind, folder):\n    open(folder + '/' + kind + '.json', 'w')\n"
    helper = {"look.py": look if blind else RECORDING["look.py"]}
    parts = {
        "ingestion_program": {
            scenario["metadata_name"]: scenario["ingestion_metadata"],
            "run.py": scenario["ingestion"],
            **helper,
        },
        "scoring_program": {
            "metadata.yaml": RECORDING["scoring_metadata"],
            "score.py": scenario["scoring"],
            **helper,
        },
        "input_data": {"question.txt": "6 x 7"},
        "reference_data": {"truth.txt": "42"},
    }
    mine = folder / "mine.zip"
    mine.write_bytes(
        scenario["raw"].encode()
        if scenario["raw"]
        else zipped(scenario["files"], scenario["links"])
    )
    task = Task(
        phase="only",
        image="",
        time_limit_s=scenario["limit_s"],
        parts={part: zipped(files) for part, files in parts.items()},
        columns=("right",),
        own_queue=True,
    )
    return emulate(task, mine, Emulation("codabench", runner, folder / "out"))


def zipped(files: dict[str, str], links: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        for name, target in (links or {}).items():
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, 0o120777 << 16
            archive.writestr(entry, target)
    return buffer.getvalue()


def names_below(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def exit_codes(output: Path) -> dict[str, int | None]:
    noted = yaml.safe_load((output / "metadata").read_text())
    return {key: noted[key] for key in ("exitCode", "ingestionExitCode")}


def assert_same(verdict, expected: dict[str, Any]) -> None:
    """Compare status, posted columns, kept names and noted exit codes with the recorded ones."""
    assert verdict.status == expected["status"], verdict.details
    # A score posted before the worker gave up stays at the site; a Failed one counts nowhere.
    assert verdict.posted == (expected["posted"] if expected["status"] == "Finished" else {})
    if "results" in expected:
        assert names_below(verdict.results) == expected["results"]
        assert exit_codes(verdict.results) == expected["exit_codes"]["prediction"]
    else:
        assert not verdict.results.exists()
    if "scoring_output" in expected:
        assert names_below(verdict.scoring) == expected["scoring_output"]
        assert exit_codes(verdict.scoring) == expected["exit_codes"]["scoring"]


def test_every_assumption_says_where_it_was_seen():
    assert set(SEEN) == {field.name for field in dataclasses.fields(Rules)}
    for sources in SEEN.values():
        assert all(text.startswith(("observed: ", "read: ")) for text in sources)


@pytest.mark.parametrize("kind", ["ingestion", "submission", "scoring"])
def test_a_container_is_created_as_the_real_worker_creates_it(tmp_path, monkeypatch, kind):
    monkeypatch.setattr("os.getuid", lambda: 0)
    client = Mock()
    client.images.get.return_value.attrs = {"Config": {"User": ENGINE[kind]["user"]}}
    for each in RULES.mounts[kind]:
        (tmp_path / each.source).mkdir(parents=True, exist_ok=True)
    step = Step(kind, ("true",), RULES, tmp_path, tmp_path)
    ContainerRunner(client, "image", network=True)._create(step, "run")
    ((image, _), asked) = client.containers.create.call_args
    recorded = ENGINE[kind]
    assert image == "image"
    assert asked["user"] is None, "the worker names none, so the image's holds"
    assert asked["working_dir"] == recorded["working_directory"]
    assert [f"{key}={value}" for key, value in asked["environment"].items()] == recorded[
        "environment"
    ]
    assert sorted(asked["cap_drop"]) == recorded["dropped_capabilities"]
    assert asked["security_opt"] == recorded["security_options"]
    mounts = {
        mount["Target"]: {
            "source": str(Path(mount["Source"]).relative_to(tmp_path.resolve())),
            "read_only": mount["ReadOnly"],
        }
        for mount in asked["mounts"]
    }
    assert mounts == recorded["mounts"]
    limits = {"mem_limit", "pids_limit", "nano_cpus", "read_only", "privileged"}
    assert not limits & asked.keys()
    assert not any(recorded[key] for key in ("memory", "processes", "cpus", "read_only_root"))


def test_without_being_asked_there_is_no_network(tmp_path):
    client = Mock()
    client.images.get.return_value.attrs = {"Config": {"User": ""}}
    step = Step("ingestion", ("true",), RULES, tmp_path, tmp_path)
    ContainerRunner(client, "image")._create(step, "run")
    assert client.containers.create.call_args.kwargs["network_mode"] == "none"


@pytest.mark.parametrize(
    ("own", "images", "expected"),
    [
        (0, "", None),
        (0, "1000:1000", None),
        (1000, "", "1000:100"),
        (1000, "root", "1000:100"),
        (1000, "1000:1000", "65534"),
        (1000, "1001", None),
    ],
)
def test_an_ordinary_user_takes_roots_part_and_no_images_user_owns_the_folders_by_chance(
    monkeypatch, own, images, expected
):
    monkeypatch.setattr("os.getuid", lambda: own)
    monkeypatch.setattr("os.getgid", lambda: 100)
    client = Mock()
    client.images.get.return_value.attrs = {"Config": {"User": images}}
    assert ContainerRunner(client, "image")._user() == expected


@pytest.mark.parametrize("name", AS_PROCESSES)
def test_outcomes_are_the_real_workers(name, tmp_path):
    verdict = replay(name, tmp_path, FolderRunner(network=True), blind=True)
    assert_same(verdict, SCENARIOS[name]["outcome"])


@pytest.mark.parametrize("name", REFUSED)
def test_an_ingestion_program_that_fails_there_without_a_word_is_named_here(name, tmp_path):
    assert SCENARIOS[name]["outcome"]["status"] == "Failed"
    with pytest.raises(BundleError, match="the ingestion program has no"):
        replay(name, tmp_path, FolderRunner(network=True), blind=True)


def test_the_real_worker_did_not_stop_what_ran_beyond_its_limit():
    for name in ("quiet_beyond_limit", *BEYOND_LIMIT):
        assert SCENARIOS[name]["outcome"]["status"] == "Finished"
    assert not RULES.enforces_limit


@pytest.mark.container
@pytest.mark.parametrize("name", IN_CONTAINERS)
def test_in_containers_programs_see_what_they_saw_on_the_real_worker(
    name, tmp_path, engine, docker_isolation
):
    verdict = replay(name, tmp_path, ContainerRunner(engine, IMAGE, network=True), blind=False)
    expected = SCENARIOS[name]["outcome"]
    assert_same(verdict, expected)
    for kind, seen in expected.get("seen", {}).items():
        output = verdict.scoring if kind == "scoring" else verdict.results
        found = json.loads((output / f"{kind}.json").read_text())
        found["names"] = {
            folder: [path for path in names if "__pycache__" not in path]
            for folder, names in found["names"].items()
        }
        modes = {mode for path, mode in found["files"].items() if "__pycache__" not in path}
        assert found | {"files": sorted(modes)} == seen, kind


@pytest.mark.container
def test_a_killed_ingestion_is_scored_with_its_exit_code(tmp_path, engine, docker_isolation):
    ended = threading.Event()

    def kill() -> None:
        while not ended.wait(0.5):
            for container in engine.api.containers(filters={"label": LABEL}):
                if any(str(tmp_path) in mount["Source"] for mount in container["Mounts"]):
                    time.sleep(3)  # it has written its first file by then
                    engine.api.kill(container["Id"])
                    return

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        verdict = replay(KILLED, tmp_path, ContainerRunner(engine, IMAGE), blind=True)
    finally:
        ended.set()
        killer.join()
    assert_same(verdict, SCENARIOS[KILLED]["outcome"])
    assert exit_codes(verdict.results)["ingestionExitCode"] == 137
