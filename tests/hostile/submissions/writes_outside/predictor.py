"""Writes wherever it can think of, and into the results it knows."""

import os
from pathlib import Path

import target
from attempts import successes

PLACES = {
    "root": "/",
    "tmp": "/tmp",
    "var": "/var/tmp",
    "shm": "/dev/shm",
    "queue": "/dev/mqueue",
    "program": os.path.dirname(os.path.abspath(__import__("zcnas").__file__)),
    "submission": os.path.dirname(os.path.abspath(__file__)),
    "results": target.RESULTS,
    "truth": os.path.dirname(target.TRUTH),
    "packages": os.path.dirname(os.path.abspath(__import__("torch").__file__)),
}


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        places = {
            name: lambda folder=folder: Path(folder, "evil").write_text("x")
            for name, folder in PLACES.items()
        }
        return successes(
            **places,
            truncate=lambda: os.truncate(target.TRUTH, 0),
            rename=lambda: os.rename(target.TRUTH, "mine"),
            link=lambda: os.link(target.TRUTH, "mine"),
            unlink=lambda: os.unlink(target.TRUTH),
            linked=lambda: (
                os.path.lexists("link") or os.symlink(target.TRUTH, "link"),
                open("link", "a"),
            ),
        )
