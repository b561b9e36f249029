"""What one of our programs writes the next reads: from whatever a worker sends to every page.

A worker that has been taken over may send any answer. The recorder judges it, and what it records
goes through every file and every reader behind it.
"""

import csv
import json
import math
import os
import struct
import threading
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.boards import bind, enter, publish_run
from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets.synthetic import SyntheticImages
from zcnas.hosted.run_record import Answer as AnswerLine
from zcnas.hosted.run_record import (
    Ended,
    Printed,
    Start,
    Told,
    owner_name,
    read_run_record,
    seal_line,
)
from zcnas.hosted.seals import Seals
from zcnas.ingestion.ingest import IngestionJob, ingest
from zcnas.ingestion.sinks import Recording
from zcnas.jobs import LinesFile
from zcnas.judging.leaderboard import Leaderboard
from zcnas.judging.score import score_submission
from zcnas.organiser.competition.evaluation import Report
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.organiser.results.handouts import hand_out
from zcnas.phases import load_phase
from zcnas.words.feedback import FEEDBACK
from zcnas.words.records import (
    Architecture,
    BenchmarkInput,
    Manifest,
    Prediction,
    PredictionError,
    Reference,
    encode_score,
    parse_predictions,
    read_json,
    read_predictions,
    write_json,
)
from zcnas.words.resources import package_file
from zcnas.words.result_files import OWNER, RUN_RECORD, ResultFiles
from zcnas.worker.channel import (
    ANSWER_STATUSES,
    HELLO_NONCE,
    MAX_REQUEST_BYTES,
    Answer,
    receive_frame,
    send_frame,
)

KEY = "nasbench201_cifar10"
IDS = [f"{number:08x}" for number in range(4)]
NUMBERS = st.one_of(
    st.floats(),
    st.sampled_from(
        (
            *(0.0, -0.0, 1e308, -1e308, 1.7976931348623157e308, -1.7976931348623157e308, 5e-324),
            *(-5e-324, math.inf, -math.inf, math.nan, 1e9, 999999999.9999999, 2.0**53, 1e-7),
        )
    ),
)
TEXTS = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        (
            b"\xff\xfe",
            b"\xed\xa0\x80",
            b"\x00",
            b"\x1b[2J",
            b"=1+1\n;@x",
            b"\xe2\x80\xae",
            b"<script>",
        )
    ),
)
CLAIMED_CPU = NUMBERS.filter(lambda seconds: not 20 < seconds < 1e9)
"""Below a query's limit or impossible; what lies between is a timeout."""
ANSWERS = st.tuples(st.integers(0, len(ANSWER_STATUSES) - 1), NUMBERS, CLAIMED_CPU, NUMBERS, TEXTS)


class Scripted:
    """A worker that answers with what it is told, as bytes."""

    bounds = "nothing"

    def __init__(self, method, answers):
        requests, answered = os.pipe(), os.pipe()
        self.stdin, self.stdout = requests[1], answered[0]
        os.set_blocking(self.stdin, False)
        self._inside = requests[0], answered[1]
        self._thread = threading.Thread(target=self._serve, args=(method, answers))
        self._thread.start()

    def _serve(self, method, answers):
        reader, writer = self._inside
        send_frame(writer, Answer(HELLO_NONCE, "ok", message="torch").encode())
        setup = receive_frame(reader, MAX_REQUEST_BYTES)
        ok = struct.pack("!16sBddd", setup[:16], 0, 0.0, 0.0, 0.0)
        send_frame(writer, ok + method)
        for status, score, cpu, memory, text in answers:
            query = receive_frame(reader, MAX_REQUEST_BYTES)
            if query is None:
                return
            send_frame(
                writer, struct.pack("!16sBddd", query[:16], status, score, cpu, memory) + text
            )

    def cpu_time_s(self):
        return None  # so that the worker's claims count, as with an engine on another host

    def memory_kills(self):
        return 0

    def longest_wait_s(self):
        return 0.0

    def stop(self):
        if self.stdin >= 0:
            os.close(self.stdin)
            self._thread.join()
            for descriptor in (*self._inside, self.stdout):
                os.close(descriptor)
            self.stdin = -1
        return "stopped"


@pytest.fixture(scope="module")
def phase():
    whole = load_phase(package_file("reference_data/phases.toml"), "practice")
    return msgspec.structs.replace(whole, benchmarks=(KEY,), architectures=len(IDS))


@pytest.fixture(scope="module")
def references():
    return {
        KEY: Reference(
            benchmark=KEY, metric="m", unit="percent", source="s", version="1",
            table_sha256="0" * 64,
            accuracies={token: 90.0 - number for number, token in enumerate(IDS)},
        )
    }  # fmt: skip


def recorded(phase, folder, method, answers):
    """Return what the real recorder makes of a worker's answers."""
    spec = "|skip_connect~0|+|none~0|none~1|+|none~0|skip_connect~1|skip_connect~2|"
    data = BenchmarkInput(
        benchmark=KEY, search_space="nasbench201", dataset="cifar10", batch_size=1, eval_seed=1,
        architectures=tuple(Architecture(token, spec) for token in IDS),
    )  # fmt: skip
    job = IngestionJob(
        data=data,
        minibatch=SyntheticImages(BENCHMARKS[KEY].dataset).draw(1, np.random.default_rng(1)),
        submission=folder, submission_name="mine", submission_sha256="0" * 64, program=folder,
        limits=phase.limits, cpu=0,
    )  # fmt: skip
    recording = Recording()
    isolation = SimpleNamespace(name="process", start=lambda place: Scripted(method, answers))
    ingest(job, isolation, recording)
    return recording


def as_told(answer):
    """Return the status that the recorder has to give, and the score's bits."""
    status, score = ANSWER_STATUSES[answer[0]], answer[1]
    if status == "ok" and math.isnan(score):
        return "invalid", None
    return status, score.hex() if status == "ok" else None


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(method=TEXTS, answers=st.lists(ANSWERS, min_size=4, max_size=4))
@example(
    method=b"\xff", answers=[(0, 1e308, 1e9, -1.0, b"\0"), (0, -1e308, math.nan, math.inf, b"")] * 2
)
def test_whatever_a_worker_answers_passes_every_file(
    phase, references, method, answers, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("round")
    recording = recorded(phase, folder, method, answers)
    told = [(each.status, None if each.value is None else each.value.hex())
            for each in recording.predictions]  # fmt: skip
    kept = [(status, None if bits is None else float.fromhex(bits).hex())
            for status, bits in map(as_told, answers)]  # fmt: skip
    assert [status for status, _ in told] == [status for status, _ in kept]
    assert [bits for _, bits in told if bits] == [bits for _, bits in kept if bits]

    lines = LinesFile(folder / "p.jsonl", lambda each: each.id, read_predictions)
    for prediction in recording.predictions:
        lines.append(prediction)
    lines.close()
    assert read_predictions(folder / "p.jsonl") == recording.predictions
    for prediction in recording.predictions:
        report = Report(benchmark=KEY, submission_sha256="0", prediction=prediction)
        assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report
    write_json(folder / "m.json", recording.manifests[-1])
    assert read_json(folder / "m.json", Manifest, PredictionError) == recording.manifests[-1]

    sealed = seal_all(recording, folder)
    assert sealed.answers.get(KEY, []) == recording.predictions
    assert sealed.manifests[KEY] == recording.manifests[-1]
    columns = score_submission(sealed.answers, references, 0.0).columns()
    assert all(math.isfinite(value) for value in columns.values())
    json.dumps(columns, allow_nan=False)


def seal_all(recording, folder):
    """Write and read what a platform's ingestion writes and its scoring reads."""
    phase = load_phase(package_file("reference_data/phases.toml"), "practice")
    seals = Seals(bytes(32))
    lines = [
        Start(phase="practice", files={}, submission_sha256="", limits=phase.limits,
              unconfined=(), started_at=""),
        *(AnswerLine(benchmark=KEY, prediction=each) for each in recording.predictions),
        Told(manifest=recording.manifests[-1]),
        Printed(benchmark=KEY, text=recording.log),
        Ended(wall_time_s=1.0),
    ]  # fmt: skip
    for left in folder.glob(f"{OWNER}*"):
        left.unlink()
    (folder / owner_name(lines[0])).touch()
    (folder / RUN_RECORD).write_bytes(b"".join(seal_line(seals, line) for line in lines))
    return read_run_record(folder, bytes(32))


SCORES = st.one_of(st.none(), NUMBERS.filter(lambda score: score == score))


@settings(max_examples=6, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    scores=st.lists(st.lists(SCORES, min_size=4, max_size=4), min_size=2, max_size=3),
    message=st.text(max_size=30).map(lambda text: text.encode(errors="replace").decode()),
)
@example(scores=[[1e308, -1e308, 5e-324, -0.0], [math.inf, -math.inf, None, 1.0]], message="\n=1")
@example(scores=[[None] * 4, [0.0] * 4, [1e308, 1e307, -1e308, 0.0]], message="x;=1")
def test_every_page_and_table_is_made_of_whatever_is_recorded(
    phase, references, scores, message, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("pages")
    bind(folder / "run", phase, references)
    for position, column in enumerate(scores):
        predictions = [
            Prediction(id=token, status="error", message=message)
            if score is None
            else Prediction(id=token, status="ok", score=encode_score(score), cpu_time_s=0.1)
            for token, score in zip(IDS, column, strict=True)
        ]
        enter(ResultsFolder(folder / "run"), f"s{position}",
              {KEY: predictions}, position=position)  # fmt: skip
        content = ResultFiles(folder / "run" / "submissions" / f"s{position}", KEY).predictions
        assert parse_predictions(content.read_bytes(), content) == predictions
    board = publish_run(folder / "run", phase, references, site=folder / "site", resamples=50)
    read = read_json(folder / "run" / "leaderboard.json", Leaderboard, PredictionError)
    assert msgspec.to_builtins(read) == msgspec.to_builtins(board)
    with (folder / "run" / "leaderboard.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(scores)
    assert (folder / "site" / "index.html").is_file()
    hand_out(ResultsFolder(folder / "run"), FEEDBACK["full"], folder / "handouts")
    for entry in board.entries:
        result = json.loads((folder / "handouts" / entry.submission / "result.json").read_text())
        assert result["score"] == entry.score
