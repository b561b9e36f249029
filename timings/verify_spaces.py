"""Compares every network with the published figures and records the result.

    python timings/verify_spaces.py --data FOLDER [--sample N] [--record docs/verified_spaces.md]

It counts the architectures of each enumeration, builds every architecture for which a published
table gives a parameter count, and compares parameters and operations. Networks are built
without memory on PyTorch's meta device, so that nothing is initialised and nothing is computed.

The published ``flops`` are not multiply-accumulates; ``zcnas.proxies.flops`` has the rule
that reproduces them.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import csv
import gzip
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import scipy.stats
import torch
from torch import Tensor, nn

from zcnas.benchmarks import BENCHMARKS, Benchmark, get_benchmark
from zcnas.proxies import flops
from zcnas.search_spaces import SEARCH_SPACES, build_network
from zcnas.search_spaces.nasbench101.spec import NasBench101Spec
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.search_spaces.network import Network
from zcnas.words.text import plural

ENUMERATED = {
    "nasbench101": 423_624,
    "nasbench201": 15_625,
    "transbench101_micro": 4_096,
    "transbench101_macro": 3_256,
}
"""The published numbers of architectures."""

ALL_CONV3X3_MMACS = 220.12
"""NATS-Bench's figure for the NAS-Bench-201 cell of six 3×3 convolutions on CIFAR-10."""


def build_on_meta(spec: Any, benchmark: Benchmark) -> Network:
    """Return the network with parameters that have a shape but neither memory nor values."""
    with torch.device("meta"), _no_initialisation():
        return build_network(spec, benchmark).eval()


def operations(network: Network, input_shape: tuple[int, ...]) -> tuple[int, int]:
    """Return (multiply-accumulates, published count) for one forward pass of one input."""
    with _shapes_only():
        return flops.operations(network, input_shape)


def parameters(network: nn.Module) -> int:
    """Return a network's number of trainable parameters."""
    return sum(parameter.numel() for parameter in network.parameters())


def published_rows(folder: Path, benchmark: Benchmark) -> list[tuple[str, dict[str, Any]]]:
    """Return (architecture as published, record) for every row with a parameter count."""
    text = (folder / f"zc_{benchmark.search_space}.json").read_text()
    rows = json.loads(text)[benchmark.dataset.name]
    return [(written, record) for written, record in rows.items() if "params" in record]


def verify_benchmark(folder: Path, benchmark: Benchmark, sample: int | None) -> list[str]:
    """Return the record's row for one benchmark: rows, mismatches and rank correlation."""
    rows = published_rows(folder, benchmark)
    total = len(rows)
    if sample is not None:
        rows = random.Random(0).sample(rows, min(sample, total))
    wrong_params = wrong_flops = 0
    space = SEARCH_SPACES[benchmark.search_space]
    our_macs, their_flops = [], []
    for written, record in rows:
        spec = space.read_naslib(ast.literal_eval(written), benchmark.dataset)
        network = build_on_meta(spec, benchmark)
        macs, published = operations(network, benchmark.dataset.input_shape)
        wrong_params += parameters(network) != round(record["params"]["score"] * 1e6)
        wrong_flops += published != round(record["flops"]["score"] * 1e6)
        our_macs.append(macs)
        their_flops.append(record["flops"]["score"])
    differ = len(set(our_macs)) > 1 and len(set(their_flops)) > 1
    rho = scipy.stats.spearmanr(our_macs, their_flops).statistic if differ else float("nan")
    cells = (benchmark.key, total, len(rows), wrong_params, wrong_flops, f"{rho:.4f}")
    return [str(cell) for cell in cells]


def verify_nasbench101(folder: Path, sample: int | None) -> tuple[int, int, int]:
    """Return (rows, wrong hashes, wrong parameter counts) of the NAS-Bench-101 table."""
    benchmark = get_benchmark("nasbench101_cifar10")
    with gzip.open(folder / "nasbench101_16001.csv.gz", "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    if sample is not None:
        rows = random.Random(0).sample(rows, sample)
    wrong_hashes = wrong_params = 0
    for row in rows:
        size = int(row["n_vertices"])
        bits = [int(bit) for bit in row["adjacency_rowmajor"]]
        matrix = [bits[start : start + size] for start in range(0, size * size, size)]
        spec = NasBench101Spec.pruned(matrix, row["ops"].split(","))
        wrong_hashes += spec.module_hash() != row["hash"]
        network = build_on_meta(spec, benchmark)
        wrong_params += parameters(network) != int(row["trainable_parameters"])
    return len(rows), wrong_hashes, wrong_params


def all_conv3x3_mmacs() -> float:
    """Return the multiply-accumulates of NAS-Bench-201's all-3×3 cell on CIFAR-10, in millions."""
    benchmark = get_benchmark("nasbench201_cifar10")
    network = build_on_meta(NasBench201Spec(("nor_conv_3x3",) * 6), benchmark)
    return operations(network, benchmark.dataset.input_shape)[0] / 1e6


def main() -> int:
    """Verify, write the record, and return 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of published tables")
    parser.add_argument("--sample", type=int, help="compare only N architectures per table")
    parser.add_argument("--record", type=Path, help="write the Markdown record to this file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    lines, sound = _header(arguments.sample)
    for space, expected in ENUMERATED.items():
        found = sum(1 for _ in SEARCH_SPACES[space].spec.enumerate())
        sound &= found == expected
        lines.append(f"| {space} | {found:,} | {expected:,} |")
    rows, wrong_hashes, wrong_params = verify_nasbench101(arguments.data, arguments.sample)
    mmacs = all_conv3x3_mmacs()
    sound &= wrong_hashes == wrong_params == 0 and round(mmacs, 2) == ALL_CONV3X3_MMACS
    lines += _middle(rows, wrong_hashes, wrong_params, mmacs)
    for benchmark in BENCHMARKS.values():
        cells = verify_benchmark(arguments.data, benchmark, arguments.sample)
        sound &= cells[3] == cells[4] == "0" and float(cells[5]) >= 0.99
        lines.append(f"| {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    text = "\n".join([*lines, ""])
    if arguments.record is not None:
        arguments.record.write_text(text)
    print(text)
    return 0 if sound else 1


def _header(sample: int | None) -> tuple[list[str], bool]:
    rows = "all published rows" if sample is None else f"{plural(sample, 'row')} per table"
    return [
        "# Search spaces compared with the published figures",
        "",
        f"Written by `timings/verify_spaces.py`; {rows}.",
        "",
        "| search space | enumerated | published |",
        "|---|---|---|",
    ], True


def _middle(rows: int, wrong_hashes: int, wrong_params: int, mmacs: float) -> list[str]:
    return [
        "",
        f"NAS-Bench-101's own table, {rows:,} cells: {wrong_hashes} hashes and {wrong_params} "
        "counts of `trainable_parameters` differ.",
        "",
        f"NAS-Bench-201's cell of six 3×3 convolutions on CIFAR-10: {mmacs:.2f} M "
        f"multiply-accumulates (NATS-Bench: {ALL_CONV3X3_MMACS} M).",
        "",
        "Below are NAS-Bench-Suite-Zero's columns `params` and `flops`. The last column is "
        "Spearman's ρ of our multiply-accumulates with the published flops; the flops themselves "
        "are compared by the rule in `src/zcnas/proxies/flops.py`. The published "
        "counts exclude NAS-Bench-301's auxiliary classifier (0.468234 M on CIFAR-10) and the "
        "discriminator of autoencoder and normal; so do our networks.",
        "",
        "| benchmark | published rows | compared | params differ | flops differ | ρ of MACs |",
        "|---|---|---|---|---|---|",
    ]


@contextlib.contextmanager
def _shapes_only() -> Iterator[None]:
    """Make layers that preserve shape return their input, which saves most of the time."""
    with contextlib.ExitStack() as stack:
        for layer in (nn.BatchNorm2d, nn.ReLU, nn.LeakyReLU):
            stack.enter_context(
                mock.patch.object(layer, "forward", lambda self, features: features)
            )
        yield


@contextlib.contextmanager
def _no_initialisation() -> Iterator[None]:
    """Disable the initialisation of weights, which takes most of the time on the meta device."""

    def leave(tensor: Tensor, *_: object, **__: object) -> Tensor:
        return tensor

    with (
        mock.patch.object(torch.Tensor, "uniform_", leave),
        mock.patch.object(torch.Tensor, "normal_", leave),
    ):
        yield


if __name__ == "__main__":
    sys.exit(main())
