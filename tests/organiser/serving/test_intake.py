"""What is accepted or refused, in which words, and what counts against a quota."""

import datetime

import msgspec
import pytest

from zcnas.organiser.serving.calendar import allowance, closed_words, open_phase
from zcnas.organiser.serving.inbox import WholeFile
from zcnas.organiser.serving.intake import Intake
from zcnas.submissions import MAX_BYTES

from .conftest import PREDICTOR, drop, zipped
from .light_serve import plan

NOON = datetime.datetime(2027, 3, 1, 12, tzinfo=datetime.UTC)


def whole(path, moment=None):
    """Return a file as the inbox would."""
    status = path.stat()
    arrival = (
        f"{path.parent.name}/{path.name}:{status.st_ino}:{status.st_ctime_ns}:{status.st_size}"
    )
    changed = status.st_ctime if moment is None else moment.timestamp()
    return WholeFile(path.parent.name, path, status.st_size, changed, arrival)


def test_what_is_accepted_is_in_the_database_and_on_the_disk_and_no_longer_in_the_inbox(
    intake, layout, store
):
    path = drop(layout, "ada", "mine.zip")
    attempt = intake.take(whole(path))
    assert store.attempts() == [attempt]
    assert (attempt.state, attempt.team, attempt.file) == ("waiting", "ada", "mine.zip")
    assert layout.archive(attempt.name).read_bytes() == zipped()
    assert not path.exists()


def test_a_server_killed_before_it_removed_the_file_does_not_take_it_twice(
    intake, layout, store, monkeypatch
):
    path = drop(layout, "ada", "mine.zip")
    monkeypatch.setattr("zcnas.organiser.serving.intake.remove_taken", lambda file: None)
    intake.take(whole(path))
    assert path.exists()
    monkeypatch.undo()
    assert intake.take(whole(path)) is None
    assert len(store.attempts()) == 1
    assert not path.exists()


def test_a_disk_that_does_not_take_the_zip_leaves_it_in_the_inbox_and_no_attempt(
    intake, layout, store, monkeypatch
):
    path = drop(layout, "ada", "mine.zip")

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zcnas.organiser.serving.intake.write_durably", full)
    with pytest.raises(OSError, match="No space left"):
        intake.take(whole(path))
    assert store.attempts() == []
    monkeypatch.undo()
    assert intake.take(whole(path)).state == "waiting"


def test_a_refusal_says_what_check_says_and_counts_against_no_quota(
    intake, layout, store, light_plan
):
    attempt = intake.take(whole(drop(layout, "ada", "mine.zip", zipped("class Other: pass\n"))))
    assert attempt.state == "refused"
    assert "does not define a class ZeroCostPredictor; rename your class" in attempt.note
    assert allowance(store, "ada", light_plan.phases[0], NOON).today == 1000
    assert not list(layout.submissions.iterdir())


def test_a_file_above_the_limit_is_refused_without_being_copied(intake, layout, monkeypatch):
    path = drop(layout, "ada", "large.zip", b"PK")
    with path.open("r+b") as file:
        file.truncate(1 << 30)  # a GiB, of which no disk block is used
    seen = []
    write = type(path).write_bytes
    monkeypatch.setattr(
        type(path), "write_bytes", lambda self, data: (seen.append(len(data)), write(self, data))[1]
    )
    attempt = intake.take(whole(path))
    assert attempt.state == "refused"
    assert "larger than 20 MiB" in attempt.note
    assert max(seen) <= MAX_BYTES + 1


def test_the_quota_of_a_day_and_of_a_phase_are_enforced_in_words(light_phase, layout, store):
    quotas = plan(light_phase, layout.folder, max_submissions_per_day=2, max_submissions=3)
    intake, served = Intake(quotas, store, print), quotas.phases

    def hand_in(moment):
        return intake.take(whole(drop(layout, "ada", "mine.zip"), moment))

    assert allowance(store, "ada", served[0], NOON).words == "2 left today, 3 of 3 in this phase"
    now = datetime.datetime.now(datetime.UTC)
    yesterday = now - datetime.timedelta(days=1)
    assert [hand_in(yesterday).state for _ in range(3)] == ["waiting", "waiting", "refused"]
    assert (
        "today's 2 attempts are used; the next day begins at 00:00 UTC" in store.attempts()[-1].note
    )
    assert hand_in(now).state == "waiting"
    refused = hand_in(now)
    assert refused.note == "all 3 attempts of this phase are used"
    other = intake.take(whole(drop(layout, "grace", "mine.zip"), now))
    assert other.state == "waiting", "a quota is a team's own"


def test_a_fault_of_ours_gives_the_attempt_back(light_phase, layout, store, enter):
    (served,) = plan(light_phase, layout.folder, max_submissions_per_day=2).phases
    attempt = enter("ada", received=NOON)
    assert allowance(store, "ada", served, NOON).today == 1
    store.set_state(attempt.number, "failed")
    assert allowance(store, "ada", served, NOON).today == 2
    store.set_state(attempt.number, "cancelled")
    assert allowance(store, "ada", served, NOON).today == 2
    store.set_state(attempt.number, "disqualified")
    assert allowance(store, "ada", served, NOON).today == 1


def test_dates_are_enforced_to_the_last_second_of_a_phase(light_plan):
    (served,) = light_plan.phases
    end = datetime.datetime(2027, 3, 1, 12)
    settings = msgspec.structs.replace(
        served.settings, start=datetime.datetime(2027, 2, 1), end=end
    )
    phases = [type(served)(served.phase, settings, served.inputs, served.references)]
    late = datetime.timedelta(microseconds=999_999)
    assert open_phase(phases, NOON + late) is phases[0]
    assert open_phase(phases, NOON + datetime.timedelta(seconds=1)) is None
    before = datetime.datetime(2027, 1, 31, tzinfo=datetime.UTC)
    assert open_phase(phases, before) is None
    assert closed_words(phases, before) == (
        "no phase is open; Practice opens at 2027-02-01 00:00:00 UTC"
    )
    assert closed_words(phases, NOON + 2 * late) == "no phase is open, and none follows"


def test_the_kernels_time_counts_so_a_server_that_was_down_makes_nobody_late(intake, layout, store):
    path = drop(layout, "ada", "mine.zip")
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=5)
    attempt = intake.take(whole(path, moment))
    assert attempt.received == moment.replace(microsecond=0)
    future = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=5)
    again = intake.take(whole(drop(layout, "ada", "mine.zip"), future))
    assert again.received <= datetime.datetime.now(datetime.UTC)


def test_identical_content_is_recognised_however_it_is_packed(intake, layout, store):
    one = intake.take(whole(drop(layout, "ada", "a.zip", zipped(PREDICTOR.format(1)))))
    two = intake.take(
        whole(drop(layout, "eve", "b.zip", zipped(PREDICTOR.format(1), "top/predictor.py")))
    )
    assert one.sha256 == two.sha256
    assert [each.team for each in store.of_content(one.sha256)] == ["ada", "eve"]
