"""Changes the worker's program and its neighbour's submission for whoever comes next."""

import os
import sys
from pathlib import Path

import target
from attempts import successes

PROGRAM = Path(sys.modules["__main__"].__file__)


def replaced():
    other = PROGRAM.with_name("mine.py")
    other.write_text("raise SystemExit('mine')")
    os.replace(other, PROGRAM)


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        neighbour = Path(target.SUBMISSIONS, "honest", "predictor.py")
        return successes(
            appends=lambda: PROGRAM.open("a").write("\n"),
            replaced=replaced,
            unlinks=PROGRAM.unlink,
            cached=lambda: Path(PROGRAM.parent, "__pycache__").mkdir(),
            unreadable=lambda: os.chmod(PROGRAM, 0) or not os.access(PROGRAM, os.R_OK),
            folder=lambda: os.chmod(PROGRAM.parent, 0) or not os.access(PROGRAM.parent, os.X_OK),
            neighbour=lambda: os.chmod(neighbour, 0) or os.stat(neighbour).st_mode & 0o777 == 0,
            own=lambda: os.chmod(__file__, 0) or not os.access(__file__, os.R_OK),
        )
