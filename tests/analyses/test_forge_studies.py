"""Studies that train a forge's networks: on a forge of a few tiny trainings."""

import numpy as np
import pytest

from zcnas.analyses import forge_work
from zcnas.analyses.forge_studies import FORGE_STUDIES, REDUCED, run_on_forge
from zcnas.analyses.forge_work import Row, Variant, observe, read_subjects, reduced
from zcnas.errors import AnalysisError, ResultsError
from zcnas.forge.images import clutter
from zcnas.forge.images.splits import ForgedImages, Split
from zcnas.forge.plan import ForgePlan, write_plan
from zcnas.forge.trainings import Training
from zcnas.jobs.pools import LocalPool
from zcnas.organiser.cli.analyses import STUDIES_OF_FORGES
from zcnas.proxies import PROXIES

COUNT = 12


@pytest.fixture
def forge(tmp_path):
    """A forge of twelve architectures: accuracies 1, 2, …, of two seeds that agree."""
    import msgspec

    plan = ForgePlan(
        name="a", search_space="nasbench201", dataset="forged_a", data="clutter",
        architectures=COUNT, steps=8, target=0.6, cpu_hours=1, seed="secret",
    )  # fmt: skip
    folder = tmp_path / "forged" / "a"
    write_plan(folder, plan)
    lines = [Training(8, p, r, p + 1.0, 1.0, 1.0) for p in range(COUNT) for r in (0, 1)]
    text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    (folder / "trainings.jsonl").write_bytes(text)
    return folder


def pool_of(values):
    """Return what stands for a pool of processes: ``values(variant, place)`` are a row's."""
    import msgspec

    def runner(payload, report, interrupted):
        for unit in payload.units:
            variant, place = unit.split(":")
            row = Row(unit, values(variant, int(place)), 1.0 if variant == "full" else 0.5)
            report(msgspec.json.encode(row))

    return lambda job, slots: LocalPool(runner, slots)


def test_a_reduced_training_that_keeps_the_order_has_spearman_one_at_its_cost(
    forge, tmp_path, monkeypatch
):
    order = lambda v, p: {"accuracy": float(-p if v == "channels/2" else p)}  # noqa: E731
    monkeypatch.setattr(forge_work, "LocalPool", pool_of(order))
    frame = run_on_forge("four-reductions", forge, None, tmp_path / "out").table("trainings")
    rows = frame.set_index("training")
    assert rows.loc["epochs/4", ["cost", "spearman"]].tolist() == pytest.approx([0.5, 1])
    assert rows.loc["channels/2", "spearman"] == pytest.approx(-1)
    assert set(rows.index) == set(REDUCED)


def test_proxies_that_agree_less_after_training_are_named(forge, tmp_path, monkeypatch):
    def looks(variant, place):
        found = {"accuracy": 1.0}
        for share in (0, 0.1, 0.25, 0.5, 1):
            turned = "snip" if share == 1 else ""
            found |= {f"{p}@{share:g}": float(-place if p == turned else place) for p in PROXIES}
        return found | {"nwot@0": "-inf" if place == 0 else float(place)}

    monkeypatch.setattr(forge_work, "LocalPool", pool_of(looks))
    result = run_on_forge("training-progress", forge, None, tmp_path / "out")
    assert result.findings == [
        f"1 of {len(PROXIES)} proxies agree less with the accuracies after training than before: "
        "snip."
    ]
    rows = result.table("proxies").set_index(["proxy", "share of training"])["spearman"]
    assert rows["nwot", 0] == pytest.approx(1)


def test_what_is_recorded_is_not_done_again(forge, tmp_path, monkeypatch):
    subjects = read_subjects(forge, None)
    monkeypatch.setattr(forge_work, "LocalPool", pool_of(lambda v, p: {"accuracy": 1.0}))
    observe("s", subjects, {"one": Variant()}, (), tmp_path)
    monkeypatch.setattr(forge_work, "LocalPool", pool_of(lambda v, p: {"accuracy": 2.0}))
    rows = observe("s", subjects, {"one": Variant(), "two": Variant()}, (), tmp_path)
    assert {name: found[0].values["accuracy"] for name, found in rows.items()} == {
        "one": 1.0,
        "two": 2.0,
    }


def test_a_real_training_is_watched_by_proxies_that_leave_it_as_it_was(forge):
    """The accuracy is that of the same training without a look."""
    subjects = read_subjects(forge, None)
    images = clutter.make_clutter(np.random.default_rng(0), 12, 3)
    small = ForgedImages(
        Split(images.train.pixels[:256], images.train.labels[:256]),
        Split(images.validation.pixels[:500], images.validation.labels[:500]), 10, "few",
    )  # fmt: skip
    specs = {0: subjects.plan.draw()[0]}
    terms = forge_work.Terms(subjects.plan, small, 4, {}, specs, ("params", "snip"))
    plain = forge_work._observe(terms, Variant(), 0)
    watched = forge_work._observe(terms, Variant(looks=(0, 0.5, 1)), 0)
    assert watched["accuracy"] == plain["accuracy"]
    assert watched["params@0"] == watched["params@1"]
    assert watched["snip@0"] != watched["snip@1"]


def test_fewer_samples_and_pixels_are_what_a_variant_says():
    pixels = np.arange(40 * 3 * 12 * 12, dtype=np.uint8).reshape(40, 3, 12, 12)
    pixels[:, 0] = 7
    split = Split(pixels, np.arange(40) % 10)
    few = reduced(ForgedImages(split, split, 10, ""), Variant(samples=4, resolution=True))
    assert few.train.pixels.shape == (10, 3, 8, 8)
    assert few.validation.pixels.shape == (40, 3, 8, 8)
    assert (few.train.pixels[:, 0] == 7).all()


def test_a_forge_with_too_few_trainings_and_a_folder_without_one_are_refused(forge, tmp_path):
    with pytest.raises(AnalysisError, match="has 4 architectures with two trainings of 8 steps"):
        read_subjects(forge, 4)
    with pytest.raises(ResultsError, match="holds no forge"):
        read_subjects(tmp_path, None)


def test_the_command_knows_every_study():
    assert tuple(FORGE_STUDIES) == STUDIES_OF_FORGES
