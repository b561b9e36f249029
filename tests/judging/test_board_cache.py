"""A board made with a cache is the board made without: what is kept only saves work."""

import shutil

import msgspec
import numpy as np
import pytest

from tests.boards import bind, enter
from zcnas.judging import judged_rows
from zcnas.judging.board_cache import BoardCache, key_of
from zcnas.judging.judge import judge
from zcnas.organiser.results.contest import read_contest
from zcnas.phases import load_phase
from zcnas.words.records import Prediction, Reference, encode_score
from zcnas.words.resources import PHASES_FILE, package_file

KEYS = ("nasbench201_cifar10", "nasbench201_cifar100")
RESAMPLES = 300


@pytest.fixture
def contest_of(tmp_path):
    """A function that writes a run of noisy, partly failing entries and returns its contest."""
    phase = msgspec.structs.replace(
        load_phase(package_file(PHASES_FILE), "practice"), benchmarks=KEYS
    )
    rng = np.random.default_rng(5)
    references = {
        key: Reference(
            benchmark=key, metric="m", unit="percent", source="s", version="1", table_sha256="0",
            accuracies={f"{n:08x}": round(float(rng.normal(90, 3)), 1) for n in range(40)},
        )
        for key in KEYS
    }  # fmt: skip
    results = bind(tmp_path / "out", phase, references)

    def make(*names):
        for name in names:
            enter(results, name, predictions(references, name))
        return read_contest(results, phase, references)

    return make


def predictions(references, name):
    """An entry's answers: some coarse, some infinite, some failed with reasons of their own."""
    rng = np.random.default_rng(len(name) + sum(map(ord, name)))
    lines = {}
    for key, reference in references.items():
        lines[key] = []
        for number, (token, accuracy) in enumerate(reference.accuracies.items()):
            score = float(np.round(accuracy + rng.normal(0, 4), 0 if "coarse" in name else 6))
            failed = rng.uniform() < 0.1
            lines[key].append(
                Prediction(id=token, status="error", message=f"no {number % 3}", cpu_time_s=0.25)
                if failed
                else Prediction(
                    id=token,
                    status="ok",
                    score=encode_score(float("inf") if number == 7 else score),
                    cpu_time_s=round(float(rng.uniform(0.1, 0.9)), 3),
                )
            )
    return lines


def told(judgement):
    """Everything a judgement tells, arrays as bytes."""
    analysis = judgement.analysis
    arrays = {name: array.tobytes() for name, array in judged_rows.arrays_of(analysis)}
    outcomes = [
        (o.scores.tobytes(), o.statuses.tobytes(), o.cpu_time_s.tobytes(),
         [list(each.items()) for each in o.reasons])
        for o in judgement.outcomes
    ]  # fmt: skip
    return judgement.leaderboard, judgement.scores, judgement.rows, arrays, outcomes


def no_work(*arguments):
    raise AssertionError("what is known was computed again")


def test_an_unchanged_board_is_recalled_to_the_last_bit_and_nothing_is_computed(
    contest_of, tmp_path, monkeypatch
):
    contest = contest_of("one", "two", "coarse")
    plain = told(judge(contest, RESAMPLES))
    assert told(judge(contest, RESAMPLES, BoardCache(tmp_path / "cache"))) == plain
    monkeypatch.setattr(judged_rows, "analyse", no_work)
    assert told(judge(contest, RESAMPLES, BoardCache(tmp_path / "cache"))) == plain


def test_of_a_board_with_one_more_entry_that_entry_alone_is_analysed(
    contest_of, tmp_path, monkeypatch
):
    judge(contest_of("one", "two", "coarse"), RESAMPLES, BoardCache(tmp_path / "cache"))
    contest = contest_of("a new one")
    plain = told(judge(contest, RESAMPLES))
    sizes, analyse = [], judged_rows.analyse

    def counted(phase, outcomes, *rest):
        sizes.append(len(outcomes[0].scores))
        return analyse(phase, outcomes, *rest)

    monkeypatch.setattr(judged_rows, "analyse", counted)
    assert told(judge(contest, RESAMPLES, BoardCache(tmp_path / "cache"))) == plain
    assert sizes == [1]


@pytest.mark.parametrize("damage", ["bit", "cut", "empty", "swapped"])
def test_a_damaged_record_is_computed_anew(contest_of, tmp_path, damage):
    contest, folder = contest_of("one", "two", "coarse"), tmp_path / "cache"
    plain = told(judge(contest, RESAMPLES, BoardCache(folder)))
    files = sorted(folder.iterdir())
    contents = [path.read_bytes() for path in files]
    for number, path in enumerate(files):
        whole = bytearray(contents[number])
        whole[len(whole) // 2] ^= 1
        path.write_bytes(
            {
                "bit": bytes(whole),
                "cut": contents[number][:-5],
                "empty": b"",
                "swapped": contents[number - 1],
            }[damage]
        )
    assert told(judge(contest, RESAMPLES, BoardCache(folder))) == plain


def test_other_accuracies_resamples_or_predictions_are_other_records(contest_of, tmp_path):
    contest, folder = contest_of("one", "two"), tmp_path / "cache"
    judge(contest, RESAMPLES, BoardCache(folder))
    key = KEYS[0]
    accuracies = dict(reversed(contest.references[key].accuracies.items()))
    tokens = list(accuracies)
    swapped = {
        **accuracies, tokens[0]: accuracies[tokens[1]], tokens[1]: accuracies[tokens[0]],
    }  # fmt: skip
    other = msgspec.structs.replace(contest.references[key], accuracies=swapped)
    changed = type(contest)(**{**vars(contest), "references": {**contest.references, key: other}})
    assert told(judge(changed, RESAMPLES, BoardCache(folder))) == told(judge(changed, RESAMPLES))
    assert told(judge(contest, 77, BoardCache(folder))) == told(judge(contest, 77))
    again = contest_of("two")
    path = again.contenders[0].folder / f"{key}.predictions.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"score":9', b'"score":8'))
    assert told(judge(again, RESAMPLES, BoardCache(folder))) == told(judge(again, RESAMPLES))


def test_records_that_no_board_asks_for_any_more_are_removed(contest_of, tmp_path):
    folder = tmp_path / "cache"
    contest = contest_of("one", "two")
    judge(contest, RESAMPLES, BoardCache(folder))
    before = len(list(folder.iterdir()))
    shutil.rmtree(contest.contenders[0].folder)
    fewer = type(contest)(**{**vars(contest), "contenders": contest.contenders[1:]})
    cache = BoardCache(folder)
    judge(fewer, RESAMPLES, cache)
    cache.forget_unused()
    assert len(list(folder.iterdir())) < before


@pytest.mark.parametrize("mode", [0o720, 0o702])
def test_a_folder_that_others_may_write_to_is_neither_read_nor_written(tmp_path, mode):
    folder, key = tmp_path / "cache", key_of("kind", 1)
    BoardCache(folder).keep(key, b"content")
    assert BoardCache(folder).find(key) == b"content"
    folder.chmod(mode)
    cache = BoardCache(folder)
    assert cache.find(key) is None
    cache.keep(key_of("kind", 2), b"more")
    cache.forget_unused()
    assert [path.name for path in folder.iterdir()] == [key]


def test_a_link_in_the_caches_place_is_not_followed(tmp_path):
    key = key_of("kind", 1)
    BoardCache(tmp_path / "foreign").keep(key, b"content")
    (tmp_path / "cache").symlink_to(tmp_path / "foreign")
    assert BoardCache(tmp_path / "cache").find(key) is None
