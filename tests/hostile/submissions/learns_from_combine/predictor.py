"""Has its queries leave what they can, and looks in `combine` for whatever could rank them."""

import gc
import os
from pathlib import Path
from typing import ClassVar

import target
import torch
from attempts import first_opened, successes


def living(kind):
    return [each for each in gc.get_objects() if isinstance(each, kind)] or False


class ZeroCostPredictor:
    seen: ClassVar = []

    def query(self, graph, dataloader=None):
        type(self).seen.append(graph)
        Path(os.environ["TMPDIR"], "left").write_text("asked")
        return {"parameters": sum(p.numel() for p in graph.parameters())}

    def combine(self, answers):
        recorder = f"/proc/{target.RECORDER}"
        found = successes(
            truth=lambda: Path(target.TRUTH).read_text(),
            predictions=lambda: os.listdir(target.RESULTS),
            recorders_memory=lambda: os.open(recorder + "/mem", os.O_RDONLY),
            recorders_files=lambda: first_opened(recorder + "/fd"),
            networks=lambda: living(torch.nn.Module),
            images=lambda: living(torch.Tensor),
            instance=lambda: type(self).seen or False,
            scratch=lambda: os.listdir(os.environ["TMPDIR"]) or False,
            more_than_the_numbers=lambda: any(set(each) != {"parameters"} for each in answers),
        )
        return [found] * len(answers)
