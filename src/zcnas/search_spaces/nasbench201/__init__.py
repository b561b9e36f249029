"""NAS-Bench-201: one cell of four nodes and six edges, five operations, 15,625 architectures."""

from __future__ import annotations

from zcnas.benchmarks import DATASETS_OF_SPACE, SearchSpace
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec

SPACE = SearchSpace(
    "nasbench201",
    NasBench201Spec,
    network="zcnas.search_spaces.nasbench201.network:build",
    datasets=DATASETS_OF_SPACE["nasbench201"],
    naslib=NasBench201Spec.from_naslib,
    pattern=r"\|(?:nor_conv_[13]x[13]|avg_pool_3x3|skip_connect|none)~0\|",
)
