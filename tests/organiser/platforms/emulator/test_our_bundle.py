"""Our bundle on both platforms: a right score or a clean failure, whatever is handed in.

One test for every scenario that is known to go wrong there.
"""

import dataclasses
import html
import io
import json
import math
import re
import shutil
import zipfile

import numpy as np
import pytest
from scipy.stats import kendalltau

from zcnas.benchmarks import BENCHMARKS
from zcnas.hosted.run_record import read_run_record
from zcnas.hosted.seals import read_key
from zcnas.organiser.platforms.emulator import PLATFORMS, Emulation, emulate
from zcnas.organiser.platforms.emulator.bundles import read_task
from zcnas.organiser.platforms.emulator.folders import FolderRunner
from zcnas.search_spaces import build_network, parse_spec
from zcnas.words.records import read_predictions, read_reference

from .conftest import KEY, ROOT, N, Small, zip_of

pytestmark = pytest.mark.container

PARAMS = """
class ZeroCostPredictor:
    method_type = "parameters"
    def query(self, graph, dataloader=None):
        return sum(p.numel() for p in graph.parameters())
"""


@pytest.fixture(scope="session")
def tau_of_params(small):
    """SciPy's tau-b of the parameter counts, from networks built here."""
    counts = [
        sum(
            p.numel()
            for p in build_network(parse_spec("nasbench201", a.spec), BENCHMARKS[KEY]).parameters()
        )
        for a in small.data.architectures
    ]
    truth = [small.reference.accuracies[a.id] for a in small.data.architectures]
    return kendalltau(counts, truth).statistic


def record_of(outcome):
    (key,) = (outcome.folder / "scoring").rglob("input/ref/seal.key")
    return read_run_record(outcome.results, read_key(key.parent))


def predictions_of(outcome):
    return record_of(outcome).answers[KEY]


def scores_of(outcome):
    return json.loads((outcome.scoring / "scores.json").read_text())


ONE_IS_NAN = """
import sys
server, asked = sys.modules["__main__"].QueryServer, []
answer = server.answer
server.answer = lambda self, query: [answer(self, query), asked.append(query)][0]
class ZeroCostPredictor:
    def query(self, graph):
        if not asked: return float("nan")
        raise ValueError("my fault")
"""
"""Nothing else lasts from one query to the next, so it counts them in its worker."""


@pytest.fixture(scope="session")
def one_is_nan(small, containers):
    """What both platforms make of it."""
    zipped = zip_of(small.folder / "one_is_nan.zip", {"predictor.py": ONE_IS_NAN, "metadata": ""})
    return small.submit_to_both(zipped, small.folder / "one_is_nan", containers)


def elapsed_s(outcome):
    """Return the seconds of ingestion, as the platform notes them."""
    noted = (outcome.results / "metadata").read_text()
    return float(re.search(r"ingestionElapsedTime: ([\d.]+)", noted)[1])


def test_a_predictor_that_raises_or_returns_nan_is_finished_with_finite_scores(one_is_nan):
    for outcome in one_is_nan.values():
        assert outcome.status == "Finished", outcome.details
        assert set(outcome.posted.values()) == {-1.0}
        assert [p.message for p in predictions_of(outcome)][1:] == [
            "ValueError: my fault (predictor.py, line 9)"
        ] * (N - 1)
        assert [p.status for p in predictions_of(outcome)] == ["invalid"] + ["error"] * (N - 1)
        assert "NaN" not in (outcome.scoring / "scores.json").read_text()
        page = html.unescape((outcome.scoring / "detailed_results.html").read_text())
        assert 'File "predictor.py", line 9, in query' in page
        assert not re.search(r"/(app|tmp|opt|usr)/", page), "paths of the machine"


LEARNS = """
class ZeroCostPredictor:
    track = "few-labels"
    def fit(self, graphs, accuracies):
        self.told = (len(graphs), min(accuracies))
    def query(self, graph, dataloader=None):
        networks, least = self.told
        return {"parameters": sum(p.numel() for p in graph.parameters()), "networks": networks}
    def combine(self, answers):
        assert {each["networks"] for each in answers} == {self.told[0]} == {3}
        return [each["parameters"] + self.told[1] for each in answers]
"""


@pytest.mark.slow
def test_a_submission_that_learns_and_combines_gets_its_tau_on_both_platforms(
    containers, submission, tau_of_params, tmp_path_factory
):
    labelled = Small(tmp_path_factory.mktemp("labelled"), labels=3)
    runs = labelled.submit_to_both(submission(LEARNS), labelled.folder / "runs", containers)
    for outcome in runs.values():
        assert outcome.status == "Finished", outcome.details
        assert outcome.posted["score"] == pytest.approx(tau_of_params)
        assert record_of(outcome).manifests[KEY].public.labels == 3


ONE_THEN_SLEEPS = ONE_IS_NAN.replace('float("nan")', "1.5").replace(
    'raise ValueError("my fault")', "import time; time.sleep(6000)"
)


@pytest.mark.slow
def test_our_own_deadline_keeps_what_was_scored_before_the_platforms_limit_strikes(
    small, containers, submission, tmp_path, one_is_nan
):
    """The limit leaves the first query four times what a whole run takes on this machine now.

    Our own deadline lies ten seconds or more before it; a query that waits is stopped after 600 s.
    """
    whole_run_s = max(elapsed_s(outcome) for outcome in one_is_nan.values())
    limit_s = min(600, 25 + math.ceil(4 * whole_run_s))
    runs = small.submit_to_both(
        submission(ONE_THEN_SLEEPS),
        tmp_path,
        containers,
        bundles=small.bundle(limit_s),
        enforce_limit=True,
    )
    for outcome in runs.values():
        assert outcome.status == "Finished", outcome.details
        predictions = predictions_of(outcome)
        assert [p.status for p in predictions] == ["ok"] + ["not_reached"] * (N - 1)
        assert elapsed_s(outcome) < limit_s
        truth = [small.reference.accuracies[p.id] for p in predictions]
        tau = kendalltau([1] + [0] * (N - 1), truth).statistic
        assert outcome.posted["score"] == pytest.approx(tau)


def test_a_submission_with_its_own_command_is_refused_and_what_it_forged_is_not_taken(
    small, containers, submission, tmp_path
):
    perfect = [
        {"id": token, "status": "ok", "score": accuracy}
        for token, accuracy in small.reference.accuracies.items()
    ]
    forger = f"""
import json, pathlib, time
text = "".join(f"{{'0' * 64}} {{json.dumps(line)}}\\n" for line in {perfect!r})
path = pathlib.Path("/app/output/run.sealed")
changes = 0
last_change = end = time.monotonic()
while time.monotonic() < end + 240 and (changes < 2 or time.monotonic() < last_change + 5):
    if not path.exists() or path.read_text() != text:  # at first, and when ours has written
        changes, last_change = changes + 1, time.monotonic()
        path.write_text(text)
    time.sleep(0.05)
"""
    zipped = submission(
        PARAMS, **{"metadata": "command: python3 $program/forge.py", "forge.py": forger}
    )
    outcome = small.submit("codabench", zipped, tmp_path / "out", containers)
    assert '"score": ' in (outcome.results / "run.sealed").read_text(), "it forged"
    assert set(outcome.posted.values()) == {-1.0}


ATTACKS = PARAMS.replace(
    "    def query(self, graph, dataloader=None):\n",
    """
    def query(self, graph, dataloader=None):
        import glob, os, pathlib, resource, signal, torch
        print("CPUs:", len(os.sched_getaffinity(0)), "threads:", torch.get_num_threads())
        for limit in ("CPU", "DATA", "FSIZE"):
            print(limit, resource.getrlimit(getattr(resource, f"RLIMIT_{limit}"))[0])
        for name in ("mem", "fd/1", "environ"):
            try:
                path = pathlib.Path("/proc/1", name)
                path.open("rb").close()
                print("open:", path)
            except PermissionError:
                print("closed:", path)
        print("keys:", glob.glob("/app/**/seal.key", recursive=True))
        for name, attempt in (
            ("kill", lambda: os.kill(1, signal.SIGKILL)),
            ("metadata", lambda: pathlib.Path("/app/output/metadata").write_text("exitCode: 0")),
            ("scores", lambda: pathlib.Path("/app/output/scores.json").write_text("{}")),
            ("forge", lambda: pathlib.Path("/app/output/run.sealed").write_text("{}")),
        ):
            try:
                attempt()
                print("done:", name)
            except OSError:
                print("refused:", name)
""",
).replace("KEY", KEY)


def test_limits_hold_and_the_recorder_cannot_be_read_killed_or_overwritten(
    small, containers, submission, tmp_path, tau_of_params
):
    outcome = small.submit("codabench", submission(ATTACKS), tmp_path / "out", containers)
    log = record_of(outcome).logs[KEY]
    assert "open:" not in log
    for name in ("mem", "fd/1", "environ"):
        assert f"closed: /proc/1/{name}" in log
    assert "keys: []" in log
    assert "CPUs: 1 threads: 1" in log
    limits = small.phase.limits
    for line in (
        f"CPU {limits.query_cpu_s}",
        f"DATA {limits.memory_mb << 20}",
        f"FSIZE {limits.scratch_mb << 20}",
    ):
        assert line in log
    assert outcome.status == "Finished", outcome.details
    assert outcome.posted["score"] == pytest.approx(tau_of_params)
    names = {path.name.split("-")[0] for path in outcome.results.iterdir()}
    assert names == {"run.sealed", "submission", "metadata"}
    stdout = (outcome.folder / "logs" / "ingestion.stdout").read_text()
    assert ("another process had changed run.sealed" in stdout) == ("done: forge" in log)


@pytest.mark.parametrize("platform", ["codabench", "codalab"])
def test_a_fault_of_the_platforms_machine_is_failed_and_never_a_score(
    small, containers, submission, tmp_path, platform
):
    task = read_task(small.bundles / f"{platform}.zip", platform, None)
    program = zipfile.ZipFile(io.BytesIO(task.parts["ingestion_program"]))
    kept = {n: program.read(n) for n in program.namelist() if n != "input_data/phase.json"}
    without = zip_of(tmp_path / "without.zip", kept)
    broken = dataclasses.replace(task, parts={**task.parts, "ingestion_program": without})
    outcome = emulate(broken, submission(PARAMS), Emulation(platform, containers, tmp_path / "out"))
    assert (outcome.status, outcome.posted) == ("Failed", {})
    said = "".join(path.read_text() for path in (outcome.folder / "logs").iterdir())
    assert "phase.json: No such file" in said


# The same submission in every form a participant may upload it, everywhere it can be scored.

GRADIENTS = (ROOT / "starting_kit" / "predictor.py").read_text()
HELPED = GRADIENTS.replace(
    "class ZeroCostPredictor", "from parts import ONE\n\n\nclass ZeroCostPredictor"
).replace("return sum(", "return ONE * sum(")
FILES = {"predictor.py": HELPED, "parts.py": "ONE = 1\n"}


@pytest.fixture(scope="session")
def forms(small):
    """Four zips of one submission by name."""
    folder = small.folder / "forms"
    source = folder / "source"
    source.mkdir(parents=True)
    for name, text in FILES.items():
        (source / name).write_text(text)
    small.command("submission", source, "--out", folder / "packed")
    top = {f"my method/{name}": text for name, text in FILES.items()}
    junk = {"__MACOSX/._predictor.py": "\0\5\26\7", ".DS_Store": "\0", "__MACOSX/my/._x": ""}
    windows = {name: text.replace("\n", "\r\n") for name, text in FILES.items()}
    return {
        "packed": folder / "packed" / "source.zip",
        "top": zip_of(folder / "top.zip", {**top, "my method/metadata": ""}),
        "macos": zip_of(folder / "macos.zip", {**FILES, **junk}),
        "windows": zip_of(folder / "windows.zip", {**windows, "metadata": ""}),
    }


@pytest.fixture(scope="session")
def on_platforms(small, forms, containers):
    """Every form on every platform; CodaLab takes one without metadata for results."""
    return {
        (form, platform): outcome
        for form, path in forms.items()
        for platform, outcome in small.submit_to_both(
            path, small.folder / "runs" / form, containers
        ).items()
        if (form, platform) != ("macos", "codalab")
    }


@pytest.mark.slow
def test_every_form_gives_identical_digits_in_dry_run_score_and_on_both_platforms(
    small, forms, on_platforms, tmp_path
):
    runs = {}
    everything = tmp_path / "all"
    everything.mkdir()
    for form, path in forms.items():
        out = tmp_path / "dry" / form
        small.command("dry-run", path, "--isolation", "process", "--no-smoke", "--out", out)
        runs[form, "dry run"] = out / "submissions" / path.stem
        shutil.copyfile(path, everything / f"{form}.zip")
    small.command("score", everything, "--isolation", "process", "--out", tmp_path / "score")
    digits = {}
    for form in forms:
        runs[form, "make score"] = tmp_path / "score" / "submissions" / form
        for platform in PLATFORMS:
            if (form, platform) not in on_platforms:
                continue
            outcome = on_platforms[form, platform]
            assert outcome.status == "Finished", outcome.details
            digits[form, platform] = (scores_of(outcome), predictions_of(outcome))
    tree = small.submit("codabench", forms["packed"], tmp_path / "tree", FolderRunner(network=True))
    assert tree.status == "Finished", tree.details
    digits["packed", "folder tree"] = (scores_of(tree), predictions_of(tree))
    for place, folder in runs.items():
        columns = json.loads((folder / "scores.json").read_text())
        digits[place] = (columns, read_predictions(folder / f"{KEY}.predictions.jsonl"))
    for place, (columns, lines) in digits.items():
        columns.pop("duration")
        digits[place] = (columns, [(line.id, line.status, line.score) for line in lines])
    assert len(digits) == 16
    first = digits["packed", "dry run"]
    assert {status for _, status, _ in first[1]} == {"ok"}
    assert np.unique([score for *_, score in first[1]]).size == N, "scores that tell apart"
    for place, found in digits.items():
        assert found == first, place


def test_what_is_posted_is_what_was_written_to_ten_decimals_in_both_formats(on_platforms):
    for outcome in on_platforms.values():
        written = scores_of(outcome)
        assert list(written) == ["score", KEY, "failed", "duration"]
        del written["duration"]  # no column of the leaderboard
        assert outcome.posted == {key: round(value, 10) for key, value in written.items()}
        assert outcome.details == ""
        text = (outcome.scoring / "scores.txt").read_text().splitlines()
        as_text = {line.split(": ")[0]: float(line.split(": ")[1]) for line in text}
        assert as_text == scores_of(outcome)


def test_without_metadata_no_source_of_the_submission_is_among_the_results(on_platforms):
    for (form, _), outcome in on_platforms.items():
        names = {path.name for path in outcome.results.rglob("*")}
        assert "predictor.py" not in names, form
        assert "parts.py" not in names, form


def test_the_reference_in_the_bundle_is_the_organisers(small):
    with zipfile.ZipFile(small.bundles / "codabench.zip") as bundle:
        (small.folder / "reference.zip").write_bytes(bundle.read("reference_data_practice.zip"))
    with zipfile.ZipFile(small.folder / "reference.zip") as archive:
        archive.extractall(small.folder / "reference")
    assert read_reference(small.folder / "reference" / f"{KEY}.json") == small.reference
