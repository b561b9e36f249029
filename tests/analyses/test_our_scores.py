import threading

import msgspec
import pytest
from filelock import FileLock

from zcnas.analyses.our_scores import (
    Row,
    ScoreWork,
    Terms,
    default_proxies,
    evaluate_job,
    grow,
    rows_path,
    write_table,
)
from zcnas.benchmarks import get_benchmark
from zcnas.errors import AnalysisError, OrganiserError, ResultsError
from zcnas.jobs.recorded import LOCK, Payload
from zcnas.jobs.work import Job
from zcnas.tables import zero_cost_scores

SMALL = "|skip_connect~0|+|none~0|none~1|+|none~0|skip_connect~1|skip_connect~2|"
OTHER = "|nor_conv_1x1~0|+|none~0|none~1|+|none~0|skip_connect~1|skip_connect~2|"
TERMS = Terms("nasbench201_cifar10", ("params", "l2_norm"), 2, None)


def test_a_run_resumes_and_its_table_is_one_the_package_reads(tmp_path, monkeypatch):
    grow([ScoreWork(TERMS, [SMALL], tmp_path)], tmp_path)
    first = rows_path(tmp_path, TERMS.benchmark).read_bytes()
    grow([ScoreWork(TERMS, [SMALL, OTHER], tmp_path)], tmp_path)
    both = rows_path(tmp_path, TERMS.benchmark).read_bytes()
    assert both.startswith(first)
    assert both.count(b"\n") == 2
    folder = write_table([TERMS], tmp_path, "test")
    monkeypatch.setattr(zero_cost_scores, "FOLDER", folder)
    rows = zero_cost_scores.read_scores(TERMS.benchmark)
    # The published parameter count of the cell without operations is 73,306.
    assert rows[SMALL]["params"] == pytest.approx(0.073306)
    assert rows[OTHER]["l2_norm"] > rows[SMALL]["l2_norm"]


def test_two_runs_do_not_write_to_one_folder(tmp_path):
    with FileLock(tmp_path / LOCK), pytest.raises(ResultsError, match="another run is writing to"):
        grow([ScoreWork(TERMS, [SMALL], tmp_path)], tmp_path)


@pytest.mark.slow
def test_scores_do_not_depend_on_order_or_resumption(tmp_path):
    found = []
    for order in ([SMALL, OTHER], [OTHER, SMALL]):
        reports = []
        evaluate_job(Payload(TERMS, tuple(order)), reports.append, threading.Event())
        rows = (msgspec.json.decode(report, type=Row) for report in reports)
        found.append({row.architecture: row.scores for row in rows})
    assert found[0] == found[1]


def test_a_job_whose_process_dies_is_a_fault_and_reports_nothing(tmp_path):
    broken = Terms("nasbench201_cifar10", ("params",), 2, None)
    with pytest.raises(OrganiserError, match=r"ended with exit code 1"):
        evaluate_job(Payload(broken, ("no cell",)), lambda report: None, threading.Event())


def test_a_report_of_another_job_is_not_recorded(tmp_path):
    work = ScoreWork(TERMS, [SMALL], tmp_path)
    job = Job(0, work.payload([SMALL]))
    with pytest.raises(OrganiserError, match="reported no Row"):
        work.record(job, b"[]")
    with pytest.raises(OrganiserError, match="not of its own"):
        work.record(job, msgspec.json.encode(Row(OTHER, {"params": 1.0}, 0.1)))
    assert not work.is_done(SMALL)


def test_an_infinity_is_kept_and_a_table_of_nothing_refused(tmp_path):
    with pytest.raises(AnalysisError, match="there are no scores in"):
        write_table([TERMS], tmp_path, "test")
    work = ScoreWork(TERMS, [SMALL], tmp_path)
    row = Row(SMALL, {"params": 1.0, "l2_norm": "-inf"}, 0.1)
    work.record(Job(0, work.payload([SMALL])), msgspec.json.encode(row))
    work.finish(())
    text = (write_table([TERMS], tmp_path, "test") / f"{TERMS.benchmark}.csv").read_text()
    assert text.splitlines()[1] == f"{SMALL},0.1,1,-inf"


def test_epe_nas_is_left_out_where_there_are_no_classes():
    assert "epe_nas" in default_proxies(get_benchmark("transbench101_micro_jigsaw"))
    assert "epe_nas" not in default_proxies(get_benchmark("transbench101_micro_autoencoder"))
