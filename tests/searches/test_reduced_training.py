"""A few epochs of training as the proxy of a search, paid for in seconds."""

import gzip
import random

from zcnas.benchmarks import get_benchmark
from zcnas.search_spaces.nasbench101.spec import NasBench101Spec
from zcnas.searches.arena import load_arena
from zcnas.searches.plans import make_plan
from zcnas.searches.scores import Sources, with_scores
from zcnas.searches.trials import run_trial
from zcnas.tables.nasbench101 import FILE
from zcnas.tables.reduced_training import EPOCH_S

KEY = "nasbench101_cifar10"


def test_a_search_warmed_up_by_four_epochs_pays_for_them(tmp_path):
    rng = random.Random(0)
    cells = {}
    while len(cells) < 25:
        cell = NasBench101Spec.sample(rng)
        cells.setdefault(cell.module_hash(), cell)
    lines = ["hash,n_vertices,adjacency_rowmajor,ops,val_acc_4,val_acc_12,val_acc_36,val_acc_108"]
    for number, (digest, cell) in enumerate(cells.items()):
        bits = "".join(str(bit) for row in cell.matrix for bit in row)
        ops = ",".join(cell.ops)
        values = f"{number / 100},0.5,0.5,{number / 50}"
        lines.append(f'{digest},{len(cell.ops)},{bits},"{ops}",{values}')
    (tmp_path / FILE).write_bytes(gzip.compress("\n".join(lines).encode()))
    arena = load_arena(get_benchmark(KEY), tmp_path)
    arena = with_scores(arena, ("epochs_4",), Sources(tmp_path))
    assert arena.columns["epochs_4"].origin == "25 trained for 4 of 108 epochs"
    trial = run_trial(make_plan(KEY, "ae", warmup="epochs_4:all", models=3), arena, 0)
    assert (trial.incumbents[0].models, trial.incumbents[0].test) == (1, 48)
    assert trial.proxy_s == 25 * 4 * EPOCH_S
