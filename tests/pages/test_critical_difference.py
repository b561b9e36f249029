"""The critical-difference diagram's numbers, against those of the paper."""

import numpy as np
import pytest

from zcnas.pages.critical_difference import (
    average_ranks,
    cliques,
    critical_difference,
    nemenyi_quantile,
)

DEMSAR = (1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164)
"""Demšar, JMLR 7, 2006, table 5a: q at 5 % for 2 to 10 classifiers, some rounded up there."""


@pytest.mark.parametrize(("entries", "published"), list(enumerate(DEMSAR, start=2)))
def test_quantiles_are_those_of_the_paper(entries, published):
    assert nemenyi_quantile(entries) == pytest.approx(published, abs=1.1e-3)


def test_the_difference_is_that_of_the_papers_example():
    """Its section 3.2.2: 4 classifiers on 14 data sets, CD 2.569 sqrt(4 · 5 / (6 · 14)) = 1.25."""
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=5e-3)


def test_the_best_has_rank_one_and_ties_share_the_mean_of_their_ranks():
    taus = np.array([[0.9, 0.5], [0.7, 0.5], [0.1, 0.2]])
    assert average_ranks(taus).tolist() == [1.25, 1.75, 3.0]


def test_a_bar_joins_a_longest_run_and_none_lies_within_another():
    assert cliques([1.0, 1.5, 2.1, 3.4], 1.2) == [(0, 2)]
    assert cliques([1.0, 2.0, 3.0, 3.5], 1.5) == [(0, 1), (1, 3)]
    assert cliques([1.0, 4.0], 2.0) == []
