"""Labels in a bundle: where they must be, where they must not be, and which they must not be."""

import msgspec
import pytest

from zcnas.hosted.phase import HOSTED_PHASE_FILE, HostedPhase
from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.ours.labels import check_labels
from zcnas.organiser.platforms.check.ours.view import PhaseView
from zcnas.words.labels import Label, Labels
from zcnas.words.records import Architecture, BenchmarkInput

from .competitions import PHASES

KEY = "nasbench201_cifar10"


class Noted(Findings):
    """Findings whose places in a file do not matter."""

    def __init__(self):
        self.rules = []

    def add_in(self, file, line, rule, message):
        self.rules.append((file, rule, message))


def phase(name, specs, labels, told=None):
    """Return a phase's view: what it judges, how many labels it gives, and those in the bundle."""
    defined = msgspec.structs.replace(
        PHASES["practice"], name=name, draw_seed=None, benchmarks=(KEY,), labels=labels
    )
    architectures = tuple(Architecture(f"{n:08x}", spec) for n, spec in enumerate(specs))
    data = BenchmarkInput(
        benchmark=KEY,
        search_space="nasbench201",
        dataset="cifar10",
        batch_size=2,
        eval_seed=1,
        architectures=architectures,
    )
    program = {f"input_data/{KEY}.json": msgspec.json.encode(data)}
    if told is not None:
        each = tuple(Label(spec, 50.0) for spec in told)
        content = Labels(benchmark=KEY, metric="m", unit="percent", labels=each)
        program[f"input_data/{KEY}.labels.json"] = msgspec.json.encode(content)
    hosted = msgspec.json.encode(HostedPhase(phase=defined, time_limit_s=600))
    contents = {"ingestion_program": program, "reference_data": {HOSTED_PHASE_FILE: hosted}}
    return PhaseView(("phases", 0), name, {}, {"ingestion_program": f"{name}.zip"}, contents)


@pytest.mark.parametrize(
    ("phases", "rules"),
    [
        ([phase("a", "pq", 2, "xy"), phase("b", "rs", 0)], []),
        ([phase("a", "pq", 2, "xyz")], ["own-halves"]),
        ([phase("a", "pq", 2)], ["own-halves"]),
        ([phase("a", "pq", 0, "xy")], ["own-secret"]),
        ([phase("a", "pq", 2, "xq")], ["own-draws"]),
        ([phase("a", "pq", 2, "xr"), phase("b", "rs", 0)], ["own-draws"]),
    ],
    ids=["fine", "too many", "none", "unasked", "judged here", "judged in another phase"],
)
def test_labels_are_there_where_asked_for_and_judged_nowhere(phases, rules):
    found = Noted()
    check_labels(phases, found)
    assert [rule for _, rule, _ in found.rules] == rules
    assert all(file == f"a.zip/input_data/{KEY}.labels.json" for file, _, _ in found.rules)
