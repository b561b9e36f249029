"""Times scoring 28 benchmarks of 1000 predictions: the process, and tau against its definition.

Prints the median wall time of the scoring program as a process, including imports, on one pinned
core; then the time of the 28 taus and of the definition of tau-b over all pairs in numpy. The last
line is that ratio.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from zcnas.benchmarks import BENCHMARKS
from zcnas.hosted.phase import HostedPhase
from zcnas.hosted.run_record import Answer, Ended, Start, owner_name, seal_line
from zcnas.hosted.seals import KEY_BYTES, Seals
from zcnas.judging.metrics import kendall_tau
from zcnas.phases import load_phase
from zcnas.search_spaces import SEARCH_SPACES
from zcnas.words.records import Prediction, write_json

ROOT = Path(__file__).resolve().parents[1]
N = 1000
KEYS = list(BENCHMARKS)[:28]


def write_run(folder):
    """Write a phase of all benchmarks with predictions and references; return scores and truth."""
    rng = random.Random(0)
    phases = (ROOT / "reference_data" / "phases.toml").read_text()
    listed = json.dumps(KEYS)
    spaces = ", ".join(f"{space} = 1" for space in SEARCH_SPACES)
    replaced = {"benchmarks": listed, "batch_size": f"{{ {spaces} }}"}
    replacing = [
        next((f"{k} = {v}" for k, v in replaced.items() if line.startswith(k)), line)
        for line in phases[: phases.index("[practice.limits]")].splitlines()
    ]
    limits = phases[phases.index("[practice.limits]") : phases.index("# The three phases")]
    (folder / "phases.toml").write_text("\n".join([*replacing, limits]))
    phase = load_phase(folder / "phases.toml", "practice")
    write_json(folder / "phase.json", HostedPhase(phase=phase, time_limit_s=600))
    pairs = []
    lines = [
        Start(
            phase=phase.name,
            files={},
            submission_sha256="",
            limits=phase.limits,
            unconfined=(),
            started_at="",
        )
    ]
    for key in KEYS:
        tokens = [f"{number:08x}" for number in range(N)]
        truth = {token: rng.gauss(90, 3) for token in tokens}
        scores = {token: truth[token] + rng.gauss(0, 5) for token in tokens}
        reference = {
            "benchmark": key,
            "metric": "m",
            "unit": "u",
            "source": "s",
            "version": "1",
            "table_sha256": "0",
            "accuracies": truth,
        }
        (folder / f"{key}.json").write_text(json.dumps(reference))
        lines += [
            Answer(
                benchmark=key,
                prediction=Prediction(id=token, status="ok", score=score, wall_time_s=0.1),
            )
            for token, score in scores.items()
        ]
        pairs.append((list(scores.values()), list(truth.values())))
    (folder / "seal.key").write_text("ab" * KEY_BYTES)
    (folder / "input_digests.json").write_text("{}")
    seals = Seals(b"\xab" * KEY_BYTES)
    sealed = [seal_line(seals, line) for line in [*lines, Ended(wall_time_s=1.0)]]
    (folder / "run.sealed").write_bytes(b"".join(sealed))
    (folder / owner_name(lines[0])).touch()
    return pairs


def tau_over_all_pairs(scores, accuracies):
    """Return tau-b computed by its definition, with all N² pairs at once."""
    a, b = (np.sign(np.subtract.outer(values, values)) for values in (scores, accuracies))
    return (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())


def main():
    """Print the process's seconds, both taus' seconds, and their ratio."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        pairs = write_run(folder)
        command = [
            *(sys.executable, ROOT / "scoring_program" / "scoring.py", "--predictions", folder),
            *("--reference", folder, "--output", folder / "out"),
        ]
        times = []
        for _ in range(6):
            begin = time.perf_counter()
            subprocess.run(command, check=True)
            times.append(time.perf_counter() - begin)
        written = json.loads((folder / "out" / "scores.json").read_text())
    begin = time.perf_counter()
    taus = [kendall_tau(*pair) for pair in pairs]
    middle = time.perf_counter()
    plain = [tau_over_all_pairs(*pair) for pair in pairs]
    end = time.perf_counter()
    assert np.allclose(taus, plain, atol=1e-12)
    assert np.allclose([written[key] for key in KEYS], plain, atol=1e-12)
    print(f"scoring program, {len(KEYS)} x {N}: median {statistics.median(times[1:]):.2f} s")
    print(f"taus {middle - begin:.3f} s, over all pairs {end - middle:.3f} s")
    print(f"{(end - middle) / (middle - begin):.1f}x")


if __name__ == "__main__":
    main()
