"""A draw of two shares: scores are shown on one until the deadline, and the other one decides."""

import json
import re

import msgspec
import numpy as np
import pytest
from scipy.stats import kendalltau

from tests.boards import bind, enter
from tests.organiser.platforms.bundle.competitions import PHASES, members
from zcnas.benchmarks import BENCHMARKS
from zcnas.errors import PhaseError, PredictionError, ReferenceDataError
from zcnas.hosted.phase import HOSTED_PHASE_FILE
from zcnas.judging.score import score_benchmark
from zcnas.organiser.draw import draw
from zcnas.organiser.platforms.bundle import Competition, shared_files
from zcnas.organiser.platforms.bundle.phases import bundle_phase
from zcnas.organiser.platforms.check.ours.draws import check_draws
from zcnas.organiser.platforms.check.ours.view import PhaseView
from zcnas.organiser.platforms.settings import read_settings
from zcnas.organiser.serving.board import BoardOrder, Row
from zcnas.organiser.serving.board import draw as draw_board
from zcnas.phases import load_phases
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.tables import Table
from zcnas.words.records import Prediction, Reference, read_reference, write_json
from zcnas.words.shares import check_shares, share_of

CIFAR10 = BENCHMARKS["nasbench201_cifar10"]
N, SHOWN = 40, 20
PHASE = msgspec.structs.replace(
    PHASES["development"],
    benchmarks=(CIFAR10.key,),
    architectures=N,
    batch_size={"nasbench201": 2},
    counts="last",
    shown_architectures=SHOWN,
)
UNDIVIDED = msgspec.structs.replace(PHASE, shown_architectures=0)


@pytest.fixture(scope="module")
def table():
    """Accuracies in no relation to the order of enumeration."""
    specs = [str(spec) for spec in NasBench201Spec.enumerate()][:500]
    means = np.random.default_rng(7).permutation(500) / 10 + 40
    return Table(
        benchmark=CIFAR10.key,
        accuracies={spec: (mean,) for spec, mean in zip(specs, means.tolist(), strict=True)},
        metric="test accuracy", unit="percent", source="made up", version="1", sha256="0",
    )  # fmt: skip


@pytest.fixture(scope="module")
def halves(table):
    return draw(table, CIFAR10, PHASE, "a seed")


def answers(scores):
    """Return predictions of these scores by id."""
    return [Prediction(id=token, status="ok", score=score) for token, score in scores.items()]


def tau(scores, reference, share):
    return score_benchmark(answers(scores), share_of(reference, share), 0.0).tau


def test_the_draw_divides_itself_and_asks_for_the_same_architectures_as_without(table, halves):
    data, reference = halves
    undivided, whole = draw(table, CIFAR10, UNDIVIDED, "a seed")
    assert data == undivided, "nothing that a submission can see tells the shares apart"
    assert reference.accuracies == whole.accuracies
    assert b"shown" not in msgspec.json.encode(whole), "files of other draws stay what they were"
    shown, deciding = (share_of(reference, share) for share in ("shown", "deciding"))
    assert len(shown.accuracies) == SHOWN
    assert shown.accuracies | deciding.accuracies == reference.accuracies
    assert not shown.accuracies.keys() & deciding.accuracies.keys()
    assert set(shown.tokens) == set(deciding.tokens) == {each.id for each in data.architectures}
    assert draw(table, CIFAR10, PHASE, "a seed")[1] == reference
    assert set(draw(table, CIFAR10, PHASE, "another")[1].shown) != set(reference.shown)


def test_neither_the_order_of_the_queries_nor_an_id_tells_the_shares_apart(table):
    """Of 100 draws, the mean place of what is shown is as chance has it: sd 11.5 / sqrt(2000)."""
    places, ranks = [], []
    for seed in range(100):
        data, reference = draw(table, CIFAR10, PHASE, str(seed))
        order = [each.id for each in data.architectures]
        places += [order.index(token) for token in reference.shown]
        ranks += [sorted(order).index(token) for token in reference.shown]
    for found in (places, ranks):
        assert abs(np.mean(found) - (N - 1) / 2) < 4 * 11.5 / np.sqrt(len(found))


def test_a_share_is_scored_as_if_nothing_else_had_been_asked(halves):
    _, reference = halves
    generator = np.random.default_rng(1)
    scores = {token: float(generator.integers(10)) for token in reference.accuracies}
    for share in ("shown", "deciding"):
        truth = share_of(reference, share).accuracies
        expected = kendalltau([scores[token] for token in truth], list(truth.values())).statistic
        assert tau(scores, reference, share) == pytest.approx(expected)


def test_what_is_missing_of_the_other_share_is_missing_and_another_draw_is_another_draw(halves):
    _, reference = halves
    shown = share_of(reference, "shown")
    scores = dict.fromkeys(reference.accuracies, 1.0)
    scores.pop(shown.left_out[0])
    assert score_benchmark(answers(scores), shown, 0.0).failures == {"missing": 1}
    with pytest.raises(PredictionError, match="come from different draws"):
        score_benchmark(answers({**scores, "f" * 16: 1.0}), shown, 0.0)


def test_the_oracle_attack_reads_everything_that_is_shown_and_nothing_that_decides(halves):
    """One submission per architecture, 1 for it and 0 for all others, tells its exact rank."""
    _, reference = halves
    learned = {
        token: tau({**dict.fromkeys(reference.accuracies, 0.0), token: 1.0}, reference, "shown")
        for token in reference.accuracies
    }
    assert tau(learned, reference, "shown") == pytest.approx(1.0)
    assert tau(learned, reference, "deciding") == 0.0
    whole = {
        token: tau({**dict.fromkeys(reference.accuracies, 0.0), token: 1.0}, reference, "all")
        for token in reference.accuracies
    }
    assert tau(whole, reference, "all") == pytest.approx(1.0), "without shares it decides"


def test_a_submission_chosen_among_many_by_what_is_shown_gains_nothing_that_decides(halves):
    """The best of 500 random orders; tau of chance has sd sqrt(2(2n+5)/9n(n-1)) = 0.16 at n=20."""
    _, reference = halves
    generator = np.random.default_rng(3)
    tried = [
        dict(zip(reference.accuracies, generator.random(N).tolist(), strict=True))
        for _ in range(500)
    ]
    best = max(tried, key=lambda scores: tau(scores, reference, "shown"))
    assert tau(best, reference, "shown") > 0.35
    assert abs(tau(best, reference, "deciding")) < 3 * 0.16


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"truth": "public", "draw_seed": "x"}, "is public, so it can keep nothing back"),
        ({"shown_architectures": 39}, "shows 39 of 40 architectures; .*: 2 to 38"),
        ({"shown_architectures": 1}, "shows 1 of 40"),
        ({"counts": "best"}, 'write "chosen" or "last"'),
    ],
)
def test_a_phase_that_would_keep_nothing_back_is_refused(changes, message):
    with pytest.raises(PhaseError, match=message):
        msgspec.structs.replace(PHASE, **changes).check_shares()


def test_the_phases_file_is_held_to_it(repository, tmp_path):
    text = (repository / "reference_data" / "phases.toml").read_text()
    path = tmp_path / "phases.toml"
    head = "[development]\n"
    path.write_text(text.replace(head, f"{head}shown_architectures = 50\n"))
    assert load_phases(path)["development"].shown_architectures == 50
    path.write_text(text.replace(head, f"{head}shown_architectures = 100\n"))
    with pytest.raises(PhaseError, match="'development' shows 100 of 100 architectures"):
        load_phases(path)


def test_a_draw_made_under_another_phase_is_refused(halves, table, tmp_path):
    _, reference = halves
    check_shares(PHASE, reference)
    check_shares(UNDIVIDED, draw(table, CIFAR10, UNDIVIDED, "a seed")[1])
    with pytest.raises(ReferenceDataError, match="shows 20 architectures, and phase 'development'"):
        check_shares(UNDIVIDED, reference)
    write_json(tmp_path / "strange.json", msgspec.structs.replace(reference, shown=("f" * 16,)))
    with pytest.raises(ReferenceDataError, match="of which it has no accuracy"):
        read_reference(tmp_path / "strange.json")


@pytest.fixture
def bundled(halves, tmp_path, repository):
    """The phase in a bundle, and the bundle's files."""
    data, reference = halves
    write_json(tmp_path / "in" / f"{CIFAR10.key}.json", data)
    write_json(tmp_path / "ref" / f"{CIFAR10.key}.json", reference)
    settings = read_settings(repository / "competition.yaml")
    dates = settings.phases["development"]
    phase = bundle_phase(PHASE, dates, tmp_path / "in", tmp_path / "ref", None, "ab" * 32)
    return phase, shared_files(Competition(settings, (phase,), ()))


def test_a_bundle_has_no_accuracy_that_decides_and_its_page_says_so(bundled, halves):
    _, reference = halves
    phase, files = bundled
    inside = members(files[phase.reference_name])
    there = msgspec.json.decode(inside[f"{CIFAR10.key}.json"], type=Reference)
    assert there == share_of(reference, "shown")
    deciding = "|".join(share_of(reference, "deciding").accuracies)
    keyed = re.compile(rf'"({deciding})"\s*:'.encode())
    for name, content in files.items():
        unzipped = members(content).values() if name.endswith(".zip") else [content]
        assert not any(keyed.search(each) for each in unzipped), name
    page = files["pages/evaluation.html"].decode()
    assert f"is computed on {SHOWN} of them" in page


def test_the_check_of_a_bundle_finds_accuracies_that_decide(bundled, halves):
    phase, files = bundled
    contents = {
        "ingestion_program": members(files[phase.ingestion_name]),
        "reference_data": members(files[phase.reference_name]),
    }

    def rules():
        found = []
        view = PhaseView(("phases", 0), "Development", {}, {"reference_data": "ref.zip"}, contents)
        noted = type("Noted", (), {"add": lambda self, rule, *rest: found.append(rule)})()
        noted.add_in = lambda file, line, rule, message: found.append(rule)
        check_draws([view], True, noted)
        return {rule for rule in found if rule in ("own-secret", "own-halves")}

    assert rules() == set()
    contents["reference_data"][f"{CIFAR10.key}.json"] = msgspec.json.encode(halves[1])
    assert rules() == {"own-secret"}
    assert HOSTED_PHASE_FILE in contents["reference_data"]


def test_a_servers_board_shows_one_share_and_is_ranked_on_the_other_after_the_end(halves, tmp_path):
    data, reference = halves
    write_json(tmp_path / "in" / f"{CIFAR10.key}.json", data)
    write_json(tmp_path / "ref" / f"{CIFAR10.key}.json", reference)
    shown, truth = set(reference.shown), reference.accuracies
    fitted = {t: truth[t] if t in shown else -truth[t] for t in truth}
    honest = {
        t: value + (30 if number % 4 == 0 else 0) for number, (t, value) in enumerate(truth.items())
    }
    board = bind(tmp_path / "board", PHASE, {CIFAR10.key: reference})
    rows = []
    for name, scores in (("fitted-1", fitted), ("honest-2", honest)):
        run = bind(tmp_path / "runs" / name, PHASE, {CIFAR10.key: reference})
        enter(run, name, {CIFAR10.key: answers(scores)})
        rows.append(
            Row(
                name=name, team=name[:-2], received_at="2027-01-01T00:00:00+00:00",
                run=str(run.path), outbox=str(tmp_path / "out" / name), is_new=True, chosen=False,
            )
        )  # fmt: skip

    def drawn(after_deadline):
        draw_board(
            BoardOrder(
                parent=0, phase=PHASE, inputs=str(tmp_path / "in"),
                references=str(tmp_path / "ref"), after_deadline=after_deadline,
                results=str(board.path), site=str(tmp_path / "site"), rows=tuple(rows),
            )
        )  # fmt: skip
        record = json.loads((board.path / "leaderboard.json").read_text())
        told = json.loads((tmp_path / "out" / "fitted-1" / "result.json").read_text())
        return record, [each["submission"] for each in record["entries"]], told

    record, order, told = drawn(after_deadline=False)
    assert order == ["fitted-1", "honest-2"]
    assert record["share"] == "shown"
    assert "20 architectures of 40 (those that are shown until the deadline)" in record["title"]
    assert told["score"] == 1.0
    lead = "Some architectures of each benchmark are kept back"
    assert lead in (tmp_path / "site" / "index.html").read_text()
    assert "the final one on those" in (tmp_path / "site" / "phase.html").read_text()
    record, order, told = drawn(after_deadline=True)
    assert order == ["honest-2", "fitted-1"]
    assert record["share"] == "deciding"
    assert told["score"] == -1.0, "a team is told what decides"
    assert "those that were kept back decide" in (tmp_path / "site" / "phase.html").read_text()
