"""Forges whose trainings take no time: what a training would say is computed from its unit."""

import threading
from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from zcnas.benchmarks import get_benchmark
from zcnas.datasets import load_minibatch
from zcnas.errors import ResultsError, UsageError
from zcnas.forge import run
from zcnas.forge.agreement import outliers, seed_agreement
from zcnas.forge.images.splits import ForgedImages, Split
from zcnas.forge.plan import ForgePlan, read_plan, write_plan
from zcnas.forge.run import MOST_SEEDS, Forge
from zcnas.forge.trainings import Ledger, Training
from zcnas.jobs.pools import LocalPool
from zcnas.tables import load_table

SECONDS = 10.0
"""CPU seconds that a training of 100 steps claims to take."""


@pytest.fixture(autouse=True)
def small_images(monkeypatch):
    pixels = np.zeros((80, 3, 12, 12), np.uint8)
    part = Split(pixels, np.arange(80) % 10)
    monkeypatch.setattr(run, "make_images", lambda plan: ForgedImages(part, part, 10, "small"))


def a_plan(**changes) -> ForgePlan:
    return ForgePlan(
        **{
            "name": "a", "search_space": "nasbench201", "dataset": "forged_a", "data": "clutter",
            "architectures": 40, "steps": 100, "target": 0.6, "cpu_hours": 10, "seed": "secret",
            **changes,
        }
    )  # fmt: skip


def pool_of(accuracy: Callable[[int, int, int], float], fails_after: int | None = None):
    """Return what opens a pool that answers (steps, architecture, replica) with an accuracy."""
    done, lock = [], threading.Lock()

    def runner(payload, report, interrupted):
        for unit in payload.units:
            steps, place, replica = map(int, unit.split(":"))
            with lock:
                done.append(unit)
                if fails_after is not None and len(done) > fails_after:
                    raise KeyboardInterrupt
            found = Training(steps, place, replica, accuracy(steps, place, replica), 1.0,
                             SECONDS * steps / 100)  # fmt: skip
            report(msgspec.json.encode(found))

    opener = lambda: LocalPool(runner, 1)  # noqa: E731
    opener.done = done
    return opener


def luck(*of: int) -> float:
    """Return a number from 0 to 1 that looks random."""
    return float(np.random.default_rng(of).random())


def steady(steps, place, replica):
    """Two seeds agree: an architecture's accuracy is its place, give or take one."""
    return place + luck(place, replica, 1)


def needs_225_steps(steps, place, replica):
    """Shorter trainings are luck."""
    return steady(steps, place, replica) if steps >= 225 else 40 * luck(steps, place, replica)


def test_seeds_that_agree_make_a_table_like_any_other(tmp_path):
    plan = a_plan(cpu_hours=SECONDS * 40 * 2.5 / 3600)
    forged = Forge(plan, tmp_path / "f", pool_of(steady)).run(tmp_path)
    assert (forged.steps, forged.seeds) == (100, (2, 2))
    assert forged.cpu_s == pytest.approx(40 * 2 * SECONDS)
    benchmark = get_benchmark("nasbench201_forged_a")
    table = load_table(benchmark, "forged", tmp_path)
    assert table.accuracies[plan.draw()[7]] == (steady(0, 7, 0), steady(0, 7, 1))
    assert table.noise_ceiling == forged.agreement.tau > 0.9
    minibatch = load_minibatch(benchmark, 8, 0, tmp_path)
    assert minibatch.source == "small"
    assert not minibatch.synthetic


def test_steps_are_raised_until_seeds_agree(tmp_path):
    pool = pool_of(needs_225_steps)
    forged = Forge(a_plan(), tmp_path / "f", pool).run(tmp_path)
    assert forged.steps == 225  # 100, 150, 225
    first_round = [unit for unit in pool.done if unit.startswith("100:")]
    assert len(first_round) == 60, "the pilot is enough to see that 100 steps are too few"


def test_nothing_is_published_where_seeds_do_not_agree(tmp_path):
    plan = a_plan(cpu_hours=SECONDS * 100 / 3600)
    pool = pool_of(lambda steps, place, replica: 40 * luck(place, replica))
    forged = Forge(plan, tmp_path / "f", pool).run(tmp_path)
    assert forged.agreement.tau < 0.5
    assert forged.table is None
    assert not (tmp_path / "forged").exists()


def test_seeds_are_added_while_the_budget_lasts(tmp_path):
    plan = a_plan(cpu_hours=SECONDS * (40 * 4 + 39) / 3600)
    forged = Forge(plan, tmp_path / "f", pool_of(steady)).run(tmp_path)
    assert forged.seeds == (4, 4)
    assert forged.cpu_s <= plan.budget_s
    rich = Forge(a_plan(cpu_hours=99), tmp_path / "g", pool_of(steady)).run(tmp_path)
    assert rich.seeds == (MOST_SEEDS, MOST_SEEDS)


def test_a_third_seed_is_trained_where_two_differ_much(tmp_path):
    def one_failed(steps, place, replica):
        return 90.0 if (place, replica) == (3, 1) else steady(steps, place, replica)

    plan = a_plan(cpu_hours=SECONDS * (40 * 2 + 1.5) / 3600)
    pool = pool_of(one_failed)
    assert Forge(plan, tmp_path / "f", pool).run(tmp_path).seeds == (2, 3)
    assert pool.done[-1] == "100:3:2"


def test_a_killed_run_resumes_to_the_same_table(tmp_path):
    whole = Forge(a_plan(), tmp_path / "f", pool_of(needs_225_steps)).run(tmp_path / "one")
    folder = tmp_path / "g"
    for fails_after in (1, 30, 100):
        with pytest.raises(KeyboardInterrupt):
            Forge(a_plan(), folder, pool_of(needs_225_steps, fails_after)).run(tmp_path / "two")
        with (folder / "trainings.jsonl").open("ab") as file:
            file.write(b'{"steps":1')  # the line that a killed process left behind
    resumed = Forge(a_plan(), folder, pool_of(needs_225_steps)).run(tmp_path / "two")
    assert resumed.table.read_bytes() == whole.table.read_bytes()
    again = pool_of(needs_225_steps)
    Forge(a_plan(), folder, again).run(tmp_path / "two")
    assert again.done == []


def test_parts_on_many_machines_amount_to_one_run(tmp_path):
    plan = a_plan(cpu_hours=SECONDS * 40 * 2.5 / 3600)
    whole = Forge(plan, tmp_path / "f", pool_of(steady)).run(tmp_path / "one")
    pools = [pool_of(steady) for _ in range(3)]
    for index, pool in enumerate(pools, start=1):
        assert Forge(plan, tmp_path / "g", pool, part=(index, 3)).run(tmp_path / "two") is None
    assert sorted(len(pool.done) for pool in pools) == [26, 27, 27]
    assert len({unit for pool in pools for unit in pool.done}) == 80
    last = pool_of(steady)
    joined = Forge(plan, tmp_path / "g", last).run(tmp_path / "two")
    assert last.done == []
    assert joined.table.read_bytes() == whole.table.read_bytes()


def test_a_budget_too_small_says_what_is_needed(tmp_path):
    forge = Forge(a_plan(cpu_hours=0.1), tmp_path / "f", pool_of(steady))
    with pytest.raises(
        UsageError, match=r"takes 10\.0 CPU seconds, 40 × 2 of them 0\.22 CPU"
    ) as told:
        forge.run(tmp_path)
    assert "enough for 18" in str(told.value)


def test_progress_tells_what_is_left(tmp_path):
    told = []
    plan = a_plan(architectures=10, cpu_hours=SECONDS * 25 / 3600)
    Forge(plan, tmp_path / "f", pool_of(steady), lambda *each: told.append(each)).run(tmp_path)
    assert told[0] == (1, 8, pytest.approx(7 * SECONDS))
    assert told[-1] == (12, 12, 0)


def test_everything_follows_from_the_secret_and_nothing_without_it():
    plan, again, other = a_plan(), a_plan(), a_plan(seed="other")
    assert plan.draw() == again.draw() != other.draw()
    assert len(set(plan.draw())) == 40
    assert plan.training_seed("x", 0) != other.training_seed("x", 0)
    assert plan.training_seed("x", 0) != plan.training_seed("x", 1)


def test_a_plan_is_private_and_one_of_another_version_refused(tmp_path):
    write_plan(tmp_path, a_plan())
    path = tmp_path / "forge.json"
    assert path.stat().st_mode & 0o077 == 0
    assert read_plan(tmp_path) == a_plan()
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 2'))
    with pytest.raises(ResultsError, match="is of version 2, and this program reads version 1"):
        read_plan(tmp_path)
    with pytest.raises(ResultsError, match="holds no forge"):
        read_plan(tmp_path / "nowhere")


def test_agreement_is_kendalls_tau_with_an_interval_around_it():
    """Of four pairs in reverse order in ten architectures, tau is (41 − 4) / 45."""
    first, second = range(10), (1, 0, 3, 2, 5, 4, 7, 6, 8, 9)
    found = seed_agreement(list(zip(map(float, first), map(float, second), strict=True)))
    assert found.tau == pytest.approx(37 / 45)
    assert found.low < found.tau < found.high <= 1


def test_only_what_lies_far_apart_is_an_outlier():
    values = {str(n): (50.0, 50.0 + 0.1 * n) for n in range(1, 10)} | {"far": (50.0, 60.0)}
    assert outliers(values) == ("far",)
    assert outliers({"a": (1.0, 1.0), "b": (2.0, 2.0)}) == ()


def test_a_ledger_sorts_trainings_by_seed(tmp_path):
    Forge(a_plan(cpu_hours=99), tmp_path / "f", pool_of(steady)).run(tmp_path)
    found = Ledger(tmp_path / "f").of_steps(100)[5]
    assert [each.replica for each in found] == list(range(MOST_SEEDS))
