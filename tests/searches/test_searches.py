"""What holds for every algorithm, with and without a proxy."""

import math
import random
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zcnas.errors import SearchError
from zcnas.searches.algorithm import Setting
from zcnas.searches.algorithms import ALGORITHMS, USES_FEATURES, get_algorithm
from zcnas.searches.budget import Budget, PaidScores
from zcnas.searches.curves import curve, paired_test
from zcnas.searches.plans import make_plan
from zcnas.searches.trials import run_trial
from zcnas.searches.wrappers import read_moves, read_warmup
from zcnas.words.seeds import derive_token

LIGHT = ["rand", "ae", "rl"]
LONG = [pytest.param(name, marks=pytest.mark.slow) for name in ("bp_gcn", "proxybo")]
LEARNERS = ["bp", "bananas", "npenas", LONG[0]]
EVERY = [*LIGHT, "bp", "bananas", "bananas_random", "npenas", *LONG]
WRAPPED = ["", "warmup", "moves"]


@pytest.fixture(autouse=True)
def trees_if_needed(request):
    name = getattr(request.node, "callspec", None) and request.node.callspec.params.get("name")
    if name in USES_FEATURES:
        pytest.importorskip("xgboost", reason="pip install 'zcnas[research]'")
    if name == "bp_gcn":
        pytest.importorskip("torch", reason="pip install 'zcnas[run]'")


def plan_of(name, wrapper="", proxy="good", models=40, **more):
    words = {"": {}, "warmup": {"warmup": f"{proxy}:200"}, "moves": {"moves": f"{proxy}:4"}}
    return make_plan("nasbench201_cifar10", name, models=models, **words[wrapper], **more)


def trained_by(plan, arena, number=0):
    """Run a trial; return it and every model it asked for, in order."""
    told = []

    class Spy:
        def __init__(self, inner):
            self.inner = inner

        def tolist(self):
            spied = self.inner.tolist()

            class Told(list):
                def __getitem__(self, place):
                    told.append(place)
                    return spied[place]

            return Told(spied)

    watched = type(arena)(
        arena.benchmark, arena.candidates, Spy(arena.validation), arena.test, arena.metrics,
        arena.sha256, arena.columns, arena.training_s,
    )  # fmt: skip
    return run_trial(plan, watched, number), told


@pytest.mark.parametrize("wrapper", WRAPPED)
@pytest.mark.parametrize("name", EVERY)
def test_a_trial_spends_its_budget_on_distinct_models(arena, name, wrapper):
    trial, told = trained_by(plan_of(name, wrapper), arena)
    assert trial.models == len(set(told)) == 40


@pytest.mark.parametrize("wrapper", WRAPPED)
@pytest.mark.parametrize("name", EVERY)
def test_the_same_seed_gives_the_same_trial_and_another_another(arena, name, wrapper):
    plan = plan_of(name, wrapper)
    assert run_trial(plan, arena, 3).digest == run_trial(plan, arena, 3).digest
    assert run_trial(plan, arena, 3).digest != run_trial(plan, arena, 4).digest


def test_a_trial_is_the_same_in_another_process_with_another_hash_seed():
    code = (
        "import numpy as np\n"
        "from zcnas.search_spaces.nasbench201.spec import NasBench201Spec as S\n"
        "from zcnas.searches.arena import Arena\n"
        "from zcnas.searches.candidates import Candidates\n"
        "from zcnas.searches.plans import make_plan\n"
        "from zcnas.searches.trials import run_trial\n"
        "texts = tuple(map(str, S.enumerate()))\n"
        "truth = np.array([sum(map(ord, t)) * 7919 % 997 / 10 for t in texts])\n"
        "arena = Arena('b', Candidates('nasbench201', texts), truth, truth, ('', ''), ('', ''))\n"
        "for name in ('rand', 'ae', 'rl'):\n"
        "    plan = make_plan('nasbench201_cifar10', name, models=100)\n"
        "    print(run_trial(plan, arena, 0).digest)\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(printed) == 1
    assert len(set(printed.pop().split())) == 3


@pytest.mark.parametrize("name", EVERY)
def test_a_perfect_proxy_as_warm_up_finds_the_best_at_once(arena, name):
    plan = make_plan("nasbench201_cifar10", name, "perfect:all", models=20)
    trial = run_trial(plan, arena, 0)
    assert trial.incumbents[0].models == 1
    assert trial.incumbents[0].test == arena.test.max()
    assert len(trial.incumbents) == 1


@pytest.mark.parametrize("name", LIGHT)
@pytest.mark.parametrize("wrapper", ["warmup", "moves"])
def test_a_constant_proxy_changes_nothing_beyond_noise(arena, name, wrapper):
    """A warm-up of 64 models by a constant is a random start, whatever the algorithm."""
    ends = []
    plain = plan_of("rand" if wrapper == "warmup" else name)
    for plan in (plain, plan_of(name, wrapper, "constant")):
        trials = [run_trial(plan, arena, number) for number in range(60)]
        ends.append(curve(trials, 40)[:, -1])
    difference, p = paired_test(*ends)
    assert p > 0.01 or abs(difference) < 0.5


@pytest.mark.parametrize("wrapper", ["warmup", "moves"])
def test_a_good_proxy_helps_and_a_reversed_one_harms(arena, wrapper):
    ends = {}
    for proxy in ("good", "reversed"):
        plan = plan_of("rand", wrapper, proxy)
        ends[proxy] = [run_trial(plan, arena, n).incumbents[-1].test for n in range(30)]
    plain = [run_trial(plan_of("rand"), arena, n).incumbents[-1].test for n in range(30)]
    assert np.mean(ends["good"]) > np.mean(plain) + 1
    assert np.mean(ends["reversed"]) < np.mean(plain) - 1


def test_evolution_and_reinforcement_learn_what_random_search_does_not(arena):
    ends = {}
    for name in LIGHT:
        plan = plan_of(name, models=250)
        ends[name] = np.mean([run_trial(plan, arena, n).incumbents[-1].test for n in range(20)])
    assert ends["ae"] > ends["rand"] + 0.5
    assert ends["rl"] > ends["rand"] + 0.5


@pytest.mark.parametrize("name", LEARNERS)
def test_a_predictor_finds_the_best_of_a_simple_formula(arena, name):
    trials = [run_trial(plan_of(name, models=90), arena, number) for number in range(2)]
    assert [trial.incumbents[-1].test for trial in trials] == [arena.test.max()] * 2


@pytest.mark.parametrize("name", ["bananas", "bananas_random", "npenas"])
def test_a_predictor_that_sees_a_perfect_proxy_needs_fewer_models(arena, name):
    models = {}
    for features in ("encoding", "perfect", "zc"):
        plan = plan_of(name, models=30, features=features)
        ends = [run_trial(plan, arena, n).incumbents[-1] for n in range(2)]
        models[features] = np.mean([end.test for end in ends])
    assert models["perfect"] >= models["encoding"]
    assert models["zc"] >= models["encoding"]


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(LIGHT),
    pool=st.integers(1, 700),
    alternatives=st.integers(2, 9),
    models=st.integers(1, 60),
    seed=st.integers(0, 2**63 - 1),
)
def test_budgets_add_up(arena, name, pool, alternatives, models, seed):
    plan = make_plan(
        "nasbench201_cifar10", name, f"good:{pool}", f"perfect:{alternatives}", models=models,
        seed=seed,
    )  # fmt: skip
    trial, told = trained_by(plan, arena)
    size = len(arena)
    assert trial.models == len(set(told)) == models
    assert trial.proxy_s == pytest.approx(0.25 * trial.proxy_evaluations)
    asked_by_moves = trial.proxy_evaluations - min(pool, size)
    assert 0 <= asked_by_moves <= min(size, alternatives * len(told))
    steps = [(step.models, step.validation, step.proxy_s) for step in trial.incumbents]
    assert steps == sorted(steps)
    assert trial.incumbents[-1].validation == max(arena.validation[place] for place in told)
    trained = list(dict.fromkeys(told))
    for step in trial.incumbents:
        assert step.training_s == arena.training_s[trained[: step.models]].sum()


def test_a_score_is_paid_for_once(arena):
    budget = Budget(1)
    scores = PaidScores(arena.columns, budget)
    scores.of("good", [1, 2, 2])
    scores.of("good", [2, 3])
    scores.of("perfect", [2])
    assert (budget.proxy_evaluations, budget.proxy_s) == (4, 1.0)


def test_an_algorithm_sees_no_accuracy(arena):
    setting = Setting(arena.candidates, random.Random(0), PaidScores(arena.columns, Budget(1)))
    reachable = {*vars(setting), *vars(setting.candidates)}
    assert not {"validation", "test", "arena"} & reachable


def test_neighbours_are_those_of_the_architecture_as_a_value(arena):
    candidates = arena.candidates
    for place in range(0, len(candidates), 50):
        edits = {str(spec) for spec in candidates.specs[place].neighbours()}
        found = [candidates.architectures[each] for each in candidates.neighbours(place)]
        assert sorted(found) == sorted(edits & set(candidates.architectures))


def test_one_look_up_search_costs_little_beside_its_own_mathematics(arena):
    """A model costs less than 16 digests of its name, which are 20 µs on two noisy cores."""
    plan = plan_of("rand", models=600)

    def digests():
        start = time.process_time()
        for number in range(600):
            derive_token("yardstick", str(number))
        return time.process_time() - start

    run_trial(plan, arena, 0)
    pairs = [(run_trial(plan, arena, number).cpu_s, digests()) for number in range(15)]
    assert min(cost for cost, _ in pairs) < 16 * min(yardstick for _, yardstick in pairs)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            {"algorithm": "annealing"},
            "unknown search algorithm 'annealing'; known .*: rand, ae",
        ),
        ({"algorithm": "ae", "features": "zc"}, "ae has no predictor"),
        ({"algorithm": "ae", "warmup": "synflow:many"}, "'synflow:many' is not a warm-up"),
        ({"algorithm": "ae", "warmup": ":3"}, "':3' is not a warm-up"),
        ({"algorithm": "ae", "moves": "synflow:1"}, "'synflow:1' is not a move proposal"),
        ({"algorithm": "ae", "models": 0}, "trains nothing"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_what_can(words, message):
    with pytest.raises(SearchError, match=message):
        make_plan("nasbench201_cifar10", **words)


def test_an_unknown_or_missing_score_is_refused_with_the_next_step(arena):
    with pytest.raises(SearchError, match="no scores of 'zen' here; proxies with scores: perfect"):
        run_trial(make_plan("nasbench201_cifar10", "ae", "zen:all"), arena, 0)
    gaps = arena.columns["good"].scores.copy()
    gaps[5] = math.nan
    column = type(arena.columns["good"])(gaps, arena.columns["good"].seconds, "")
    with pytest.raises(SearchError, match="1 of 3 candidates have no score of 'good'.*--compute"):
        PaidScores({"good": column}, Budget(1)).of("good", [4, 5, 6])


def test_an_algorithm_that_proposes_no_candidate_is_named(arena, monkeypatch):
    class Lost:
        def __init__(self, setting):
            pass

        def ask(self, count):
            return [10**6]

        def tell(self, place, accuracy):
            pass

    monkeypatch.setitem(ALGORITHMS, "lost", Lost)
    with pytest.raises(SearchError, match=r"lost proposed \[1000000\]; .* 0 to 624"):
        run_trial(make_plan("nasbench201_cifar10", "lost"), arena, 0)


def test_words_of_wrappers_are_read_as_they_are_written():
    for text in ("synflow:3000", "synflow:all"):
        assert str(read_warmup(text)) == text
    assert str(read_moves("zen:10")) == "zen:10"
    assert get_algorithm("ae") is ALGORITHMS["ae"]
