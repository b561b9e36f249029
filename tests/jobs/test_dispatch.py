"""What the dispatcher does with reports and faults, by a toy kind of work."""

import msgspec
import pytest

from zcnas.errors import OrganiserError
from zcnas.jobs import Dispatcher, Event, EventLog, Job, LocalPool, read_events, working
from zcnas.jobs.pools import JobEnd, decode_end

from . import squares
from .squares import ALWAYS_FAILS, Square, Squares


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(squares, "SECONDS", 0.0)


def dispatch(runner, *works, job_units=None):
    """Run works through the local pool and return the events."""
    events = EventLog(works[0].folder / "events.jsonl")
    with working(LocalPool(runner, 2), events) as pool:
        Dispatcher(pool, events, job_units).run(iter(works))
    return read_events(works[0].folder / "events.jsonl", Event)


def squares_in(work):
    return sorted(
        msgspec.json.decode(line)["square"] for line in work.path.read_bytes().splitlines()
    )


def test_a_unit_that_always_fails_stops_no_other_and_is_tried_three_times(tmp_path):
    works = [
        Squares(tmp_path, "unlucky", [1, ALWAYS_FAILS, 3]),
        Squares(tmp_path, "lucky", [2, 4]),
    ]
    events = dispatch(squares.square, *works, job_units=1)
    assert squares_in(works[0]) == [1, 9]
    assert squares_in(works[1]) == [4, 16]
    assert works[0].faults == [f"{ALWAYS_FAILS} is too much for this machine"]
    assert works[1].faults == []
    assert [event.attempt for event in events if event.event == "job_failed"] == [1, 2, 3]


def test_a_unit_that_a_host_leaves_out_is_a_fault_of_that_host_and_asked_again(tmp_path):
    asked = []

    def forgetful(payload, report, interrupted):
        asked.append(payload["numbers"])
        for number in payload["numbers"][:2]:
            report(msgspec.json.encode(Square(number, number**2)))

    work = Squares(tmp_path, "left-out", [1, 2, 3])
    events = dispatch(forgetful, work)
    assert asked == [[1, 2, 3], [3]], "only what is missing"
    assert squares_in(work) == [1, 4, 9]
    (failed,) = [event for event in events if event.event == "job_failed"]
    assert "returned nothing for 1 of 3 units; check that host" in failed.message


@pytest.mark.parametrize("report", [b"", b"\x80\x04N.", b'{"number": 9, "square": 81}', b"[]"])
def test_a_report_that_is_none_of_this_job_is_a_fault_and_never_recorded(tmp_path, report):
    def wrong(payload, send, interrupted):
        send(report)

    work = Squares(tmp_path, "wrong", [1])
    dispatch(wrong, work)
    (fault,) = work.faults
    assert "malformed" in fault or "nobody asked for 9" in fault
    assert not work.path.exists()


def test_a_report_that_the_disk_did_not_take_is_recorded_when_the_job_has_ended(
    tmp_path, monkeypatch
):
    """And is asked of nobody again."""
    work = Squares(tmp_path, "full", [1, 2, 3])
    append, refused, asked = work.file.append, [], []

    def full_once(record):
        if record.number == 2 and not refused:
            refused.append(record)
            raise OrganiserError("No space left on device")
        return append(record)

    def counted(payload, report, interrupted):
        asked.extend(payload["numbers"])
        squares.square(payload, report, interrupted)

    monkeypatch.setattr(work.file, "append", full_once)
    events = dispatch(counted, work)
    assert refused
    assert work.faults == []
    assert squares_in(work) == [1, 4, 9]
    assert [event.message for event in events if event.event == "job_failed"] == [
        "No space left on device"
    ]
    assert asked == [1, 2, 3, 3]


def test_an_interrupt_from_a_report_ends_the_run_and_is_noted(tmp_path):
    work = Squares(tmp_path, "interrupted", [1, 2, 3])

    def interrupt(job, report):
        raise KeyboardInterrupt

    work.record = interrupt
    with pytest.raises(KeyboardInterrupt):
        dispatch(squares.square, work)
    assert read_events(tmp_path / "events.jsonl", Event)[-1].event == "interrupted"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "with NoneType instead of"),
        ("{}", "with str instead of"),
        (b"{}", "is malformed.*missing required field"),
        (b"\x80\x04N.", "is malformed"),
        (msgspec.json.encode(JobEnd(job=99, host="far")), "answered job 99 when it was given 0"),
    ],
)
def test_an_answer_that_is_no_end_of_this_job_is_refused_and_never_unpickled(content, message):
    with pytest.raises(OrganiserError, match=message):
        decode_end(content, Job(0, None))
