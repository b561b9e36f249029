"""Answers at once that it timed out, as a loaded machine would have it, to be asked again alone."""

import sys

worker = sys.modules["__main__"]


def lost(self, query):
    print("asked")
    return worker.Answer(
        query.nonce, "timeout", message="no answer after 6 s (0.0 s of CPU time used)"
    )


class ZeroCostPredictor:
    def pre_process(self):
        worker.QueryServer.answer = lost

    def query(self, graph, dataloader=None):
        return 1.0
