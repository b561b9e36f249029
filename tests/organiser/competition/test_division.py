"""A run in parts that share nothing: what each asks for, and that together they are one run."""

import dataclasses
import itertools
import random
import shutil

import msgspec
import pytest

from zcnas.errors import ResultsError, UsageError
from zcnas.isolation.process import ProcessIsolation
from zcnas.jobs import LocalPool
from zcnas.judging.judge import judge
from zcnas.judging.leaderboard import write_leaderboard
from zcnas.organiser.competition import Competition, load_halves
from zcnas.organiser.competition.division import (
    MOST_PARTS,
    PartNumber,
    Shard,
    deal,
    default_shard,
    parse_part,
    portion_of,
)
from zcnas.organiser.competition.evaluation import Report
from zcnas.organiser.costs import COSTS_FILE, read_costs
from zcnas.organiser.results.contest import read_contest
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.organiser.results.merging import merge
from zcnas.phases import load_phase
from zcnas.words.records import Prediction
from zcnas.words.resources import package_file
from zcnas.words.seeds import derive_seed

COSTS = read_costs(package_file(COSTS_FILE))
KEYS = ("nasbench201_cifar10", "nasbench201_imagenet16_120")


def answer_by_id(evaluation, report, interrupted):
    """Stand in for a host: what it says of an architecture depends on its id alone."""
    for entry in evaluation.data.architectures:
        seed = derive_seed(evaluation.submission, entry.id)
        seconds = 1 + seed % 1000 / 1000
        prediction = Prediction(
            id=entry.id,
            status="ok",
            score=seed / 2**63,
            wall_time_s=seconds,
            cpu_time_s=seconds,
            peak_memory_mb=300.0,
        )
        told = Report(
            benchmark=evaluation.data.benchmark,
            submission_sha256=evaluation.submission_sha256,
            prediction=prediction,
        )
        report(msgspec.json.encode(told))


class Runs:
    """Runs of one small phase, whole or in parts, and their leaderboards."""

    def __init__(self, folder, submissions):
        practice = load_phase(folder / "phases.toml", "practice")
        # So little time that some architectures of each benchmark are not reached.
        limits = msgspec.structs.replace(practice.limits, benchmark_cpu_s=17)
        self.phase = msgspec.structs.replace(practice, benchmarks=KEYS, limits=limits)
        self.halves = load_halves(self.phase, folder / "in", folder / "ref", None)
        self.visible = load_halves(self.phase, folder / "in", None, None)
        self.paths = sorted(submissions.iterdir())

    def run(self, out, part=None, *, halves=None, paths=None, shard=None, anew=False):
        competition = Competition(
            self.phase,
            halves or (self.visible if part else self.halves),
            ProcessIsolation(),
            [0],
            out,
            anew=anew,
            shard=shard,
            pool=lambda: LocalPool(answer_by_id, 1),
            part=(part, COSTS) if part else None,
        )
        competition.run(paths or self.paths)
        return out

    def parts(self, folder, count, **options):
        return [
            self.run(folder / f"part-{index}", PartNumber(index, count), **options)
            for index in range(1, count + 1)
        ]

    def board(self, out):
        contest = read_contest(ResultsFolder(out), self.phase, self.halves.references)
        write_leaderboard(judge(contest, 100).leaderboard, out)
        return (out / "leaderboard.json").read_bytes()


@pytest.fixture
def runs(light_phase, tmp_path):
    return Runs(light_phase, tmp_path / "submissions")


def files_of(out):
    """Return every file but the log of events, the lock and the pages."""
    left_out = ("events.jsonl", ".lock")
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name not in left_out
    }


@pytest.mark.parametrize("count", [1, 2, 7])
def test_all_parts_together_are_one_run_to_the_last_byte(runs, tmp_path, count):
    whole = runs.run(tmp_path / "whole")
    parts = runs.parts(tmp_path, count)
    random.Random(count).shuffle(parts)
    merge(parts, tmp_path / "merged")
    assert runs.board(tmp_path / "merged") == runs.board(whole)
    assert files_of(tmp_path / "merged") == files_of(whole)
    statuses = (
        tmp_path / "merged" / "submissions" / "ada" / f"{KEYS[0]}.predictions.jsonl"
    ).read_text()
    assert "not_reached" in statuses, "no part knew alone that the benchmark's time was over"


def test_a_part_is_given_no_accuracy(runs, tmp_path):
    assert runs.visible.references == {}
    (out,) = runs.parts(tmp_path, 1)
    told = b"".join(files_of(out).values()).decode()
    for key in KEYS:
        for accuracy in runs.halves.references[key].accuracies.values():
            assert repr(accuracy) not in told


def test_every_architecture_is_asked_for_in_exactly_one_part(runs):
    digests = {"ada": "1" * 64, "grace": "2" * 64}
    count = 7
    parts = [
        portion_of(PartNumber(index, count), digests, runs.visible.inputs, COSTS)
        for index in range(1, count + 1)
    ]
    asked = [
        (name, key, token)
        for part in parts
        for name, benchmarks in part.units.items()
        for key, ids in benchmarks.items()
        for token in ids
    ]
    every = [
        (name, key, each.id)
        for name in digests
        for key in KEYS
        for each in runs.visible.inputs[key].architectures
    ]
    assert sorted(asked) == sorted(every)
    assert len({part.division_sha256 for part in parts}) == 1


def test_the_division_depends_on_digests_and_costs_and_on_nothing_else(runs):
    def division(digests, count=3, **options):
        return portion_of(PartNumber(1, count), digests, runs.visible.inputs, COSTS, **options)

    one = division({"ada": "1", "grace": "2"})
    assert one == division({"grace": "2", "ada": "1"})
    for other in (
        division({"ada": "1", "grace": "3"}),
        division({"ada": "1"}),
        division({"ada": "1", "grace": "2"}, 4),
        division({"ada": "1", "grace": "2"}, shard=1),
    ):
        assert other.division_sha256 != one.division_sha256


def test_the_parts_of_a_large_phase_are_balanced_by_measured_cost(runs):
    """Forward passes differ by a factor of ten between spaces; parts may differ by one shard."""
    one = runs.visible.inputs[KEYS[0]]
    inputs = {
        key: msgspec.structs.replace(
            one,
            benchmark=key,
            batch_size=COSTS.benchmarks[key].batch_size,
            architectures=one.architectures,
        )
        for key in COSTS.benchmarks
    }
    digests = {f"s{number}": str(number) for number in range(5)}
    parts = [portion_of(PartNumber(i, 8), digests, inputs, COSTS) for i in range(1, 9)]

    def seconds(part):
        return sum(len(ids) * cost_of(key) for of in part.units.values() for key, ids in of.items())

    def cost_of(key):
        one = COSTS.benchmarks[key].typical.contiguous
        return one.build_s + one.forward_s + one.backward_s

    loads = [seconds(part) for part in parts]
    assert max(loads) < 1.34 * sum(loads) / len(loads)


def test_dealing_is_within_four_thirds_of_the_best():
    generator = random.Random(0)
    for _ in range(10):
        costs = [generator.randint(1, 20) for _ in range(7)]
        shards = [Shard("a", "b", (str(n),), cost) for n, cost in enumerate(costs)]
        longest = max(sum(each.cost_s for each in part) for part in deal(shards, 3))
        best = min(
            max(sum(c for c, to in zip(costs, given, strict=True) if to == who) for who in range(3))
            for given in itertools.product(range(3), repeat=7)
        )
        assert longest <= 4 / 3 * best


def test_shards_are_small_enough_for_all_parts_and_never_larger_than_a_hundred(runs):
    assert default_shard(3, runs.visible.inputs, 9) == 5, "90 architectures, two shards a part"
    assert default_shard(1, runs.visible.inputs, 500) == 1
    assert default_shard(1000, runs.visible.inputs, 1) == 100


@pytest.mark.parametrize("text", ["", "3", "0/8", "9/8", "-1/8", "1/0", "a/b", "1/99999", "1/8/2"])
def test_a_part_that_does_not_exist_is_refused(text):
    with pytest.raises(UsageError, match="is out of range: there are parts|is malformed; write"):
        parse_part(text)


def test_a_part_is_one_of_many():
    assert parse_part(" 3/8 ") == PartNumber(3, 8)
    assert parse_part(f"1/{MOST_PARTS}").count == MOST_PARTS


def test_a_missing_part_is_named(runs, tmp_path):
    parts = runs.parts(tmp_path, 4)
    with pytest.raises(ResultsError, match=r"2 parts of 4 missing: 2/4, 3/4; run .*--part 2/4"):
        merge([parts[0], parts[3]], tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_an_unfinished_part_is_named_with_what_it_lacks(runs, tmp_path):
    parts = runs.parts(tmp_path, 2)
    path = next((parts[1] / "submissions").rglob("*.predictions.jsonl"))
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    lacking = f"1 of {len(lines)} of {path.parent.name} on {path.name.partition('.')[0]}"
    with pytest.raises(ResultsError, match=f"part 2/2 in .* is unfinished .missing: {lacking}"):
        merge(parts, tmp_path / "merged")
    runs.run(parts[1], PartNumber(2, 2))
    merge(parts, tmp_path / "merged")


def test_parts_of_two_runs_are_not_merged(runs, tmp_path):
    one, _ = runs.parts(tmp_path / "a", 2)
    (runs.paths[0] / "predictor.py").write_text(
        "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None): return 2\n"
    )
    _, other = runs.parts(tmp_path / "b", 2)
    with pytest.raises(ResultsError, match="part 1/2 and .* part 2/2 of two different runs"):
        merge([one, other], tmp_path / "merged")


def test_a_part_is_not_merged_with_a_whole_run(runs, tmp_path):
    whole, (part,) = runs.run(tmp_path / "whole"), runs.parts(tmp_path, 1)
    with pytest.raises(ResultsError, match="holds a whole run and .* one part"):
        merge([whole, part], tmp_path / "merged")


def test_a_folder_holds_one_part_and_resumes_that_alone(runs, tmp_path):
    out = runs.run(tmp_path / "out", PartNumber(1, 2))
    before = files_of(out)
    assert files_of(runs.run(out, PartNumber(1, 2))) == before
    for other in (PartNumber(2, 2), None):
        with pytest.raises(ResultsError, match="part: 1/2 of division"):
            runs.run(out, other)


def test_a_refused_submission_is_refused_by_every_part_and_once_in_the_merge(runs, tmp_path):
    (runs.paths[1] / "predictor.py").write_text("class Other: pass\n")
    whole = runs.run(tmp_path / "whole")
    merge(runs.parts(tmp_path, 3), tmp_path / "merged")
    assert runs.board(tmp_path / "merged") == runs.board(whole)
    assert files_of(tmp_path / "merged") == files_of(whole)


def test_a_submission_that_other_parts_ask_leaves_no_trace(runs, tmp_path):
    parts = runs.parts(tmp_path, 6, shard=15)
    names = [{path.name for path in (part / "submissions").iterdir()} for part in parts]
    assert sorted(map(sorted, names)) == [[name] for name in ("ada", "grace", "mary") for _ in "ab"]
    shutil.rmtree(parts[0] / "submissions")
    with pytest.raises(ResultsError, match="part 1/6 in .* is unfinished"):
        merge(parts, tmp_path / "merged")


def test_halves_without_the_hidden_one_are_the_same_inputs(runs):
    assert runs.visible.inputs == runs.halves.inputs
    assert dataclasses.replace(runs.visible, load=None, references={}) == dataclasses.replace(
        runs.halves, load=None, references={}
    )
