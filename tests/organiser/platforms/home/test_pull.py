"""Pulling a phase: what arrives, what is asked for, and what interrupts it."""

import json

import pytest
from typer.testing import CliRunner

from zcnas.errors import PlatformError, ResultsError
from zcnas.organiser.cli.main import app
from zcnas.organiser.platforms.home.api import PAUSE_S, Codabench
from zcnas.organiser.platforms.home.pull import pull
from zcnas.organiser.platforms.home.pulled import read_pulled
from zcnas.phases import load_phase
from zcnas.submissions import MAX_BYTES, find_submissions, submission_name
from zcnas.submissions.roster import arrivals_beside
from zcnas.words.resources import PHASES_FILE, package_file

from .conftest import COMPETITION, TOKEN

PRACTICE = load_phase(package_file(PHASES_FILE), "practice")


def fetch(site, out, token=TOKEN, number=COMPETITION, phase=PRACTICE, sleep=None, tell=None):
    client = Codabench(site.address, token, sleep or (lambda seconds: None))
    return pull(client, number, phase, out, tell or (lambda done, total: None))


def rows_in(folder):
    """The roster of a folder, as ``zcnas score`` reads it."""
    return arrivals_beside({folder: find_submissions(folder, print)}, print)


def test_submissions_teams_and_times_become_a_folder_that_score_reads(site, tmp_path):
    site.add(1, b"PK one")
    site.add(2, b"PK two", owner="böb/../x")
    pulled = fetch(site, tmp_path / "out")
    places = find_submissions(tmp_path / "out" / "submissions", print)
    assert [path.read_bytes() for path in places] == [b"PK one", b"PK two"]
    roster = rows_in(tmp_path / "out" / "submissions")
    assert set(roster) == {submission_name(path) for path in places} == set(pulled.by_name())
    first = roster["ada-1"]
    assert (first.team, first.received_at.isoformat()) == (
        "ada",
        "2027-01-01T10:00:00.123456+00:00",
    )
    assert roster["böb_.._x-2"].team == "böb/../x"
    assert pulled.complete
    assert pulled.ranking == (1, 2)
    assert pulled.submissions[0].posted == {"score": 0.5, "failed": 0.0}


def test_what_is_here_is_not_asked_for_again(site, tmp_path):
    for number in (1, 2, 3):
        site.add(number)
    fetch(site, tmp_path / "out")
    assert len(site.asked) == 4 + 2 * 3
    site.asked.clear()
    site.add(4)
    fetch(site, tmp_path / "out")
    assert len(site.asked) == 4 + 2
    assert site.asked[-1] == "/storage/4"


def test_a_half_finished_pull_resumes_and_is_not_complete_before(site, tmp_path):
    for number in (1, 2, 3):
        site.add(number, f"PK {number}".encode())

    def interrupt(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(site, tmp_path / "out", tell=interrupt)
    assert not read_pulled(tmp_path / "out").complete
    done = CliRunner().invoke(app, ["repeat", str(tmp_path / "out")])
    assert isinstance(done.exception, ResultsError)
    assert "is not complete" in str(done.exception)
    site.asked.clear()
    assert fetch(site, tmp_path / "out").complete
    assert [path for path in site.asked if path.startswith("/storage")] == ["/storage/3"]


def test_a_file_damaged_here_is_fetched_again(site, tmp_path):
    site.add(1, b"PK whole")
    fetch(site, tmp_path / "out")
    (tmp_path / "out" / "submissions" / "ada-1.zip").write_bytes(b"PK")
    fetch(site, tmp_path / "out")
    assert (tmp_path / "out" / "submissions" / "ada-1.zip").read_bytes() == b"PK whole"


def test_a_file_that_breaks_off_is_fetched_again_and_never_half_there(site, tmp_path):
    site.add(1, b"PK whole")
    site.cut.add(1)
    fetch(site, tmp_path / "out")
    assert site.asked.count("/storage/1") == 2
    assert (tmp_path / "out" / "submissions" / "ada-1.zip").read_bytes() == b"PK whole"


def test_of_a_file_larger_than_intake_accepts_one_byte_more_is_kept(site, tmp_path):
    site.add(1, bytes(MAX_BYTES + 1000))
    fetch(site, tmp_path / "out")
    assert (tmp_path / "out" / "submissions" / "ada-1.zip").stat().st_size == MAX_BYTES + 1


def test_a_submission_deleted_between_list_and_file_is_marked_and_the_rest_arrives(site, tmp_path):
    for number in (1, 2, 3):
        site.add(number)
    site.gone.add(2)
    pulled = fetch(site, tmp_path / "out")
    assert [each.deleted for each in pulled.submissions] == [False, True, False]
    assert pulled.complete
    assert set(rows_in(tmp_path / "out" / "submissions")) == {"ada-1", "ada-3"}


def test_a_submission_deleted_since_is_set_aside_and_not_scored(site, tmp_path):
    site.add(1)
    site.add(2)
    fetch(site, tmp_path / "out")
    del site.submissions[0]
    fetch(site, tmp_path / "out")
    assert (tmp_path / "out" / "deleted" / "ada-1.zip").is_file()
    assert set(rows_in(tmp_path / "out" / "submissions")) == {"ada-2"}


def test_a_submission_its_owner_has_taken_back_is_neither_fetched_nor_scored(site, tmp_path):
    site.add(1)
    site.add(2, is_soft_deleted=True, filename="Deleted File")
    pulled = fetch(site, tmp_path / "out")
    assert [each.deleted for each in pulled.submissions] == [False, True]
    assert "/storage/2" not in site.asked


def test_failed_runs_are_kept_apart_and_counted_by_phase_and_team(site, tmp_path):
    site.add(1, status="Failed", status_details="program_rc=1")
    site.add(2, status="Failed")
    site.add(3, owner="bob", status="Failed", phase=22, phase_name="Final")
    site.add(4)
    pulled = fetch(site, tmp_path / "out")
    assert pulled.failed_runs == {"Final": {"bob": 1}, "Practice": {"ada": 2}}
    assert set(rows_in(tmp_path / "out" / "failed")) == {"ada-1", "ada-2"}
    assert set(rows_in(tmp_path / "out" / "submissions")) == {"ada-4"}
    assert pulled.submissions[0].details == "program_rc=1"


def test_children_reruns_of_one_task_and_what_still_runs_are_not_submissions(site, tmp_path):
    site.add(1, status="Running")
    site.add(2, parent=1)
    site.add(3, is_specific_task_re_run=True)
    site.add(4, status="Cancelled")
    pulled = fetch(site, tmp_path / "out")
    assert pulled.submissions == ()
    assert pulled.unfinished == 1


def test_a_wrong_token_is_told_before_anything_is_written(site, tmp_path):
    with pytest.raises(PlatformError, match=r"does not accept this token \(Invalid token"):
        fetch(site, tmp_path / "out", token="wrong")
    assert not (tmp_path / "out").exists()


def test_a_participants_token_is_refused_as_it_would_show_the_own_submissions_only(site, tmp_path):
    site.organiser = False
    with pytest.raises(PlatformError, match="use an organiser's token"):
        fetch(site, tmp_path / "out")


def test_an_unknown_competition_or_phase_is_told_with_those_there_are(site, tmp_path):
    with pytest.raises(PlatformError, match="knows no competition 8"):
        fetch(site, tmp_path / "out", number=8)
    site.phases = ("Warm-up", "Final")
    with pytest.raises(PlatformError, match="its phases: 'Warm-up', 'Final'"):
        fetch(site, tmp_path / "out")


def test_a_busy_site_is_given_the_time_it_asks_for(site, tmp_path):
    waited = []
    site.busy = 2
    fetch(site, tmp_path / "out", sleep=waited.append)
    assert waited == [7.0, 7.0]
    site.busy, site.retry_after = 2, "later"
    fetch(site, tmp_path / "out", sleep=waited.append)
    assert waited[2:] == [PAUSE_S, 2 * PAUSE_S]


def test_a_site_that_stays_busy_ends_the_pull_with_the_way_on(site, tmp_path):
    site.busy = 100
    with pytest.raises(PlatformError, match="repeat the command to resume"):
        fetch(site, tmp_path / "out")


def test_a_site_that_is_not_codabench_or_not_there_is_told(site, tmp_path):
    site.raw = "<html>Welcome</html>"
    with pytest.raises(PlatformError, match="is it the address of a Codabench site"):
        fetch(site, tmp_path / "out")
    site.address = "http://127.0.0.1:9"
    with pytest.raises(PlatformError, match="cannot reach"):
        fetch(site, tmp_path / "out")


def test_the_token_is_never_sent_to_the_storage_nor_written(site, tmp_path):
    site.add(1)
    fetch(site, tmp_path / "out")
    assert site.leaked == []
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes()


def test_a_folder_of_something_else_is_left_alone(site, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("x")
    with pytest.raises(ResultsError, match="neither empty nor a pulled phase"):
        fetch(site, tmp_path / "out")
    site.add(1)
    fetch(site, tmp_path / "other")
    site.phases = ("Practice", "Final")
    final = load_phase(package_file(PHASES_FILE), "final")
    with pytest.raises(ResultsError, match="holds phase practice of competition 7"):
        fetch(site, tmp_path / "other", phase=final)


def test_the_command_takes_the_token_from_the_environment_and_says_what_came(site, tmp_path):
    site.add(1)
    site.add(2, owner="bob", status="Failed")
    words = ["pull", "--competition", "7", "--phase", "practice", "--site", site.address]
    out = ["--out", str(tmp_path / "out")]
    lacking = CliRunner(env={"CODABENCH_TOKEN": None}).invoke(app, words + out)
    assert "CODABENCH_TOKEN is not set" in str(lacking.exception)
    done = CliRunner(env={"CODABENCH_TOKEN": TOKEN}).invoke(
        app, [*words, *out, "--json"], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    said = done.stderr.replace("\n", " ")
    assert "2 teams" in said
    assert "1 submission that finished" in said
    assert "failed runs in phase Practice, which no quota counts: bob 1" in said
    assert json.loads(done.stdout)["pulled"]["complete"] is True
