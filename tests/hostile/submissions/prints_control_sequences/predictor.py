"""Prints, raises and calls itself what would steer a terminal."""

EVIL = "\x1b[2J\x1b]0;owned\x07\x1b[31mrank 1\x9b\u202e\r\nrank 1"


class ZeroCostPredictor:
    method_type = EVIL

    def query(self, graph, dataloader=None):
        print(EVIL, flush=True)
        raise ValueError(EVIL)
