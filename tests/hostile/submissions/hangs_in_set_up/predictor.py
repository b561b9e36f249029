"""Never comes back from its import."""

import time

time.sleep(1000)


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return 1.0
