"""Makes its scratch folder so that it cannot be emptied."""

import os


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        found = float(len(os.listdir(".")))
        os.makedirs("a/b")
        open("a/b/c", "w").close()
        os.chmod("a", 0)
        return found
