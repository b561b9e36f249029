"""Files of text as they should be, and what reads them: the fuzzing's beginnings."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from zcnas.errors import PredictionError
from zcnas.judging.leaderboard import Leaderboard
from zcnas.organiser.platforms.settings import read_settings
from zcnas.phases import load_phases
from zcnas.submissions.roster import read_arrivals
from zcnas.words.combined import CombineOutcome, answers_of, combined_of
from zcnas.words.records import (
    Manifest,
    Prediction,
    read_input,
    read_json,
    read_predictions,
    read_reference,
)

ROOT = Path(__file__).resolve().parents[2]
SOURCE = b"class ZeroCostPredictor:\n    def query(self, graph): return 1\n"

PREDICTIONS = b"".join(
    json.dumps({"id": f"{n:08x}", "status": s, "score": v, "message": "m"}).encode() + b"\n"
    for n, (s, v) in enumerate([("ok", 1.5), ("error", None), ("ok", "-inf")])
)
MANIFEST = json.dumps(
    {
        "public": {
            **dict.fromkeys(
                ("benchmark", "submission", "submission_sha256", "method", "isolation"), "x"
            ),
            **dict.fromkeys(("data_source", "cpu_model", "setup_message"), "x"),
            **dict.fromkeys(("batch_size", "architectures", "worker_starts"), 1),
            **dict.fromkeys(("start_up_s", "setup_wall_s", "wall_time_s", "cpu_time_s"), 0.5),
            "limits": {"query_cpu_s": 1},
            "versions": {"zcnas": "1"},
            "setup_status": "ok",
        },
        "organiser": {
            "eval_seed": 1,
            "input_sha256": "x",
            "cpu": 0,
            "image": "x",
            "started_at": "x",
        },
    }
).encode()
BOARD = json.dumps(
    {
        **dict.fromkeys(("phase", "title", "isolation"), "x"),
        "data_sources": {},
        "accuracy_sources": {},
        "benchmarks": ["nasbench201_cifar10"],
        "entries": [],
    }
).encode()
ARRIVALS = b"name,team,received_at,baseline\nmine,us,2026-03-01T12:00:00Z,no\nyours,,,yes\n"
IN_PARTS = [
    Prediction(id="0000000a", status="ok", parts={"a": 1.0, "b": "inf"}),
    Prediction(id="0000000b", status="error", message="ValueError"),
    Prediction(id="0000000c", status="ok", score=3.0),
]
COMBINED = msgspec.json.encode(
    combined_of(
        "nasbench201_cifar10",
        answers_of(IN_PARTS),
        CombineOutcome(status="ok", scores=(5.0, "-inf"), cpu_time_s=0.5),
    )
)
PULLED = json.dumps(
    {
        **dict.fromkeys(("site", "title", "phase", "pulled_at"), "x"),
        **dict.fromkeys(("competition", "phase_id"), 1),
        "ranking": [1],
        "submissions": [
            {"id": 1, "team": "ada", "received_at": "x", "status": "Finished", "posted": {"s": 0.5}}
        ],
        "failed_runs": {"Final": {"ada": 1}},
    }
).encode()
FOLDER = ROOT / "starting_kit" / "input_data"
JUDGED = read_input(FOLDER / "nasbench201_cifar10.json")
LABELS = (FOLDER / "nasbench201_cifar10.labels.json").read_bytes()
READERS = {
    "predictions": (read_predictions, PREDICTIONS),
    "truth": (
        read_reference,
        (ROOT / "reference_data" / "practice" / "nasbench201_cifar10.json").read_bytes(),
    ),
    "input": (read_input, (FOLDER / "nasbench201_cifar10.json").read_bytes()),
    "phases": (load_phases, (ROOT / "reference_data" / "phases.toml").read_bytes()),
    "manifests": (lambda path: read_json(path, Manifest, PredictionError), MANIFEST),
    "leaderboard": (lambda path: read_json(path, Leaderboard, PredictionError), BOARD),
    "arrivals": (read_arrivals, ARRIVALS),
    "competition": (read_settings, (ROOT / "competition.yaml").read_bytes()),
}
