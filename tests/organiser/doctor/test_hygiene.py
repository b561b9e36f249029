"""What the doctor says of a machine on which a CPU second does not always mean the same."""

from pathlib import Path

import pytest

from zcnas.organiser.doctor import Situation, hygiene
from zcnas.phases import load_phase


@pytest.fixture
def situation(tmp_path, repository):
    phase = load_phase(repository / "reference_data" / "phases.toml", "practice")
    return Situation(phase, "auto", "", tmp_path / "out", None, None)


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """A function that has the kernel show files below /sys and /proc."""
    monkeypatch.setattr(hygiene, "SYS", tmp_path / "sys")
    monkeypatch.setattr(hygiene, "PROC", tmp_path / "proc")
    monkeypatch.setattr(hygiene, "usable_cpus", lambda: [0, 1])

    def show(**files):
        for name, text in files.items():
            path = tmp_path / Path(name.replace("__", "/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return show


GOVERNOR = "sys__devices__system__cpu__cpu{}__cpufreq__scaling_governor"
BOOST = "sys__devices__system__cpu__cpufreq__boost"


@pytest.mark.parametrize(
    ("governor", "boost", "verdict"),
    [("performance", "0", "ok"), ("powersave", "0", "warning"), ("performance", "1", "warning")],
)
def test_a_clock_that_changes_is_told(kernel, situation, governor, boost, verdict):
    kernel(**{GOVERNOR.format(0): governor, GOVERNOR.format(1): governor, BOOST: boost})
    finding = hygiene.frequency(situation)
    assert finding.verdict == verdict
    assert governor in finding.text
    assert f"boost {'on' if boost == '1' else 'off'}" in finding.text


def test_a_machine_that_shows_nothing_is_no_fault(kernel, situation):
    kernel()
    for check in (hygiene.frequency, hygiene.throttling, hygiene.memory_settings, hygiene.groups):
        assert check(situation).verdict == "ok"


def test_intels_own_switch_for_boost_is_read(kernel, situation):
    kernel(sys__devices__system__cpu__intel_pstate__no_turbo="0")
    assert "boost on" in hygiene.frequency(situation).text


def test_swap_is_told_with_pages_and_randomisation(kernel, situation):
    kernel(
        proc__swaps="Filename Type\n/dev/sda2 partition\n",
        sys__kernel__mm__transparent_hugepage__enabled="always [madvise] never\n",
        proc__sys__kernel__randomize_va_space="0\n",
    )
    finding = hygiene.memory_settings(situation)
    assert finding.verdict == "warning"
    assert "swap on, transparent huge pages madvise" in finding.text
    assert "randomisation off" in finding.text


@pytest.mark.parametrize(("count", "verdict"), [("0", "ok"), ("17", "warning")])
def test_throttled_cpus_are_told(kernel, situation, count, verdict):
    name = "sys__devices__system__cpu__cpu0__thermal_throttle__core_throttle_count"
    kernel(**{name: f"{count}\n"})
    assert hygiene.throttling(situation).verdict == verdict


@pytest.mark.parametrize(("minute", "verdict"), [(0.3, "ok"), (1.9, "warning")])
def test_load_by_others_is_told(kernel, situation, monkeypatch, minute, verdict):
    monkeypatch.setattr(hygiene.os, "getloadavg", lambda: (minute, 0.0, 0.0))
    assert hygiene.load(situation).verdict == verdict


@pytest.mark.parametrize(("shared", "verdict"), [(False, "ok"), (True, "warning")])
def test_workers_that_share_a_core_are_told(situation, monkeypatch, shared, verdict):
    monkeypatch.setattr(hygiene, "shared_cores", lambda cpus: shared)
    finding = hygiene.cores(situation)
    assert finding.verdict == verdict


def test_the_version_of_control_groups_is_told(kernel, situation):
    assert "version 1" in hygiene.groups(situation).text
    (hygiene.SYS / "fs/cgroup").mkdir(parents=True)
    (hygiene.SYS / "fs/cgroup/cgroup.controllers").write_text("cpu memory\n")
    assert "version 2" in hygiene.groups(situation).text
