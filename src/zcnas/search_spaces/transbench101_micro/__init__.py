"""TransNAS-Bench-101 micro: one cell of four nodes and six edges, four operations, 4,096 codes."""

from __future__ import annotations

from zcnas.benchmarks import DATASETS_OF_SPACE, SearchSpace
from zcnas.search_spaces.transbench101_micro.spec import TransBench101MicroSpec

SPACE = SearchSpace(
    "transbench101_micro",
    TransBench101MicroSpec,
    network="zcnas.search_spaces.transbench101_micro.network:build",
    datasets=DATASETS_OF_SPACE["transbench101_micro"],
    naslib=TransBench101MicroSpec.from_naslib,
    naslib_tasks=TransBench101MicroSpec.from_numbers,
    ss_type="transbench101",
    pattern=r"64-[0-9]{3,6}-[0-9_]{5}",
)
