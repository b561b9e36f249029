"""One leaderboard for all phases: short titles, and the rule that the phases' ``counts`` name."""

import msgspec
import pytest

from zcnas.benchmarks import BENCHMARKS
from zcnas.errors import BundleError
from zcnas.organiser.platforms.bundle.columns import (
    MAX_TITLE_LENGTH,
    SUBMISSION_RULES,
    counting_rule,
    short_title,
)
from zcnas.phases import load_phases
from zcnas.words.resources import package_file

PHASES = load_phases(package_file("reference_data/phases.toml"))


def counting(name, rule):
    return msgspec.structs.replace(PHASES[name], counts=rule)


def test_titles_are_short_and_no_two_benchmarks_share_one():
    titles = {key: short_title(benchmark) for key, benchmark in BENCHMARKS.items()}
    assert titles["nasbench201_cifar10"] == "NB201 C10"
    assert titles["transbench101_micro_class_scene"] == "TNB micro scene"
    assert len(set(titles.values())) == len(BENCHMARKS)
    assert max(map(len, titles.values())) <= 21 < MAX_TITLE_LENGTH


@pytest.mark.parametrize("rule", SUBMISSION_RULES)
def test_the_board_shows_what_counts(rule):
    assert counting_rule([counting("practice", rule), counting("development", rule)]) == rule


def test_phases_that_count_differently_have_no_common_board():
    with pytest.raises(BundleError, match="practice has counts = 'best', development has counts"):
        counting_rule([counting("practice", "best"), counting("development", "last")])


def test_a_phase_that_shows_no_score_may_count_as_it_likes():
    assert counting_rule([counting("practice", "best"), counting("final", "last")]) == "best"
    assert counting_rule([counting("final", "last")]) == "last"
