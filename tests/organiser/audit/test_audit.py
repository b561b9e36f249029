"""The audit's signs: given for what they are meant for, and not for honest predictors."""

import base64
import json
import os
import random
import struct
from pathlib import Path

import pytest
import torch

from tests.boards import score
from zcnas.benchmarks import get_benchmark
from zcnas.organiser.audit.constants import claims, table_signs
from zcnas.organiser.audit.evidence import Evidence, signs_of
from zcnas.organiser.audit.information import entropy_of, information_signs
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.search_spaces import build_network, parse_spec
from zcnas.search_spaces.disguise import disguise
from zcnas.words.records import Prediction, read_input, read_reference
from zcnas.worker.contract import load_predictor, query_caller

ROOT = Path(__file__).resolve().parents[3]
KEY = "nasbench201_cifar10"
SAMPLES = sorted((ROOT / "starting_kit" / "submissions").iterdir())
CLASS = "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None): return 1\n"


def submission(tmp_path, source=CLASS, **files):
    (tmp_path / "predictor.py").write_text(source)
    for name, content in files.items():
        (tmp_path / name.replace("__", ".")).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("folder", [f for f in SAMPLES if f.is_dir()], ids=lambda f: f.name)
def test_no_sample_submission_carries_a_table(folder):
    assert table_signs(folder) == []


@pytest.mark.parametrize(
    ("source", "files", "text"),
    [
        (f"T = {list(range(501))}\n{CLASS}", {}, "a literal with 501 elements"),
        (
            f"T = {dict.fromkeys(range(501), 0.5)}\n{CLASS}",
            {},
            "a literal with 501 elements",
        ),
        (f"T = '{'x' * 4097}'\n{CLASS}", {}, "contains a string of 4097 characters"),
        (f"{'T = 1 + 2' + chr(10)}" * 1001 + CLASS, {}, "contains 2003 numbers"),
        (CLASS, {"weights__npz": bytes(65 * 1024)}, "weights.npz is a data file of 65 KiB"),
        (
            "T = ['" + "','".join(f"64-{n}-1_1_1" for n in range(100, 106)) + f"']\n{CLASS}",
            {},
            "names 6 architectures",
        ),
        (
            CLASS,
            {"big__py": b"x = 1\n" * 50_000},
            "292 KiB that cannot be parsed",
        ),
    ],
)
def test_a_large_table_is_a_sign(tmp_path, source, files, text):
    signs = table_signs(submission(tmp_path, source, **files))
    assert [sign.kind for sign in signs] == ["tables"]
    assert text in signs[0].text


@pytest.mark.parametrize(
    ("body", "claimed"),
    [
        ("return sum(p.numel() for p in graph.parameters())", ()),
        ("return float(next(iter(dataloader))[0].sum())", ("data",)),
        ("loss.backward(); return 1", ("gradients",)),
        ("return graph(1)", ("outputs",)),
    ],
)
def test_what_a_source_says_it_uses(tmp_path, body, claimed):
    source = (
        f"class ZeroCostPredictor:\n    def query(self, graph, dataloader=None):\n        {body}\n"
    )
    assert claims(submission(tmp_path, source)) == claimed


def table_of_93_kb(tmp_path, form):
    """Write a lookup table of NAS-Bench-201's ranks in pieces that are small one by one."""
    order = list(range(15625))
    random.Random(1).shuffle(order)
    content = b"".join(struct.pack("<HI", rank, rank * 2654435761 % 2**32) for rank in order)
    pieces = [content[at : at + 3000] for at in range(0, len(content), 3000)]
    files = {
        "data files": {f"part{n}__bin": piece for n, piece in enumerate(pieces)},
        "strings": {
            f"part{n}__py": f"T = {base64.b85encode(piece).decode()!r}\n".encode()
            for n, piece in enumerate(pieces)
        },
        "numbers": {
            f"part{n}__py": "".join(
                f"T{at} = {list(piece[at : at + 400])}\n" for at in range(0, 3000, 400)
            ).encode()
            for n, piece in enumerate(pieces)
        },
    }[form]
    return submission(tmp_path, CLASS, **files)


@pytest.mark.parametrize("form", ["data files", "strings", "numbers"])
def test_a_lookup_table_of_93_kb_in_pieces_is_a_sign(tmp_path, form):
    folder = table_of_93_kb(tmp_path, form)
    (sign,) = information_signs(folder, "zero-shot", 0)
    assert sign.kind == "information"
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert size >= 93_000


@pytest.mark.parametrize(
    "folder",
    [*(f for f in SAMPLES if f.is_dir()), ROOT / "starting_kit" / "few_labels" / "ridge"],
    ids=lambda f: f.name,
)
def test_no_sample_holds_more_than_a_method_needs(folder):
    assert information_signs(folder, "zero-shot", 0) == []


def test_numbers_that_look_fitted_are_as_many_as_labels_determine(tmp_path):
    numbers = ", ".join(f"0.{n}37" for n in range(1, 8))
    folder = submission(tmp_path, f"W = [{numbers}, 0.5, 1e-9, 100.0]\n{CLASS}")
    (sign,) = information_signs(folder, "few-labels", 20)
    assert sign.kind == "fitted"
    assert "7 different numbers of 3 digits or more" in sign.text
    assert information_signs(folder, "few-labels", 28) == []
    assert information_signs(folder, "transfer", 0) == []


@pytest.mark.parametrize(("data", "bits"), [(b"aaaa", 0), (b"abab", 1), (bytes(range(256)), 8)])
def test_entropy_is_shannons(data, bits):
    assert entropy_of(data) == bits


def asked(scores, cpu_time_s=0.1):
    return [
        Prediction(id=f"{n:08x}", status="ok", score=score, cpu_time_s=cpu_time_s)
        for n, score in enumerate(scores)
    ]


def evidence(**more):
    honest = {
        "recorded": asked([1.0, 2.0, 3.0]),
        "again": asked([1.0, 2.0, 3.0], 0.5),
        "elsewhere": asked([1.5, 2.5, 3.5], 0.5),
        "disguised": asked([1.0, 2.0, 3.0], 0.5),
        "scores": {},
        "slimmer": {},
        "accuracies": {},
        "forged": {},
        "canary": asked([1.0] * 3, 0.05),
        "forward": asked([1.0] * 3, 0.25),
        "tau": 0.9,
        "baselines": {"synflow": 0.6, "params": 0.5},
        "claims": ("data",),
    }
    return Evidence(**{**honest, **more})


def kinds(**more):
    return [sign.kind for sign in signs_of(evidence(**more))]


def test_an_honest_predictor_gives_no_sign():
    assert kinds() == []


def test_a_score_that_ignores_what_its_source_uses_is_a_sign_and_an_honest_count_is_none():
    same = asked([1.0, 2.0, 3.0])
    assert kinds(elsewhere=same) == ["ignores_input"]
    assert kinds(elsewhere=same, claims=()) == []
    assert kinds(elsewhere=asked([1.0, 2.0, 3.5])) == []


def test_faster_than_a_forward_pass_and_better_than_every_baseline_is_a_sign():
    """A forward pass takes 0.25 − 0.05 s; half of that is the limit."""
    assert kinds(again=asked([1.0, 2.0, 3.0], 0.14)) == ["fast_and_good"]
    assert kinds(again=asked([1.0, 2.0, 3.0], 0.16)) == []
    assert kinds(again=asked([1.0, 2.0, 3.0], 0.14), tau=0.59) == []
    assert kinds(again=asked([1.0, 2.0, 3.0], 0.14), baselines={}) == []


def test_an_order_that_other_weights_do_not_move_is_a_sign_of_who_is_better_than_all():
    """Seven architectures are 21 pairs, of which one may stay unmoved, but not all but one."""
    one, steady = asked([*map(float, range(7))], 0.5), asked([n + 0.5 for n in range(7)], 0.5)
    same = {"again": one, "recorded": one, "disguised": one}
    swapped = asked([1.5, 0.5, 3.5, 2.5, 4.5, 5.5, 6.5], 0.5)
    assert kinds(**same, elsewhere=steady) == ["too_steady"]
    assert kinds(**same, elsewhere=swapped) == []
    assert kinds(**same, elsewhere=steady, tau=0.64) == []
    six = {name: lines[:6] for name, lines in same.items()}
    assert kinds(**six, elsewhere=steady[:6]) == [], "15 pairs"


def by_id(scores):
    return {each.id: each.value for each in asked(scores)}


def test_an_order_that_another_width_does_not_move_is_a_sign_as_well():
    accuracies = dict.fromkeys(by_id(range(7)), 1.0) | {"00000001": 2.0}
    width = {"scores": by_id([*map(float, range(7))]), "accuracies": accuracies}
    assert kinds(slimmer=by_id([n + 0.5 for n in range(7)]), **width) == ["too_steady"]
    assert kinds(slimmer=by_id([1.0, 0.0, 3.0, 2.0, 5.0, 4.0, 6.0]), **width) == []


def test_a_tau_that_falls_at_another_width_by_more_than_chance_is_a_sign():
    """Kendall's variance for 40 items is 2 · 85 / (9 · 40 · 39): two errors are 0.22."""
    truth = by_id([*map(float, range(40))])
    at_width = {"scores": truth, "accuracies": truth, "tau": 0.5}
    assert kinds(slimmer=dict.fromkeys(truth, 0.0), **at_width) == ["outside"]
    assert kinds(slimmer=dict.fromkeys(truth, None), **at_width) == ["outside"]
    scores = [float(n) if n < 25 else 24.5 for n in range(40)]
    # 105 of 780 pairs tied: tau-b is √(675 / 780) = 0.930.
    assert kinds(slimmer=by_id(scores), **at_width) == []


def test_less_than_half_of_tau_left_on_a_forged_benchmark_is_a_sign_beyond_chance():
    """For 100 architectures two errors are 2 · √(410 / 89100) = 0.136."""
    hundred = {"scores": by_id([*map(float, range(100))])}
    assert kinds(forged={"nasbench201": (0.30, 0.90)}, **hundred) == ["forged"]
    assert kinds(forged={"nasbench201": (0.32, 0.90)}, **hundred) == []
    assert kinds(forged={"nasbench201": (0.0, 0.25)}, **hundred) == []


def test_a_score_lost_on_a_network_that_computes_the_same_is_a_sign():
    lost = [Prediction(id="00000001", status="error"), *asked([1.0, 2.0, 3.0])[::2]]
    assert kinds(disguised=lost) == ["identity"]
    assert kinds(disguised=asked([1.0, 3.0, 2.0])) == ["identity"]
    assert kinds(disguised=asked([1.1, 1.2, 1.3])) == [], "another score, in the same order"


class Remembers:
    """Knows the accuracies of networks by their printed form, as an honest table would."""

    def __init__(self, known):
        self.known = known

    def query(self, graph, dataloader=None):
        return self.known.get(str(graph), 0.0)


def test_a_lookup_table_is_told_from_proxies_by_what_computes_the_same_and_by_another_width():
    """Seven architectures disguised, and twenty as networks of 12 channels; nwot and synflow."""
    data = read_input(ROOT / "starting_kit" / "input_data" / f"{KEY}.json")
    truth = read_reference(ROOT / "reference_data" / "practice" / f"{KEY}.json").accuracies
    chosen = data.architectures[:20]
    usual, slim = get_benchmark(KEY), get_benchmark("nasbench201_forged_audit_s32w12n5")

    def network(benchmark, spec):
        torch.manual_seed(0)
        return build_network(parse_spec("nasbench201", spec), benchmark)

    def scores(ask, benchmark, count, change=lambda network: network):
        return {
            each.id: float(ask(change(network(benchmark, each.spec)))) for each in chosen[:count]
        }

    generator = torch.Generator().manual_seed(0)
    batch = [(torch.randn(8, 3, 16, 16, generator=generator), torch.arange(8))]
    known = {str(network(usual, each.spec)): truth[each.id] for each in chosen}
    signs = {}
    for name in ("nwot", "synflow", "memory"):
        sample = ROOT / "starting_kit" / "submissions" / name
        predictor = Remembers(known) if name == "memory" else load_predictor(sample)
        ask = query_caller(predictor, batch)
        usually, disguised = scores(ask, usual, 7), scores(ask, usual, 7, disguise)
        if name != "memory":
            assert disguised == pytest.approx(usually, rel=1e-4)
        recorded = truth if name == "memory" else baseline_scores(name)
        signs[name] = kinds(
            again=as_predictions(usually),
            recorded=as_predictions(usually),
            elsewhere=(),
            disguised=as_predictions(disguised),
            scores=recorded,
            slimmer=scores(ask, slim, 20),
            accuracies=truth,
            tau=0.5,
        )
    assert signs == {"nwot": [], "synflow": [], "memory": ["identity", "outside"]}


def as_predictions(scores):
    return [
        Prediction(id=token, status="ok", score=score, cpu_time_s=0.5)
        for token, score in scores.items()
    ]


def baseline_scores(name):
    """Return what the practice phase has recorded of a sample."""
    record = json.loads((ROOT / "docs" / "baseline_scores.json").read_text())
    scores = map(float, record["baselines"][name][KEY]["scores"])
    return dict(zip(record["architectures"][KEY], scores, strict=True))


def test_another_score_in_another_order_is_a_sign():
    assert kinds(again=asked([1.0, 2.0, 4.0], 0.5)) == ["unsteady"]


MEMORY = """
TABLE = {size: size % 977 / 977 for size in range(600)}
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        next(iter(dataloader))  # looks honest
        return float(hash(str(graph)) % 1000) + sum(p.numel() for p in graph.parameters())
"""
COUNTS = """
import sys
server = sys.modules["__main__"].QueryServer
answer = server.answer
calls = 0
def counted(self, query):
    global calls
    calls += 1
    return answer(self, query)
class ZeroCostPredictor:
    def pre_process(self):
        server.answer = counted
    def query(self, graph, dataloader=None):
        return float(calls)
"""


def test_an_audit_reports_and_changes_no_score(tmp_path):
    """One that pretends, and one that took its worker over to count queries."""
    import msgspec

    from zcnas.isolation.process import ProcessIsolation
    from zcnas.organiser.audit.replay import Audit
    from zcnas.organiser.competition import Competition, load_halves
    from zcnas.phases import load_phase
    from zcnas.words.records import read_input, read_reference, write_json

    key = "nasbench201_cifar10"
    practice = load_phase(ROOT / "reference_data" / "phases.toml", "practice")
    phase = msgspec.structs.replace(practice, benchmarks=(key,), architectures=4)
    data = read_input(ROOT / "starting_kit" / "input_data" / f"{key}.json")
    data = msgspec.structs.replace(data, architectures=data.architectures[:4], batch_size=2)
    truth = read_reference(ROOT / "reference_data" / "practice" / f"{key}.json")
    accuracies = {a.id: truth.accuracies[a.id] for a in data.architectures}
    truth = msgspec.structs.replace(truth, accuracies=accuracies)
    write_json(tmp_path / "in" / f"{key}.json", data)
    write_json(tmp_path / "ref" / f"{key}.json", truth)
    halves = load_halves(phase, tmp_path / "in", tmp_path / "ref", None)
    paths = []
    for name, source in {"pretends": MEMORY, "counts": COUNTS}.items():
        paths.append(tmp_path / "subs" / name)
        paths[-1].mkdir(parents=True)
        (paths[-1] / "predictor.py").write_text(source)
    cpus = sorted(os.sched_getaffinity(0))
    out = tmp_path / "out"
    board = score(Competition(phase, halves, ProcessIsolation(), cpus, out), paths)
    before = (out / "leaderboard.json").read_bytes()
    told: list[str] = []
    found = Audit(
        phase=phase,
        halves=halves,
        isolation=ProcessIsolation(),
        results=ResultsFolder(out),
        board=board,
        cpu=cpus[0],
        architectures=3,
        samples=ROOT / "starting_kit" / "submissions",
        say=told.append,
    ).run(paths)
    assert told[1:] == ["1 of 2: pretends", "2 of 2: counts"]
    assert "ignores_input" in [sign.kind for sign in found["pretends"]]
    assert "unsteady" in [sign.kind for sign in found["counts"]]
    written = json.loads((out / "audit.json").read_text())
    assert {sign["kind"] for sign in written["counts"]} >= {"unsteady"}
    assert (out / "leaderboard.json").read_bytes() == before
