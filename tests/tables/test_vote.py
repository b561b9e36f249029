"""The vote of three proxies."""

from __future__ import annotations

import itertools
import random

import pytest

from zcnas.tables.vote import VOTERS, vote


def test_a_unanimous_vote_ranks_as_every_voter_does():
    scores = [3.0, -1.0, 7.0, 0.5]
    assert vote(dict.fromkeys(VOTERS, scores)) == [2.0, 0.0, 3.0, 1.0]


def test_two_voters_outvote_the_third():
    scores = {"synflow": [1.0, 2.0], "jacov": [1.0, 2.0], "snip": [2.0, 1.0]}
    assert vote(scores) == [0.0, 1.0]


def test_a_cycle_of_majorities_is_a_tie():
    scores = {"synflow": [3, 2, 1], "jacov": [2, 1, 3], "snip": [1, 3, 2]}
    assert vote(scores) == [1.0, 1.0, 1.0]


def test_votes_are_the_majorities_counted_pair_by_pair():
    rng = random.Random(0)
    scores = {
        name: [rng.choice((0.0, 1.0, 2.0, -float("inf"))) for _ in range(12)] for name in VOTERS
    }
    expected = [0.0] * 12
    for i, j in itertools.permutations(range(12), 2):
        above = sum(scores[name][i] > scores[name][j] for name in VOTERS)
        below = sum(scores[name][i] < scores[name][j] for name in VOTERS)
        expected[i] += 1.0 if above > below else 0.5 if above == below else 0.0
    assert vote(scores) == expected
    assert sum(expected) == 12 * 11 / 2


def test_a_failure_is_below_minus_infinity():
    scores = [None, -float("inf"), None]
    assert vote(dict.fromkeys(VOTERS, scores)) == [0.5, 2.0, 0.5]


def test_voters_of_different_length_are_refused():
    with pytest.raises(ValueError, match="synflow 2, jacov 1, snip 2"):
        vote({"synflow": [1, 2], "jacov": [1], "snip": [1, 2]})
