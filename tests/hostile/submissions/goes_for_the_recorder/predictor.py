"""Goes for the recorder by its process number, without harm should it get through."""

import os

import target
from attempts import first_opened, successes


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return successes(
            signal=lambda: os.kill(target.RECORDER, 0),
            memory=lambda: open(f"/proc/{target.RECORDER}/mem", "r+b"),
            descriptors=lambda: first_opened(f"/proc/{target.RECORDER}/fd"),
            handle=lambda: os.pidfd_open(target.RECORDER) and os.kill(target.RECORDER, 0),
        )
