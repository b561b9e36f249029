"""NAS-Bench-301: the DARTS space, a normal and a reduction cell, about 10^18 architectures."""

from __future__ import annotations

from zcnas.benchmarks import DATASETS_OF_SPACE, SearchSpace
from zcnas.search_spaces.nasbench301.spec import NasBench301Spec

SPACE = SearchSpace(
    "nasbench301",
    NasBench301Spec,
    network="zcnas.search_spaces.nasbench301.network:build",
    datasets=DATASETS_OF_SPACE["nasbench301"],
    naslib=NasBench301Spec.from_naslib,
)
