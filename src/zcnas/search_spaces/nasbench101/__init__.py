"""NAS-Bench-101: a cell as a graph of at most 7 vertices and 9 edges, 423,624 architectures."""

from __future__ import annotations

from zcnas.benchmarks import DATASETS_OF_SPACE, SearchSpace
from zcnas.search_spaces.nasbench101.spec import NasBench101Spec

SPACE = SearchSpace(
    "nasbench101",
    NasBench101Spec,
    network="zcnas.search_spaces.nasbench101.network:build",
    datasets=DATASETS_OF_SPACE["nasbench101"],
    naslib=NasBench101Spec.from_naslib,
)
