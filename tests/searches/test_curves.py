"""Figures read off curves, on curves whose figures are known."""

import numpy as np
import pytest
import scipy.stats

from zcnas.searches.curves import (
    Clock,
    curve,
    curve_over_time,
    interval,
    paired_test,
    reached,
    seconds_to,
    speed_up,
)
from zcnas.searches.trials import Incumbent, Trial


def trial(number, *steps, models=10):
    """Return a trial whose every training took 100 seconds."""
    found = tuple(Incumbent(at, "a", test, test, paid, 100.0 * at) for at, test, paid in steps)
    return Trial(number, models, found, 0, steps[-1][2], 0.0, "")


def test_a_curve_is_a_staircase_that_keeps_the_last_best():
    curves = curve([trial(0, (1, 50.0, 1.0), (4, 60.0, 1.0))], 6)
    assert curves.tolist() == [[50, 50, 50, 60, 60, 60]]


@pytest.mark.parametrize(
    ("clock", "seconds"), [(Clock(), 306), (Clock(proxies=False), 300), (Clock(10.0), 36)]
)
def test_an_accuracy_is_reached_when_trainings_and_proxies_are_paid(clock, seconds):
    trials = [trial(0, (1, 50.0, 2.0), (3, 60.0, 6.0)), trial(1, (1, 50.0, 2.0))]
    assert seconds_to(trials, 60.0, clock).tolist() == [seconds, np.inf]


def test_a_curve_over_time_has_nothing_before_the_first_model():
    instants = np.array([101.0, 102.0, 305.0, 306.0])
    (own,) = curve_over_time([trial(0, (1, 50.0, 2.0), (3, 60.0, 6.0))], instants, Clock())
    assert np.isnan(own[0])
    assert own[1:].tolist() == [50, 50, 60]


def test_models_to_an_accuracy_by_mean_median_and_share():
    curves = curve([trial(0, (2, 70.0, 0)), trial(1, (4, 70.0, 0)), trial(2, (6, 70.0, 0))], 8)
    curves[np.isnan(curves)] = 10.0
    found = reached(curves, 70.0)
    assert (found.models, found.median, found.share) == (6, 4, 1.0)
    assert reached(curves, 71.0).share == 0
    assert np.isnan(reached(curves, 71.0).models)
    assert reached(curves, 50.0).models == 4  # (70 + 70 + 10) / 3


def test_a_constant_speed_up_has_an_interval_of_no_width():
    slow, fast = np.full((5, 100), 10.0), np.full((5, 100), 10.0)
    slow[:, 59:], fast[:, 19:] = 70.0, 70.0
    assert speed_up(slow, fast, 70.0) == pytest.approx((3.0, 3.0, 3.0))


def test_a_base_that_never_arrives_counts_with_its_budget():
    slow, fast = np.full((5, 100), 10.0), np.full((5, 100), 70.0)
    assert speed_up(slow, fast, 70.0)[0] == 100


def test_the_paired_test_is_scipys_and_sees_what_pairs_show():
    rng = np.random.default_rng(0)
    base = rng.normal(70, 5, size=50)
    other = base + rng.normal(0.3, 0.1, size=50)
    difference, p = paired_test(base, other)
    assert difference == pytest.approx(0.3, abs=0.05)
    assert p == scipy.stats.wilcoxon(other - base).pvalue
    assert p < 1e-6
    assert paired_test(base, base) == (0.0, 1.0)


def test_the_interval_of_a_mean_is_that_of_the_normal_law():
    values = np.random.default_rng(1).normal(size=(400, 1))
    low, high = interval(values)
    width = 2 * 1.96 * values.std(ddof=1) / 20
    assert high[0] - low[0] == pytest.approx(width, rel=0.1)
    assert low[0] < values.mean() < high[0]
