"""CPUs are calibrated by workers that have loaded nothing, and seldom; limits may follow them."""

import msgspec
import pytest

from tests.conftest import LIMITS, OWN_CPU
from zcnas.ingestion.gauge import EVERY_S, Gauge
from zcnas.isolation.process import ProcessIsolation
from zcnas.isolation.throttling import throttle_count
from zcnas.organiser.results.manifests import join_manifests, read_manifest
from zcnas.words.hygiene import REFERENCE_PIECE_S, Throttling, joined_throttling

CONSTANT = "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None): return 1.0\n"
BURNS = """
import time
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        end = time.process_time() + {seconds}
        while time.process_time() < end: pass
        return 1.0
"""
STRICT = msgspec.structs.replace(LIMITS, query_cpu_s=1)


class Clock:
    """Seconds that pass when the test says so, and by a step whenever somebody looks."""

    def __init__(self, step=0.0):
        self.at, self.step = 0.0, step

    def __call__(self):
        self.at += self.step
        return self.at


def test_a_cpu_is_due_until_calibrated_and_again_when_that_is_old():
    clock = Clock()
    gauge = Gauge(clock)
    assert gauge.is_due(3, 600)
    gauge.note(3, 0.004)
    clock.at = 599
    assert not gauge.is_due(3, 600)
    assert gauge.is_due(4, 600)
    clock.at = 600
    assert gauge.is_due(3, 600)


def test_a_runs_factor_is_its_first_calibrations_and_stays():
    gauge = Gauge()
    assert gauge.factor(0) == 1.0
    gauge.note(0, 2 * REFERENCE_PIECE_S)
    gauge.note(0, 9 * REFERENCE_PIECE_S)
    assert gauge.factor(0) == pytest.approx(2.0)
    assert gauge.factor(1) == 1.0


def test_a_job_keeps_the_last_calibration_before_it_and_all_since():
    clock = Clock()
    gauge = Gauge(clock)
    for moment, piece_s in ((0, 0.1), (10, 0.2), (30, 0.3)):
        clock.at = moment
        gauge.note(0, piece_s)
    assert [each.piece_s for each in gauge.taken(0, since=20)] == [0.2, 0.3]
    assert [each.piece_s for each in gauge.taken(0, since=40)] == [0.3]
    assert [each.piece_s for each in gauge.taken(0, since=-1)] == [0.1, 0.2, 0.3]


def test_a_short_job_is_calibrated_once_and_the_next_one_not_again(ingest_source, small):
    gauge = Gauge()
    calibrated = []
    for _ in range(2):
        _, manifest, _ = ingest_source(CONSTANT, ProcessIsolation(), (small,), gauge=gauge)
        calibrated.append(manifest.organiser.calibrations)
    (first,), second = calibrated
    assert second == (first,)
    assert first.cpu == OWN_CPU
    assert 0.05 < first.factor < 50


def test_a_long_job_is_calibrated_again_beside_its_worker_and_scores_stay(
    ingest_source, big, small
):
    specs = (big, small)
    source = CONSTANT.replace("1.0", "sum(p.sum().item() for p in graph.parameters())")
    plain, _, _ = ingest_source(source, ProcessIsolation(), specs)
    hurried = Gauge(Clock(EVERY_S))
    asked, manifest, _ = ingest_source(source, ProcessIsolation(), specs, gauge=hurried)
    assert len(manifest.organiser.calibrations) == 1 + len(specs) + 1
    assert manifest.public.worker_starts == 1
    assert [each.score for each in asked] == [each.score for each in plain]


@pytest.mark.parametrize(
    ("reference_seconds", "status"), [(False, "timeout"), (True, "ok")], ids=["plain", "reference"]
)
def test_a_slow_cpu_is_no_disadvantage_where_limits_are_reference_seconds(
    ingest_source, small, reference_seconds, status
):
    slow = Gauge()
    slow.note(OWN_CPU, 5 * REFERENCE_PIECE_S)
    (prediction,), manifest, _ = ingest_source(
        BURNS.format(seconds=2.5), ProcessIsolation(), (small,), STRICT,
        gauge=slow, reference_seconds=reference_seconds,
    )  # fmt: skip
    assert prediction.status == status
    if reference_seconds:
        assert 0.5 <= prediction.cpu_time_s < 1.0, "2.5 s of a CPU that takes five times as long"
        assert manifest.public.reference_factors == (5.0,)
    else:
        assert manifest.public.reference_factors == ()


def test_a_timeout_says_what_a_reference_second_is(ingest_source, small):
    fast = Gauge()
    fast.note(OWN_CPU, REFERENCE_PIECE_S / 4)
    limits = msgspec.structs.replace(STRICT, query_cpu_s=4)
    (prediction,), _, _ = ingest_source(
        BURNS.format(seconds=9), ProcessIsolation(), (small,), limits,
        gauge=fast, reference_seconds=True,
    )  # fmt: skip
    assert prediction.status == "timeout"
    assert "4 reference s of CPU time are allowed" in prediction.message
    assert "one is 0.25 s of this CPU" in prediction.message


def test_a_manifest_of_an_earlier_version_is_read_and_joined(ingest_source, small, tmp_path):
    _, manifest, _ = ingest_source(CONSTANT, ProcessIsolation(), (small,), gauge=Gauge())
    told = msgspec.to_builtins(manifest)
    for part, name in (
        ("public", "reference_factors"),
        ("organiser", "calibrations"),
        ("organiser", "throttling"),
    ):
        del told[part][name]
    path = tmp_path / "old.manifest.json"
    path.write_bytes(msgspec.json.encode(told))
    old = read_manifest(path)
    assert old.organiser.calibrations == ()
    assert join_manifests(old, manifest).organiser.calibrations == manifest.organiser.calibrations


def test_counts_of_throttling_are_those_of_a_cpus_core_and_package(tmp_path):
    assert throttle_count(0, tmp_path) is None
    folder = tmp_path / "cpu0" / "thermal_throttle"
    folder.mkdir(parents=True)
    (folder / "core_throttle_count").write_text("3\n")
    (folder / "package_throttle_count").write_text("4\n")
    (folder / "core_throttle_max_time_ms").write_text("900\n")
    assert throttle_count(0, tmp_path) == 7


def test_joined_counts_are_those_before_the_first_job_and_after_the_last():
    one = (Throttling(cpu=0, before=3, after=5), Throttling(cpu=1, before=0, after=0))
    other = (Throttling(cpu=0, before=5, after=9),)
    assert joined_throttling(one, other) == (
        Throttling(cpu=0, before=3, after=9), Throttling(cpu=1, before=0, after=0)
    )  # fmt: skip
