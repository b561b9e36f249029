"""A stand-in for torchvision: its names can be imported, and using one says what is missing.

PyPI's torchvision does not import beside the CPU build of torch, so the image has none. Published
proxies import it at the top of a file for data loading they no longer need here: networks and
images come from the harness. Whatever is called raises ``NotImplementedError``.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, NoReturn

MODULES = (
    *("datasets", "datasets.utils", "io", "models", "models.resnet", "ops"),
    *("transforms", "transforms.functional", "transforms.v2", "utils"),
)
"""The modules of torchvision that can be imported."""


class _Absent(type):
    """The type of a name that torchvision would have: it can be subclassed, not called."""

    def __call__(cls, *args: Any, **named: Any) -> NoReturn:
        raise NotImplementedError(
            f"{cls.__module__}.{cls.__qualname__} is not in the image: torchvision is a stub here, "
            "whose names can be imported and not used. Images come from the dataloader, normalised "
            "already; write what else you need with torch"
        )

    def __getattr__(cls, name: str) -> Any:
        return _absent(cls.__module__, f"{cls.__qualname__}.{name}")


class _Module(ModuleType):
    """A module in which every name is absent."""

    def __getattr__(self, name: str) -> Any:
        return _absent(self.__name__, name)


def _absent(module: str, name: str) -> Any:
    if name.rpartition(".")[2].startswith("__"):
        raise AttributeError(f"module '{module}' has no attribute '{name}'")
    return _Absent(name, (), {"__module__": module, "__qualname__": name})


def __getattr__(name: str) -> Any:
    return _absent(__name__, name)


def _add_modules() -> None:
    for name in MODULES:
        module = _Module(f"{__name__}.{name}")
        module.__path__ = []
        parent, _, child = module.__name__.rpartition(".")
        sys.modules[module.__name__] = module
        if parent == __name__:
            globals()[child] = module
        else:
            setattr(sys.modules[parent], child, module)


_add_modules()
