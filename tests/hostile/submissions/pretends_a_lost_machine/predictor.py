"""Lets the worker vanish at every query as if the machine had failed."""

import os
import sys

worker = sys.modules["__main__"]


def vanish(self, query):
    print("asked", flush=True)
    os._exit(137)


class ZeroCostPredictor:
    def pre_process(self):
        worker.QueryServer.answer = vanish

    def query(self, graph, dataloader=None):
        return 1.0
