"""Synthetic submissions, some of them hostile, for the pages."""

from pathlib import Path

import numpy as np
import pytest

from zcnas.phases import load_phase
from zcnas.records import Prediction, encode_score, read_reference

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def hostile():
    """A text that would run, load or turn the line around if it were not escaped."""
    return '<script>alert("x")</script><img src=x onerror=alert(1)>\u202e {{ 7*7 }}'


@pytest.fixture(scope="session")
def phase():
    """The practice phase."""
    return load_phase(ROOT / "reference_data" / "phases.toml", "practice")


@pytest.fixture(scope="session")
def references(phase):
    """The practice phase's truth."""
    folder = ROOT / "reference_data" / "practice"
    return {key: read_reference(folder / f"{key}.json") for key in phase.benchmarks}


@pytest.fixture(scope="session")
def predict(references):
    """A function that makes a submission's predictions: truth with noise, some failures."""

    def make(noise: float, seed: int, failures: int = 0, message: str = "ValueError: no"):
        rng = np.random.default_rng(seed)
        return {
            key: [
                Prediction(id=token, status="error", message=message, cpu_time_s=0.5)
                if number < failures
                else Prediction(
                    id=token,
                    status="ok",
                    score=encode_score(float(accuracy + rng.normal(0, noise))),
                    cpu_time_s=round(float(rng.uniform(0.1, 0.9)), 3),
                )
                for number, (token, accuracy) in enumerate(reference.accuracies.items())
            ]
            for key, reference in references.items()
        }

    return make
