"""A competition with invented draws of its hidden phases, and what its bundles hold."""

import io
import random
import zipfile
from pathlib import Path

import msgspec
import numpy as np

from zcnas.benchmarks import get_benchmark
from zcnas.organiser.platforms.bundle import Competition
from zcnas.organiser.platforms.bundle.phases import bundle_phase
from zcnas.organiser.platforms.bundle.time_limits import grant_time
from zcnas.organiser.platforms.settings import read_settings, schedule
from zcnas.phases import load_phases
from zcnas.search_spaces import get_search_space
from zcnas.words.records import Architecture, BenchmarkInput, Reference, write_json

ROOT = Path(__file__).resolve().parents[4]
PHASES = load_phases(ROOT / "reference_data" / "phases.toml")
NAMES = ("practice", "development", "final")
KEYS = {name: f"{number}a" * 32 for number, name in enumerate(NAMES)}


def write_draw(folder, phase):
    """Write halves of a phase as a secret draw would, with invented accuracies."""
    rng = np.random.default_rng(len(phase.name))
    for key in phase.benchmarks:
        benchmark = get_benchmark(key)
        draw = random.Random(key)
        specs = [get_search_space(benchmark.search_space).spec.sample(draw) for _ in range(3)]
        tokens = [f"{rng.integers(2**32):08x}" for _ in range(3)]
        data = BenchmarkInput(
            benchmark=key,
            search_space=benchmark.search_space,
            dataset=benchmark.dataset.name,
            batch_size=2,
            eval_seed=phase.eval_seed,
            architectures=tuple(
                Architecture(token, str(spec)) for token, spec in zip(tokens, specs, strict=True)
            ),
        )
        accuracies = {token: float(rng.uniform(50, 95)) for token in tokens}
        reference = Reference(
            **dict.fromkeys(("metric", "unit", "source", "version", "table_sha256"), "x"),
            benchmark=key,
            accuracies=accuracies,
        )
        write_json(folder / "in" / phase.name / f"{key}.json", data)
        write_json(folder / "ref" / phase.name / f"{key}.json", reference)


def invented_competition(folder):
    """The repository's competition with invented draws of the hidden phases."""
    settings = read_settings(ROOT / "competition.yaml")
    settings = msgspec.structs.replace(settings, docker_image="me/worker:1")
    phases = []
    for name, chosen in schedule(settings, list(NAMES)):
        if name == "practice":
            halves = ROOT / "starting_kit" / "input_data", ROOT / "reference_data" / "practice"
        else:
            write_draw(folder, PHASES[name])
            halves = folder / "in" / name, folder / "ref" / name
        granted = grant_time(settings, PHASES[name], chosen)
        phases.append(bundle_phase(PHASES[name], granted, *halves, None, KEYS[name]))
    samples = tuple(
        ROOT / "starting_kit" / "submissions" / n for n in ("nwot", "params", "synflow")
    )
    return Competition(settings, tuple(phases), samples)


def members(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
