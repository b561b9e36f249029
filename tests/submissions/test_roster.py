"""Order of arrival, teams, and which of a team's entries counts."""

import datetime
import unicodedata

import pytest

from zcnas.errors import ArrivalsError, OrganiserError
from zcnas.judging.leaderboard import Entry
from zcnas.judging.standings import arrange
from zcnas.submissions import find_submissions
from zcnas.submissions.roster import arrivals_beside, read_arrivals, write_arrivals


def entry(name, score):
    return Entry(
        submission=name,
        method=name,
        score=score,
        kendall_tau={},
        status="organiser_error" if score is None else "scored",
        failures={},
        wall_time_s=0.0,
        cpu_time_s=0.0,
    )


@pytest.fixture
def arrivals(tmp_path):
    def write(text):
        path = tmp_path / "submissions.csv"
        path.write_text(text, encoding="utf-8")
        return read_arrivals(path)

    return write


ROWS = """name,team,received_at,baseline
a1,Anna,2026-03-01T10:00:00Z,
a2,Anna,2026-03-02T10:00:00Z,no
b1,Bert,2026-03-01T09:00:00+01:00,
plain,,,yes
"""


def standing(entries):
    return [(e.submission, e.rank, e.counted) for e in entries]


def test_without_the_file_every_entry_counts_in_the_order_of_names(tmp_path):
    arrivals = read_arrivals(tmp_path / "submissions.csv")
    entries = arrange([entry("b", 0.5), entry("a", 0.5), entry("c", 0.7)], arrivals, "every")
    assert standing(entries) == [("c", 1, True), ("a", 2, True), ("b", 2, True)]


def test_among_equal_scores_the_earlier_entry_is_listed_first(arrivals):
    entries = arrange([entry(n, 0.5) for n in ("plain", "a2", "a1", "b1")], arrivals(ROWS), "every")
    assert [e.submission for e in entries] == ["b1", "a1", "a2", "plain"]
    assert entries[0].received_at == "2026-03-01T08:00:00Z"
    assert [e.rank for e in entries] == [1, 1, 1, 1]
    assert [e.baseline for e in entries] == [False, False, False, True]


def test_of_a_team_the_best_entry_counts_and_the_others_stand_below_without_a_rank(arrivals):
    scores = {"a1": 0.6, "a2": 0.4, "b1": 0.5, "plain": 0.1}
    entries = arrange([entry(n, s) for n, s in scores.items()], arrivals(ROWS), "best")
    assert standing(entries) == [
        ("a1", 1, True), ("b1", 2, True), ("plain", 3, True), ("a2", None, False),
    ]  # fmt: skip


def test_of_a_team_the_last_entry_counts_even_if_it_is_worse(arrivals):
    scores = {"a1": 0.6, "a2": 0.4, "b1": 0.5, "plain": 0.1}
    entries = arrange([entry(n, s) for n, s in scores.items()], arrivals(ROWS), "last")
    assert standing(entries)[0] == ("b1", 1, True)
    assert standing(entries)[-1] == ("a1", None, False)


def test_of_equally_good_entries_of_a_team_the_earliest_counts(arrivals):
    entries = arrange([entry("a2", 0.5), entry("a1", 0.5)], arrivals(ROWS), "best")
    assert standing(entries) == [("a1", 1, True), ("a2", None, False)]


def test_arranging_again_under_another_rule_starts_from_the_scores(arrivals):
    table = arrivals(ROWS)
    once = arrange([entry("a1", 0.6), entry("a2", 0.4)], table, "last")
    assert standing(arrange(once, table, "every")) == [("a1", 1, True), ("a2", 2, True)]


def test_a_fault_of_our_machine_stays_last_without_a_rank(arrivals):
    entries = arrange([entry("a1", None), entry("b1", -0.5)], arrivals(ROWS), "best")
    assert standing(entries) == [("b1", 1, True), ("a1", None, True)]


def test_the_last_entry_of_a_team_cannot_be_told_without_times(arrivals):
    table = arrivals("name,team\na1,Anna\na2,Anna\n")
    with pytest.raises(ArrivalsError, match=r"when a1, a2 of team 'Anna' arrived; add received_at"):
        arrange([entry("a1", 0.6), entry("a2", 0.4)], table, "last")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,group\na,b\n", "has the columns name, group; allowed are name, team, received_at"),
        ("team\nb\n", "name is required"),
        ("", "has the columns none"),
        (
            "name,received_at\na,yesterday\n",
            "line 2: received_at is 'yesterday'; write a time like",
        ),
        ("name,baseline\na,maybe\n", "line 2: baseline is 'maybe'; write yes or no"),
        ("name,team\na,b\na,c\n", "more than one row for a; keep one row for each"),
        ("name,team\n,b\n", "line 2: expected a name"),
        ("name\na,b,c\n", "line 2: expected a name and at most 1 values"),
        ("name,team,\na,b,c\n", "line 2: expected a name and at most 2 values"),
        ("name,team,name\na,b,c\n", "has the column name twice; keep one"),
        ("name,team\na.zip,b\na,c\n", "more than one row for a;"),
        ("name,baseline\na,1,5\n", "line 2: expected a name and at most 2"),
        ("name|team\na|b\n", r"has the columns name\|team; allowed are"),
        ('name\n"a\n', "cannot read .* as a CSV file: line 2: unexpected end"),
    ],
)
def test_a_malformed_file_is_refused_with_the_place(arrivals, text, message):
    with pytest.raises(ArrivalsError, match=message):
        arrivals(text)


AS_SPREADSHEETS_WRITE_IT = {
    "mark and CRLF": "\ufeffname,team\r\na,Änne\r\n",
    "CR alone": "name,team\ra,Änne\r",
    "empty rows at the end": "name,team\na,Änne\n,\n,\n\n",
    "empty rows at the start and between": "\n,\nname,team\n\n , \na,Änne\n",
    "empty columns": "name,team,,\na,Änne,,\n",
    "empty columns to the left": ",name,team\n,a,Änne\n",
    "capitals and spaces": " Name , TEAM \n a , Änne \n",
    "semicolons": "name;team;received_at\na;Änne;2026-03-01T12:00:00Z\n",
    "semicolons announced": "sep=;\nname;team\na;Änne\n",
    "commas announced": "\ufeffsep=,\r\nname,team\r\na,Änne\r\n",
    "tabs": "name\tteam\na\tÄnne\n",
    "quotes": '"name","team"\n"a","Änne"\n',
    "the column with words": "Name,Team,Received At\na,Änne,2026-03-01 13:00+01:00\n",
    "a zip's name": "name,team\na.zip,Änne\n",
    "a folder's path": "name,team\nentries/a/,Änne\n",
    "composed differently": "name,team\na,A\u0308nne\n",
}


@pytest.mark.parametrize("text", AS_SPREADSHEETS_WRITE_IT.values(), ids=AS_SPREADSHEETS_WRITE_IT)
def test_a_file_saved_by_a_spreadsheet_is_read(arrivals, text):
    (row,) = arrivals(text).values()
    assert (row.name, unicodedata.normalize("NFC", row.team)) == ("a", "Änne")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_unicode_encoding_of_a_spreadsheet_is_read(tmp_path, encoding):
    path = tmp_path / "submissions.csv"
    path.write_bytes("name,team\r\na,Änne 😀\r\n".encode(encoding))
    assert read_arrivals(path)["a"].team == "Änne 😀"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp437"])
def test_an_encoding_that_would_have_to_be_guessed_is_refused(tmp_path, encoding):
    path = tmp_path / "submissions.csv"
    path.write_bytes("name,team\na,Änne\n".encode(encoding))
    with pytest.raises(ArrivalsError, match="export it again as 'CSV UTF-8'"):
        read_arrivals(path)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00+00:00"),
        ("2026-03-01 12:00:00z", "2026-03-01T12:00:00+00:00"),
        ("2026-03-01 12:00 UTC", "2026-03-01T12:00:00+00:00"),
        ("2026-03-01 12:00 GMT", "2026-03-01T12:00:00+00:00"),
        ("2026-03-01 23:30-05:00", "2026-03-02T04:30:00+00:00"),
        ("2026-03-01 12:00", "2026-03-01T12:00:00+00:00"),
        ("2026-03-01T12:00:00.5+05:45", "2026-03-01T06:15:00.500000+00:00"),
        ("2026-03-01", "2026-03-01T00:00:00+00:00"),
    ],
)
def test_times_of_every_zone_are_told_in_one(arrivals, text, utc):
    row = arrivals(f"name,received_at\na,{text}\n")["a"]
    assert row.received_at.astimezone(datetime.UTC).isoformat() == utc


@pytest.mark.parametrize(
    "text",
    ["01.03.2026", "01/03/2026 12:00", "3/1/26", "2026-13-01", "2026-02-30", "12:00", "46082.5",
     "2026-03-01 12:00 CET", "2026-03-01T12:00:00+25:00", "9999-12-31T23:59:59-01:00",
     "0001-01-01T00:00:00+01:00", "now", "１"],
)  # fmt: skip
def test_a_time_that_would_have_to_be_guessed_is_refused_with_its_line(arrivals, text):
    with pytest.raises(ArrivalsError, match=r"line 3: received_at is .*write a time like 2026-"):
        arrivals(f"name,received_at\nb,\na,{text}\n")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04\x14\0\x06\0", "a workbook of a spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old workbook of Excel"),
        (b"{\\rtf1\\ansi name,team}", "a document in RTF"),
        (b"<!DOCTYPE html><title>Sign in</title>", "a web page"),
    ],
)
def test_another_kind_of_file_under_the_rosters_name_is_told_as_what_it_is(tmp_path, content, kind):
    (tmp_path / "submissions.csv").write_bytes(content)
    with pytest.raises(ArrivalsError, match=f"is {kind}, not a CSV file"):
        read_arrivals(tmp_path / "submissions.csv")


def test_a_roster_that_is_no_readable_file_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "submissions.csv"
    path.symlink_to("nowhere")
    with pytest.raises(ArrivalsError, match="is not a file; remove it"):
        read_arrivals(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(ArrivalsError, match="is not a file; remove it"):
        read_arrivals(path)
    path.rmdir()
    path.write_text("name\n")

    def refuse(self, *arguments):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(OrganiserError, match="Permission denied; let this user read it"):
        read_arrivals(path)


def test_rows_of_nobody_in_the_folder_are_named(places):
    lines = []
    beside(places / "ours", say=lines.append)
    assert lines == [f"{places}/ours/submissions.csv has rows for mine, which are not beside it"]
    beside(places / "ours" / "plain", say=lines.append)
    assert len(lines) == 1, "a single submission's neighbours may have rows"


@pytest.fixture
def places(tmp_path):
    """Two folders of submissions, each with a file that says whose they are."""
    for folder, names, rows in (
        ("ours", ("plain", "random"), "name,baseline\nplain,yes\nrandom,yes\nmine,yes\n"),
        ("theirs", ("mine",), "name,team\nmine,Anna\n"),
    ):
        for name in names:
            (tmp_path / folder / name).mkdir(parents=True)
            (tmp_path / folder / name / "predictor.py").touch()
        (tmp_path / folder / "submissions.csv").write_text(rows)
    return tmp_path


def beside(*places, say=print):
    return arrivals_beside({place: find_submissions(place, print) for place in places}, say)


def test_the_file_beside_a_submission_speaks_for_it_as_for_its_whole_folder(places):
    one, other = beside(places / "ours" / "plain"), beside(places / "theirs")
    assert list(one) == ["plain"]
    assert one["plain"].baseline
    assert other["mine"].team == "Anna"


def test_several_folders_keep_their_own_rows(places):
    """The row of ``mine`` among the baselines is of a submission that is not there."""
    found = beside(places / "ours", places / "theirs")
    assert {name: row.baseline for name, row in found.items()} == {
        "plain": True,
        "random": True,
        "mine": False,
    }


def test_two_files_that_contradict_each_other_are_refused(places):
    (places / "theirs" / "plain").mkdir()
    (places / "theirs" / "submissions.csv").write_text("name\nplain\n")
    with pytest.raises(
        ArrivalsError,
        match=r"theirs/submissions\.csv contradicts another folder's submissions.csv about plain",
    ):
        beside(places / "ours", places / "theirs")


def test_what_is_written_is_read_back(arrivals, tmp_path):
    known = arrivals(ROWS)
    write_arrivals(tmp_path / "again.csv", known)
    assert read_arrivals(tmp_path / "again.csv") == known


def test_the_chosen_entry_counts_and_without_a_choice_the_last(tmp_path):
    rows = [
        ("a1", "A", "2026-01-01", "no", "yes"),
        ("a2", "A", "2026-01-02", "no", "no"),
        ("b1", "B", "2026-01-01", "no", ""),
        ("b2", "B", "2026-01-02", "no", ""),
        ("c1", "C", "2026-01-01", "no", "yes"),
        ("c2", "C", "2026-01-02", "no", "yes"),
    ]
    path = tmp_path / "submissions.csv"
    header = "name,team,received_at,baseline,chosen"
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n")
    table = read_arrivals(path)
    scores = {name: number / 10 for number, (name, *_) in enumerate(rows)}
    entries = arrange([entry(n, s) for n, s in scores.items()], table, "chosen")
    assert {each.submission for each in entries if each.counted} == {"a1", "b2", "c2"}
    write_arrivals(tmp_path / "again.csv", table)
    assert read_arrivals(tmp_path / "again.csv") == table, "a choice survives being written"
    path.write_text(path.read_text().replace("no,yes", "no,maybe", 1))
    with pytest.raises(ArrivalsError, match="line 2: chosen is 'maybe'; write yes or no"):
        read_arrivals(path)
