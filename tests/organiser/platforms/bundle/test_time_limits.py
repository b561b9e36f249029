"""A run gets what the platform really grants; more than that is refused or told."""

import msgspec
import pytest

from zcnas.errors import BundleError
from zcnas.hosted.phase import default_time_limit_s
from zcnas.organiser.platforms.bundle.time_limits import grant_time, shortfall
from zcnas.organiser.platforms.settings import PhaseSettings, read_settings
from zcnas.phases import load_phases
from zcnas.words.resources import package_file

PRACTICE = load_phases(package_file("reference_data/phases.toml"))["practice"]
SETTINGS = read_settings(package_file("competition.yaml"))
QUEUE = "2f1c1c5e-0f0c-4f3c-9a43-3f6d5ad0b7aa"


def asked(time_limit_s=None):
    return PhaseSettings(start="2027-01-11T00:00:00", time_limit_s=time_limit_s)


def test_the_shared_queue_grants_600_seconds_and_another_server_what_it_says():
    assert grant_time(SETTINGS, PRACTICE, asked()).time_limit_s == 600
    public = msgspec.structs.replace(SETTINGS, time_granted_s=1200)
    assert grant_time(public, PRACTICE, asked()).time_limit_s == 1200
    assert grant_time(public, PRACTICE, asked(1200)).time_limit_s == 1200
    assert grant_time(public, PRACTICE, asked(300)).time_limit_s == 300


@pytest.mark.parametrize("seconds", [601, 7200])
def test_a_limit_above_what_is_granted_is_refused_and_the_queue_is_named(seconds):
    with pytest.raises(BundleError) as told:
        grant_time(SETTINGS, PRACTICE, asked(seconds))
    for words in (f"practice has time_limit_s: {seconds}", "grants a submission 600 s", "`queue`"):
        assert words in str(told.value)


def test_a_queue_of_ones_own_grants_what_is_asked_for():
    own = msgspec.structs.replace(SETTINGS, queue=QUEUE)
    assert grant_time(own, PRACTICE, asked(7200)).time_limit_s == 7200
    assert grant_time(own, PRACTICE, asked()).time_limit_s == default_time_limit_s(PRACTICE)


def test_a_limit_that_was_cut_is_told_with_the_cost_of_a_run():
    cut = grant_time(SETTINGS, PRACTICE, asked())
    text = shortfall(PRACTICE, cut, 135.4)
    assert "practice: a run ends after 600 s" in text
    assert "takes about 135 s" in text
    assert "queue" in text
    enough = asked(default_time_limit_s(PRACTICE))
    assert shortfall(PRACTICE, enough, 135.4) == ""
