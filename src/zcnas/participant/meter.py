"""Where time and memory go while a query runs in this process: by part, as they come.

The forward pass is whatever the outermost call of a torch module takes, the backward pass whatever
``Tensor.backward`` and ``torch.autograd.grad`` take; the rest is the predictor's own code. Memory
is the resident size of this process, looked at every few milliseconds by a thread.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psutil

SAMPLE_S = 0.005
_MIB = 1 << 20


@dataclass
class PartUse:
    """What one part has used so far.

    Attributes:
        wall_s: Seconds.
        cpu_s: CPU seconds of this process.
        peak_mib: The largest resident size seen, above that at the meter's start.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mib: float = 0.0


class Meter:
    """Measures parts, one at a time; a part begun within another interrupts it."""

    def __init__(self) -> None:
        self.parts: dict[str, PartUse] = {}
        self._process = psutil.Process()
        self._start_mib = self._process.memory_info().rss / _MIB
        self._current: list[str] = []
        self._since = (0.0, 0.0)
        self._ended = threading.Event()

    def __enter__(self) -> Meter:
        """Begin to look at memory."""
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        """End it."""
        self._ended.set()

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Account for what happens within as a part."""
        self._begin(name)
        try:
            yield
        finally:
            self._end()

    @contextlib.contextmanager
    def passes(self) -> Iterator[None]:
        """Account for forward and backward passes within as parts of their own."""
        import torch
        from torch.nn.modules import module as modules

        depth = 0

        def enter(module: Any, inputs: Any) -> None:
            nonlocal depth
            depth += 1
            if depth == 1:
                self._begin("forward")

        def leave(module: Any, inputs: Any, outputs: Any) -> None:
            nonlocal depth
            depth -= 1
            if depth == 0:
                self._end()

        within = len(self._current)
        kept = torch.Tensor.backward, torch.autograd.grad
        torch.Tensor.backward = self._timed(kept[0])  # type: ignore[method-assign]
        torch.autograd.grad = self._timed(kept[1])
        hooks = (
            modules.register_module_forward_pre_hook(enter),
            modules.register_module_forward_hook(leave, always_call=True),
        )
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            torch.Tensor.backward, torch.autograd.grad = kept  # type: ignore[method-assign]
            while len(self._current) > within:
                self._end()

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            with self.part("backward"):
                return function(*arguments, **named)

        return timed

    def _begin(self, name: str) -> None:
        self._settle()
        self._current.append(name)
        self.parts.setdefault(name, PartUse())

    def _end(self) -> None:
        self._look()
        self._settle()
        self._current.pop()

    def _settle(self) -> None:
        """Put the time since the last change on account of the part that has run."""
        now = time.perf_counter(), time.process_time()
        if self._current:
            use = self.parts[self._current[-1]]
            use.wall_s += now[0] - self._since[0]
            use.cpu_s += now[1] - self._since[1]
        self._since = now

    def _look(self) -> None:
        current = self._current[-1:]
        if current:
            size = self._process.memory_info().rss / _MIB - self._start_mib
            use = self.parts[current[0]]
            use.peak_mib = max(use.peak_mib, size)

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_S):
            with contextlib.suppress(psutil.Error, KeyError, IndexError):
                self._look()
