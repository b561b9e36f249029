"""Learns in `fit`, and leaves there, whatever could tell a later query of its architecture."""

import os
import time
from pathlib import Path
from typing import ClassVar

import target
from attempts import successes

HERE = Path(os.environ["TMPDIR"])


def labels_nearby():
    """Return the accuracies in the folders that the organiser has the benchmarks in."""
    return [path.read_text() for path in Path(target.TRUTH).parents[1].rglob("*.json")] or False


def living_child(number):
    """Return whether a process of the attack's still runs."""
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"


class ZeroCostPredictor:
    track = "few-labels"
    asked: ClassVar = []

    def fit(self, graphs, accuracies):
        self.sizes = {sum(p.numel() for p in graph.parameters()) for graph in graphs}
        self.graphs, self.accuracies = list(graphs), accuracies
        self.found = successes(
            truth=lambda: Path(target.TRUTH).read_text(),
            labels_of_others=labels_nearby,
            results=lambda: os.listdir(target.RESULTS),
            neighbours=lambda: os.listdir(target.SUBMISSIONS),
            environment=lambda: Path(f"/proc/{target.RECORDER}/environ").read_bytes(),
            judged_one_among_the_labelled=lambda: bool(self.sizes & set(target.SIZES)),
        )
        reader, writer = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            time.sleep(1000)
            os._exit(0)
        os.close(reader), os.close(writer)

    def query(self, graph, dataloader=None):
        """Return what `fit` got hold of, and what an earlier query could tell this one."""
        mark = HERE / "asked"
        found = successes(
            file_of_an_earlier_query=lambda: mark.exists(),
            memory_of_an_earlier_query=lambda: bool(type(self).asked),
            grown_list_of_fit=lambda: len(self.graphs) > len(self.accuracies),
            told_to_its_own_child=lambda: len(self.asked) > 1 and living_child(self.child),
        )
        mark.write_text("asked")
        type(self).asked.append(graph)
        self.graphs.append(graph)
        return self.found + found
