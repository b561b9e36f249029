"""A search space of sixteen networks: two convolutions, each with one of two kernels and widths.

This module and ``spec.py`` are imported wherever a benchmark is named, in the scoring program as
well: of zcnas they use ``benchmarks`` and ``errors`` alone, and no torch.
"""

from __future__ import annotations

from zcnas.benchmarks import SearchSpace
from zcnas_toyspace.spec import ToySpec

SPACE = SearchSpace(
    "toyspace",
    ToySpec,
    network="zcnas_toyspace.network:build",
    datasets=("cifar10",),
    pattern=r"k[13]w[48]-k[13]w[48]",
)
