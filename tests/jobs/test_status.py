"""What the event log says of jobs: under way, failed, forgotten with the run they belonged to."""

from zcnas.jobs import Event, EventLog, read_events
from zcnas.jobs.status import JobStatus, job_statuses


class Named(Event, frozen=True, kw_only=True):
    """An event of a kind of work whose works have a name."""

    name: str = ""


def statuses(path):
    return job_statuses(read_events(path, Named), lambda event: event.name)


def test_a_job_is_under_way_until_it_ends_and_its_last_failure_is_kept(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    log.add("run_started")
    log.add("job_started", name="a", units=3, attempt=1)
    log.add("job_started", name="b", units=3, attempt=1)
    log.add("job_failed", name="b", attempt=1, host="far", message="disk full")
    log.add("something_else", name="c")
    assert statuses(tmp_path / "events.jsonl") == {
        "a": JobStatus(running=1, failure=""),
        "b": JobStatus(running=0, failure="attempt 1: disk full"),
    }
    log.add("job_started", name="b", units=3, attempt=2)
    log.add("job_finished", name="b", host="near")
    assert statuses(tmp_path / "events.jsonl")["b"] == JobStatus(running=0, failure="")


def test_jobs_of_a_killed_run_are_not_under_way_in_the_next(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    log.add("run_started")
    log.add("job_started", name="a", units=3, attempt=1)
    log.add("run_started")
    assert statuses(tmp_path / "events.jsonl") == {}


def test_lines_that_are_no_events_are_skipped_and_nothing_empty_is_written(tmp_path):
    path = tmp_path / "events.jsonl"
    EventLog(path).add("job_started", name="a", message="", score=None)
    with path.open("a") as file:
        file.write('{"time": "now", "eve\n[]\n')
    (event,) = read_events(path, Named)
    assert (event.event, event.name, event.message) == ("job_started", "a", "")
    assert path.read_text().splitlines()[0].endswith('"event":"job_started","name":"a"}')
