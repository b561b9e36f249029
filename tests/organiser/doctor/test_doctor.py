"""Every check of the doctor, sound and broken, with what it says to do."""

import dataclasses
import importlib.metadata
import os
import time
from pathlib import Path

import msgspec
import pytest

from zcnas.errors import OrganiserError
from zcnas.isolation.image import IMAGE
from zcnas.isolation.process import ProcessIsolation
from zcnas.organiser.doctor import Situation, engine, host, phase_data
from zcnas.organiser.doctor.checks import CHECKS
from zcnas.phases import load_phase

ROOT = Path(__file__).resolve().parents[3]
NOWHERE = "unix:///nowhere/docker.sock"


@pytest.fixture
def situation(tmp_path):
    phase = load_phase(ROOT / "reference_data" / "phases.toml", "practice")
    limits = msgspec.structs.replace(phase.limits, memory_mb=1000)
    phase = msgspec.structs.replace(phase, limits=limits)
    return Situation(phase, "auto", "", tmp_path / "out", None, None)


def change(situation, **values):
    import dataclasses

    if "truth" in values:
        phase = msgspec.structs.replace(situation.phase, truth=values.pop("truth"), draw_seed=None)
        values["phase"] = phase
    return dataclasses.replace(situation, **values)


@pytest.mark.parametrize(
    "name", [n for n in CHECKS if n not in ("image", "canary", "Docker engine", "memory", "load")]
)
def test_on_a_sound_machine_a_check_is_content(name, situation):
    finding = CHECKS[name](situation)
    assert (finding.verdict, finding.fix) == ("ok", ""), finding.text


@pytest.mark.container
@pytest.mark.parametrize("name", ["Docker engine", "image", "canary"])
def test_with_an_engine_the_container_checks_are_content(name, situation, docker_isolation):
    finding = CHECKS[name](situation)
    assert finding.verdict == "ok", finding.text


def test_the_canary_lives_in_a_plain_process(situation):
    finding = engine.canary(change(situation, isolation="process"))
    assert "the canary gets its score in a plain process" in finding.text


@pytest.mark.parametrize(
    ("isolation", "truth", "verdict"),
    [
        ("auto", "public", "warning"),
        ("auto", "hidden", "error"),
        ("docker", "public", "error"),
        ("docker", "hidden", "error"),
    ],
)
def test_a_stopped_engine_is_an_error_where_a_run_needs_one(
    situation, monkeypatch, isolation, truth, verdict
):
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    finding = engine.engine(change(situation, isolation=isolation, truth=truth))
    assert finding.verdict == verdict
    assert "no Docker engine answers" in finding.text
    assert "systemctl start docker" in finding.fix


def test_without_an_engine_a_hidden_phase_has_no_canary(situation, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    assert engine.canary(change(situation, truth="hidden")).verdict == "error"


@pytest.mark.container
def test_a_missing_or_foreign_image_is_to_be_made(situation, docker_isolation, monkeypatch):
    monkeypatch.setattr(engine, "fingerprint", lambda: "another")
    stale = engine.image(situation)
    assert (stale.verdict, stale.fix) == ("error", "run `zcnas image`")
    assert f"{IMAGE} was built from another version of docker/" in stale.text
    monkeypatch.setattr(engine, "IMAGE", "zcnas-absent:latest")
    absent = engine.image(situation)
    assert (absent.verdict, absent.fix) == ("error", "run `zcnas image`")
    assert "zcnas-absent:latest is missing" in absent.text
    broken = engine.canary(situation)
    assert broken.verdict == "error"
    assert "No such image" in broken.text


@pytest.mark.container
def test_a_container_of_a_recorder_that_is_gone_is_found_with_the_command_that_removes_it(
    situation, docker_isolation
):
    from zcnas.isolation.owners import owner_mark

    machine = owner_mark().rsplit("/", 2)[0]
    container = docker_isolation.client.containers.create(
        IMAGE, "true", labels={engine.OWNER_LABEL: f"{machine}/4999999/1.00"}
    )
    try:
        finding = engine.strays(situation)
        assert finding.verdict == "warning"
        assert container.short_id in finding.fix
        assert "`docker rm -f " in finding.fix
    finally:
        container.remove()


def test_a_cpu_that_does_not_exist_is_an_error(situation):
    finding = host.cpus(change(situation, cpus="997"))
    assert finding.verdict == "error"
    assert "997" in finding.text
    assert str(sorted(os.sched_getaffinity(0))) in finding.fix


def test_too_little_memory_for_every_worker_is_a_warning(situation):
    limits = msgspec.structs.replace(situation.phase.limits, memory_mb=1 << 30)
    phase = msgspec.structs.replace(situation.phase, limits=limits)
    finding = host.memory(change(situation, phase=phase))
    assert finding.verdict == "warning"
    assert "use fewer --cpus" in finding.fix


def test_an_output_folder_that_cannot_be_written_is_an_error(situation, tmp_path):
    (tmp_path / "file").write_text("")
    finding = host.output(change(situation, out=tmp_path / "file" / "below"))
    assert finding.verdict == "error"
    assert "choose another --out" in finding.fix


def test_a_full_disk_is_an_error(situation, monkeypatch):
    monkeypatch.setattr(host, "FREE_GIB", 1 << 40)
    for check, fix in ((host.output, "--out"), (host.temporary, "TMPDIR")):
        finding = check(situation)
        assert finding.verdict == "error"
        assert "MiB free in" in finding.text
        assert fix in finding.fix


def test_a_clock_that_jumps_or_is_of_the_past_is_a_warning(situation, monkeypatch):
    moments = iter([1e9, 1e9 + 3600])
    monkeypatch.setattr(host.time, "time", lambda: next(moments))
    assert "jumped by 3599" in host.clock(situation).text
    monkeypatch.undo()
    monkeypatch.setattr(host.time, "gmtime", lambda: time.struct_time((1970, *[1] * 8)))
    finding = host.clock(situation)
    assert (finding.verdict, "1970" in finding.text) == ("warning", True)
    assert "timedatectl" in finding.fix


def test_a_package_of_another_version_than_the_images_is_a_warning(situation, monkeypatch):
    locked = {"numpy": "0.0.1", "psutil": importlib.metadata.version("psutil"), "zcnas-absent": "1"}
    monkeypatch.setattr(host, "locked_versions", lambda: locked)
    finding = host.packages(situation)
    assert finding.verdict == "warning"
    assert "instead of 0.0.1" in finding.text
    assert "psutil" not in finding.text
    assert "`make install`" in finding.fix
    del locked["numpy"]
    assert host.packages(situation).text.endswith("not installed: zcnas-absent")


def test_the_images_lock_is_read_without_hashes():
    versions = host.locked_versions()
    assert versions["numpy"][0].isdigit()
    assert not [name for name, version in versions.items() if " " in name + version or not version]


def test_a_cuda_build_of_torch_is_named_with_its_disk_and_the_way_to_the_other(
    situation, monkeypatch
):
    class Library:
        metadata = {"Name": "nvidia-something"}  # noqa: RUF012

    class OfTenGigabytes:
        size = 10**10

    assert "CPU build" in host.torch_build(situation).text
    monkeypatch.setattr(host.importlib.metadata, "distributions", lambda: [Library])
    monkeypatch.setattr(host.importlib.metadata, "files", lambda name: [OfTenGigabytes])
    finding = host.torch_build(situation)
    assert finding.verdict == "warning"
    assert "CUDA build and takes 20.0 GB with its 1 library" in finding.text
    assert "PIP_EXTRA_INDEX_URL" in finding.fix


def test_without_torch_the_cpu_build_is_advised(situation, monkeypatch):
    def absent(name):
        raise host.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(host.importlib.metadata, "version", absent)
    for isolation, verdict in (("process", "error"), ("docker", "warning")):
        finding = host.torch_build(dataclasses.replace(situation, isolation=isolation))
        assert (finding.verdict, "PIP_EXTRA_INDEX_URL" in finding.fix) == (verdict, True)
        assert "pip install 'zcnas[run]'" in finding.fix


def test_a_hidden_phase_is_drawn_outside_the_repository_and_read_by_nobody_else(
    situation, tmp_path
):
    hidden = change(situation, truth="hidden")
    assert "`zcnas sample --phase practice" in phase_data.secret_draw(hidden).fix
    drawn = change(hidden, draws=tmp_path / "draws")
    assert phase_data.secret_draw(drawn).verdict == "error"
    folder = tmp_path / "draws" / "practice" / "reference_data"
    folder.mkdir(parents=True)
    for key in hidden.phase.benchmarks:
        (folder / f"{key}.json").write_text("{}")
    folder.parent.chmod(0o755)
    open_to_all = phase_data.secret_draw(drawn)
    assert (open_to_all.verdict, "chmod" in open_to_all.fix) == ("warning", True)
    folder.parent.chmod(0o700)
    assert phase_data.secret_draw(drawn).verdict == "ok"


def test_a_data_folder_that_is_named_exists_and_what_it_lacks_is_named(situation, tmp_path):
    empty = phase_data.data(change(situation, data=tmp_path))
    assert empty.verdict == "warning"
    for named in (
        "cifar-10-batches-py/data_batch_1 … cifar-10-batches-py/data_batch_5 (5 files)",
        "images of CIFAR-100: cifar-100-python/train;",
        "ImageNet16/train_data_batch_10 (10 files)",
    ):
        assert named in empty.text
    assert "zcnas data --phase practice --check" in empty.fix
    finding = phase_data.data(change(situation, data=tmp_path / "absent"))
    assert (finding.verdict, finding.fix) == ("error", "correct or unset it")


def test_without_a_data_folder_the_doctor_says_what_one_may_hold(situation):
    phase = load_phase(ROOT / "reference_data" / "phases.toml", "final")
    finding = phase_data.data(change(situation, phase=phase))
    assert finding.verdict == "ok"
    for named in (
        "nasbench101_16001.csv.gz",
        "zc_transbench101_macro.json",
        "images of CIFAR-10: cifar",
    ):
        assert named in finding.text


@pytest.mark.parametrize(("switch", "told"), [("1\n", True), ("0\n", False), (None, False)])
def test_a_container_that_selinux_keeps_from_our_files_is_told_from_other_faults(
    situation, monkeypatch, tmp_path, switch, told
):
    def refuse(situation, isolation):
        raise OrganiserError("the worker did not start")

    if switch is not None:
        (tmp_path / "enforce").write_text(switch)
    monkeypatch.setattr(engine, "SELINUX_SWITCH", tmp_path / "enforce")
    monkeypatch.setattr(engine, "_where", lambda situation: (ProcessIsolation(), "container"))
    monkeypatch.setattr(engine, "_ask_canary", refuse)
    finding = engine.canary(situation)
    assert finding.verdict == "error"
    assert ("SELinux is enforcing here" in finding.text) is told
    assert ("container_file_t" in finding.fix) is told


@pytest.mark.parametrize(
    ("known", "installed", "chosen", "said"),
    [
        (("runc", "runsc"), True, "", "gVisor) is not used; ZCNAS_RUNTIME=runsc uses it"),
        (("runc", "runsc"), True, "runsc", "gVisor) is used"),
        (("runc",), True, "", "runsc (gVisor) is installed, but is no runtime of the engine"),
        (("runc",), False, "", "no runsc (gVisor)"),
    ],
)
def test_the_doctor_says_whether_gvisor_is_there(monkeypatch, known, installed, chosen, said):
    monkeypatch.setenv("ZCNAS_RUNTIME", chosen)
    monkeypatch.setattr(engine.shutil, "which", lambda name: f"/{name}" if installed else None)
    assert engine._gvisor(known).endswith(said)
