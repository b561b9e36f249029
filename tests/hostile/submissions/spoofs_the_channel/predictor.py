"""Takes the worker over in set-up and answers with frames of its own making."""

import os
import pickle
import struct
import sys

import target

worker = sys.modules["__main__"]
send = worker.channel.send_frame


class Evil:
    def __reduce__(self):
        return open, (target.PWNED, "w")


def spoof(descriptor, content, deadline=None):
    """Send what the query asks for: another's nonce, a pickle, too long a text, a NaN."""
    nonce, _, score = struct.unpack_from("!16sBd", content)
    if score == 1:
        content = os.urandom(16) + content[16:]
    elif score == 2:
        content = pickle.dumps(Evil())
    elif score == 3:
        content = content + b"x" * 1_000_000
    elif score == 4:
        content = struct.pack("!16sBddd", nonce, 0, float("nan"), -1e300, float("inf"))
    elif score == 5:
        content = nonce + b"\xff" + content[17:]
    send(descriptor, content)


class ZeroCostPredictor:
    def pre_process(self):
        worker.channel.send_frame = spoof

    def query(self, graph, dataloader=None):
        size = sum(p.numel() for p in graph.parameters())
        return 1.0 + target.SIZES.index(size)
