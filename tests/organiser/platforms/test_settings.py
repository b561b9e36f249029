"""The organiser's ``competition.yaml``: a mistake in it is told with its place."""

import datetime
import re
from pathlib import Path

import pytest

from zcnas.errors import BundleError
from zcnas.organiser.platforms.settings import read_settings, schedule

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("practice", "development", "final")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: Zero-Cost NAS Competition", "title: ''", r"length >= 1 - at `\$.title`"),
        ("docker_image:", "image:", "unknown field `image`"),
        ('start: "2027-02-08 00:00:00"', "start: soon", r"at `\$.phases"),
        ('start: "2027-02-08 00:00:00"', "start: 2027-02-08 00:00:00+02:00", "timezone"),
        ("title: Zero-Cost NAS", "title: [", "not a valid settings file"),
        ("max_submissions: 2\n", "max_submissions: 0\n", ">= 1"),
        ('queue: ""', "queue: my-queue", "queue is 'my-queue'; write the vhost"),
        ("organisers@example.org", "organisers at example.org", "contact_email is 'organisers at"),
        ("organisers@example.org", "organisers@example", "write one address"),
        ("  terms: Terms\n", "", "pages has no terms"),
        ("  data: Data\n", "  ../data: Data\n", r"pages names '\.\./data'"),
        ("fact_sheet: {}", "fact_sheet: {a: {title: A, type: select}}", "a is of type select"),
        ("fact_sheet: {}", "fact_sheet: {a: {title: A, selection: [b]}}", "a is of type text"),
        ("time_granted_s: 600", "time_granted_s: 0", ">= 20"),
    ],
)
def test_settings_with_a_mistake_are_refused_with_its_place(tmp_path, old, new, message):
    text = (ROOT / "competition.yaml").read_text()
    assert old in text
    (tmp_path / "competition.yaml").write_text(text.replace(old, new))
    with pytest.raises(BundleError, match=message):
        read_settings(tmp_path / "competition.yaml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'end: "2027-01-24 23:59:59"',
            "end: 2027-02-08 00:00:00",
            "before phase practice has ended",
        ),
        ('end: "2027-05-14 23:59:59"', "end: 2027-04-01 00:00:00", "phase final ends at"),
        ("  final:", "  finale:", "has no settings for phase final"),
    ],
)
def test_phases_that_do_not_follow_each_other_make_no_bundle(tmp_path, old, new, message):
    text = (ROOT / "competition.yaml").read_text()
    assert old in text
    (tmp_path / "competition.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(BundleError, match=message):
        schedule(read_settings(tmp_path / "competition.yaml"), list(NAMES))


def test_absent_settings_are_an_error_that_names_the_file(tmp_path):
    with pytest.raises(BundleError, match="cannot read"):
        read_settings(tmp_path / "competition.yaml")


@pytest.mark.parametrize("day", ["2027-01-24", '"2027-01-24"'])
def test_an_end_without_a_time_is_told_with_what_to_write(tmp_path, day):
    text = (ROOT / "competition.yaml").read_text()
    (tmp_path / "competition.yaml").write_text(
        text.replace('end: "2027-01-24 23:59:59"', f"end: {day}")
    )
    with pytest.raises(BundleError) as told:
        read_settings(tmp_path / "competition.yaml")
    assert "phase practice: end is 2027-01-24, a day without a time" in str(told.value)
    assert str(told.value).endswith('write end: "2027-01-24 23:59:59"')


def test_the_shipped_settings_bundle_all_their_phases_one_after_another():
    settings = read_settings(ROOT / "competition.yaml")
    names = [name for name, _ in schedule(settings, list(settings.phases))]
    assert names == ["practice", "starter", "development", "final", "full"]


def test_times_may_stand_in_quotes_or_not(tmp_path):
    text = (ROOT / "competition.yaml").read_text()
    (tmp_path / "competition.yaml").write_text(re.sub(r'"(\d{4}-.*)"', r"\1", text))
    assert "start: 2027-01-11 00:00:00\n" in (tmp_path / "competition.yaml").read_text()
    bare = read_settings(tmp_path / "competition.yaml")
    assert bare == read_settings(ROOT / "competition.yaml")
    assert bare.phases["practice"].end == datetime.datetime(2027, 1, 24, 23, 59, 59)
