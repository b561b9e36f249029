"""Knows where the hidden accuracies are and who holds them, and looks everywhere."""

import os
import re
from pathlib import Path

import target
from attempts import first_opened, successes

SECRET = re.compile(rb"zcnas-truth-[0-9a-f]{32}")


def in_environments():
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if SECRET.search(path.read_bytes()):
                return path
        except OSError:
            continue
    return False


def in_own_memory():
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        for line in Path("/proc/self/maps").read_text().splitlines():
            if " rw" not in line:
                continue
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            try:
                memory.seek(start)
                if found := SECRET.search(memory.read(min(end - start, 1 << 25))):
                    return found.group()
            except (OSError, OverflowError, ValueError):
                continue
    return False


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        recorder = f"/proc/{target.RECORDER}"
        return successes(
            file=lambda: Path(target.TRUTH).read_text(),
            folder=lambda: os.listdir(Path(target.TRUTH).parent),
            through_root=lambda: Path(recorder + "/root" + target.TRUTH).read_text(),
            recorders_environment=lambda: Path(recorder + "/environ").read_bytes(),
            recorders_memory=lambda: open(recorder + "/mem", "rb"),
            recorders_files=lambda: first_opened(recorder + "/fd"),
            any_environment=in_environments,
            own_memory=in_own_memory,
        )
