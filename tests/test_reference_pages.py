"""The reference pages say what the code does: every field described, every shape a network's."""

import importlib.util
import json
import random
import sys

import msgspec
import numpy as np
import pytest
import torch

from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets.synthetic import SyntheticImages
from zcnas.search_spaces import build_network, get_search_space
from zcnas.words.records import Prediction

DTYPES = {np.dtype("float32"): "float32", np.dtype("int64"): "int64"}


@pytest.fixture(scope="module")
def writer(repository):
    """The script that writes the pages."""
    path = repository / "docs" / "write_reference.py"
    spec = importlib.util.spec_from_file_location("write_reference", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows(repository):
    """The cells of the benchmarks' table, by benchmark."""
    page = (repository / "docs" / "reference" / "benchmarks.md").read_text()
    lines = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    return {cells[0].strip("`"): cells[1:] for cells in lines}


def test_the_pages_are_what_the_code_gives(writer, repository):
    folder = repository / "docs" / "reference"
    page, schemas = writer.formats()
    assert (folder / "formats.md").read_text() == page, "make docs writes the pages again"
    assert json.loads((folder / "schemas.json").read_text()) == json.loads(json.dumps(schemas))
    assert (folder / "benchmarks.md").read_text() == writer.benchmarks()
    assert (folder / "commands.md").read_text() == writer.commands()


def test_every_field_of_every_file_is_described(writer):
    silent = [
        (record.__name__, field.encode_name)
        for file in writer.FILES
        for record in file.records
        for field in msgspec.structs.fields(record)
        if not writer.attributes_of(record).get(field.name)
    ]
    assert not silent


def test_a_field_without_a_description_is_seen(writer):
    class Undescribed(msgspec.Struct):
        """A record.

        Attributes:
            one: Said, on two
                lines.
        """

        one: int
        two: int

    assert writer.attributes_of(Undescribed) == {"one": "Said, on two lines."}
    assert set(writer.attributes_of(Prediction)) == set(Prediction.__struct_fields__)


def test_inputs_and_targets_have_the_shapes_of_the_table(rows):
    assert set(rows) == set(BENCHMARKS)
    for key, benchmark in {b.dataset.name: (k, b) for k, b in BENCHMARKS.items()}.values():
        batch = SyntheticImages(benchmark.dataset).draw(1, np.random.default_rng(0))
        assert rows[key][2] == shown(batch.inputs.shape[1:])
        kind, shape = rows[key][3].partition(": ")[2].split(", ")
        assert kind == DTYPES[np.asarray(batch.targets).dtype]
        assert shape == shown(batch.targets.shape[1:])


@pytest.mark.parametrize("key", BENCHMARKS)
def test_a_network_answers_with_the_shape_of_the_table(rows, key):
    benchmark = BENCHMARKS[key]
    spec = get_search_space(benchmark.search_space).spec.sample(random.Random(0))
    with torch.device("meta"):
        network = build_network(spec, benchmark)
        answer = network(torch.empty(2, *benchmark.dataset.input_shape))
    assert rows[key][4] == shown(answer.shape[1:])


def shown(shape):
    """Return a shape as the table writes it."""
    return "×".join(map(str, shape)) or "one number"
