"""Takes the organiser's rights to a file of the same user away."""

import os

import target
from attempts import successes


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return successes(
            mode=lambda: os.chmod(target.BAIT, 0o600), time=lambda: os.utime(target.BAIT, (0, 0))
        )
