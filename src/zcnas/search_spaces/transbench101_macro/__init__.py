"""TransNAS-Bench-101 macro: four to six modules of residual blocks, 3,256 skeletons."""

from __future__ import annotations

from zcnas.benchmarks import DATASETS_OF_SPACE, SearchSpace
from zcnas.search_spaces.transbench101_macro.spec import TransBench101MacroSpec

SPACE = SearchSpace(
    "transbench101_macro",
    TransBench101MacroSpec,
    network="zcnas.search_spaces.transbench101_macro.network:build",
    datasets=DATASETS_OF_SPACE["transbench101_macro"],
    naslib=TransBench101MacroSpec.from_naslib,
    ss_type="transbench101",
    pattern=r"64-[1-4]{4,6}-basic",
)
