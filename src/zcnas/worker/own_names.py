"""The names that our code and networks are made of, as they were before a submission was loaded.

A submission shares the worker's process and may replace any of them, from ``os.fork`` to
``torch.nn.Conv2d``. While the worker serves, those it serves with are its own again; a query finds
what set-up had made of them. The others stay replaced, and are named where our code fails by that.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import dataclasses
import gc
import math
import os
import random
import resource
import select
import signal
import struct
import sys
import time
import traceback
from types import ModuleType

import numpy as np
import torch

_SERVED_WITH = (
    *(builtins, contextlib, ctypes, dataclasses, gc, math, os, resource, select, signal, struct),
    *(time, traceback),
)
_WATCHED = (
    *(*_SERVED_WITH, sys, random, np, np.random),
    *(torch, torch.nn, torch.nn.functional, torch.nn.init),
)
_OFTEN_REPLACED = frozenset({"sys.argv", "sys.path", "sys.stdin", "sys.stdout", "sys.stderr"})
"""What anybody may replace, and nothing of ours looks at."""
_DELETED = object()


class OwnNames:
    """What the modules called their functions when this was made."""

    def __init__(self) -> None:
        self._own = {module: dict(vars(module)) for module in _WATCHED}
        self._theirs: dict[ModuleType, dict[str, object]] = {}

    def take_back(self) -> None:
        """Put the names that the worker serves with in place, and keep what they had become."""
        self._theirs = {module: self._replaced_in(module) for module in _SERVED_WITH}
        self.put_own()

    def put_own(self) -> None:
        """Put the names in place that ``give_back`` had replaced."""
        for module, replaced in self._theirs.items():
            vars(module).update({name: self._own[module][name] for name in replaced})

    def give_back(self) -> None:
        """Put in place again what a submission had made of them."""
        for module, replaced in self._theirs.items():
            for name, value in replaced.items():
                if value is _DELETED:
                    vars(module).pop(name, None)
                else:
                    vars(module)[name] = value

    def put_all_own(self) -> None:
        """Put every name back, where nothing of the submission runs any more."""
        for module, names in self._own.items():
            vars(module).update(names)

    def replaced(self) -> list[str]:
        """Return the names that are the submission's at present, as code spells them."""
        found = [
            f"{module.__name__}.{name}".removeprefix("builtins.")
            for module, names in self._own.items()
            for name, value in names.items()
            if _differs(vars(module).get(name), value)
        ]
        return [name for name in found if name not in _OFTEN_REPLACED]

    def _replaced_in(self, module: ModuleType) -> dict[str, object]:
        names = vars(module)
        return {
            name: names.get(name, _DELETED)
            for name, value in self._own[module].items()
            if names.get(name, _DELETED) is not value
        }


def _differs(now: object, before: object) -> bool:
    return now is not before and not isinstance(before, int | float | ModuleType)
