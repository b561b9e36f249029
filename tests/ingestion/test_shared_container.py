"""What a recorder does for itself where the submission shares its container."""

import os
import subprocess
import sys

from zcnas.ingestion.shared_container import empty, idlest_cpu, keep_only


def test_what_stood_in_the_output_folder_is_removed_links_without_their_targets(tmp_path):
    (tmp_path / "kept").write_text("precious")
    output = tmp_path / "out"
    (output / "folder").mkdir(parents=True)
    (output / "folder" / "forged.predictions.jsonl").write_text("x")
    (output / "metadata").write_text("exitCode: 0")
    (output / "link").symlink_to(tmp_path / "kept")
    empty(output)
    assert list(output.iterdir()) == []
    assert (tmp_path / "kept").read_text() == "precious"


def test_the_recorder_is_not_dumpable():
    code = (
        "import ctypes; from zcnas.ingestion.shared_container import forbid_inspection\n"
        "libc = ctypes.CDLL(None); before = libc.prctl(3, 0, 0, 0, 0)\n"
        "forbid_inspection(); print(before, libc.prctl(3, 0, 0, 0, 0))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert said.split() == [b"1", b"0"]


def test_the_cpu_chosen_is_one_this_process_may_use():
    assert idlest_cpu() in os.sched_getaffinity(0)


def test_only_the_programs_own_files_stay_in_the_output(tmp_path):
    own, foreign = tmp_path / "nasbench201_cifar10.log", tmp_path / "metadata"
    for path in (own, foreign):
        path.write_text("x")
    (tmp_path / "folder").mkdir()
    keep_only(tmp_path, [own, tmp_path / "never_written.log"])
    assert list(tmp_path.iterdir()) == [own]
