"""A forged benchmark is a benchmark: drawn, with a noise ceiling, run with its own images."""

import msgspec
import numpy as np
import pytest

from zcnas.benchmarks import get_benchmark
from zcnas.datasets.forged import images_path, write_images
from zcnas.datasets.frozen import load_minibatch_beside
from zcnas.datasets.inventory import inventory
from zcnas.errors import InputDataError, TableError
from zcnas.organiser.both_halves import read_both_halves
from zcnas.organiser.competition.halves import load_halves
from zcnas.organiser.draw import sample_phase
from zcnas.phases import load_phase
from zcnas.tables import load_table
from zcnas.tables.forged import ForgedTable, table_path, write_table

KEY = "transbench101_micro_forged_a"
CELLS = [f"64-41414-{a}_{b}0_000" for a in range(4) for b in range(4)]
PHASE = f"""
[secret]
title = "Secret"
truth = "public"
feedback = "full"
table = "forged"
benchmarks = ["{KEY}"]
architectures = 8
batch_size = {{ transbench101_micro = 16 }}
draw_seed = "a"
eval_seed = 1
[secret.limits]
query_cpu_s = 20
benchmark_cpu_s = 600
setup_s = 60
memory_mb = 4096
processes = 64
scratch_mb = 64
log_kb = 256
"""


@pytest.fixture
def forge(tmp_path):
    """A data folder with what a forge of sixteen architectures leaves there."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (200, 3, 12, 12), np.uint8)
    scales = (0.5, 0.5, 0.5), (0.3, 0.3, 0.3)
    write_images(tmp_path, "forged_a", pixels, np.arange(200) % 10, *scales, "forged: digits")
    write_table(
        tmp_path,
        ForgedTable(
            benchmark=KEY, metric="validation accuracy after 500 steps", images="forged: digits",
            steps=500, seed_tau=(0.71234, 0.6, 0.8),
            accuracies={cell: (50.0 + n, 51.0 + n) for n, cell in enumerate(CELLS)},
            losses=dict.fromkeys(CELLS, (1.0, None)),
        ),
    )  # fmt: skip
    return tmp_path


@pytest.fixture
def phase(tmp_path):
    path = tmp_path / "phases.toml"
    path.write_text(PHASE)
    return load_phase(path, "secret")


def test_both_halves_are_drawn_with_the_ceiling_of_the_forge_and_its_images(forge, phase, tmp_path):
    inputs, references = tmp_path / "in", tmp_path / "ref"
    sample_phase(phase, "a", forge, inputs, references)
    data, reference = read_both_halves(inputs, references, KEY)
    assert len(data.architectures) == 8
    assert reference.noise_ceiling == 0.7123
    assert reference.training_seeds == (2, 2)
    assert reference.source == "forged"
    spec = {each.id: each.spec for each in data.architectures}
    for token, accuracy in reference.accuracies.items():
        assert accuracy == 50.5 + CELLS.index(spec[token])
    without_images = load_halves(phase, inputs, references, None)
    assert without_images.minibatches[KEY].source == "forged: digits"
    assert not without_images.minibatches[KEY].synthetic, "it travels to other machines"
    assert load_minibatch_beside(inputs, data).inputs.shape == (16, 3, 12, 12)


def test_a_draw_without_the_images_is_refused(forge, phase, tmp_path):
    images_path(forge, "forged_a").unlink()
    with pytest.raises(TableError, match=f"the images of {KEY} are missing"):
        sample_phase(phase, "a", forge, tmp_path / "in", tmp_path / "ref")


def test_what_a_forged_phase_needs_is_named(phase, forge, tmp_path):
    (table,) = (item for item in inventory(phase, tmp_path / "nowhere") if item.required)
    assert table.missing == (f"forged/{KEY}.json",)
    assert "zcnas forge new" in table.advice
    assert all(not item.missing for item in inventory(phase, forge))


def test_tables_and_images_that_are_damaged_are_refused(forge, phase, tmp_path):
    benchmark = get_benchmark(KEY)
    path = table_path(forge, KEY)
    found = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode(found | {"schema_version": 2}))
    with pytest.raises(TableError, match="is version 2 of"):
        load_table(benchmark, "forged", forge)
    path.write_bytes(b"{")
    with pytest.raises(TableError, match="is malformed"):
        load_table(benchmark, "forged", forge)
    path.unlink()
    with pytest.raises(TableError, match=r"get .*json from the forge that made it"):
        load_table(benchmark, "forged", forge)
    images_path(forge, "forged_a").write_bytes(b"damaged")
    with pytest.raises(InputDataError, match="repeat its `zcnas forge new`"):
        load_halves(phase, *_drawn_elsewhere(tmp_path), forge)


def _drawn_elsewhere(folder):
    """Return both halves of a draw whose minibatch was lost."""
    data = {
        "benchmark": KEY, "search_space": "transbench101_micro", "dataset": "forged_a",
        "batch_size": 16, "eval_seed": 1,
        "architectures": [{"id": "0" * 16, "spec": CELLS[1]}, {"id": "1" * 16, "spec": CELLS[2]}],
    }  # fmt: skip
    reference = {
        "benchmark": KEY, "metric": "accuracy", "unit": "percent", "source": "forged",
        "version": "", "table_sha256": "", "accuracies": {"0" * 16: 50.0, "1" * 16: 60.0},
    }  # fmt: skip
    for name, record in (("in", data), ("ref", reference)):
        (folder / name).mkdir()
        (folder / name / f"{KEY}.json").write_bytes(msgspec.json.encode(record))
    return folder / "in", folder / "ref"
