"""The list of checks, in the order they are printed."""

from __future__ import annotations

from zcnas.organiser.doctor import Check
from zcnas.organiser.doctor.engine import canary, engine, image, sandbox, strays
from zcnas.organiser.doctor.host import (
    clock,
    cpus,
    memory,
    output,
    packages,
    temporary,
    torch_build,
)
from zcnas.organiser.doctor.hygiene import (
    cores,
    frequency,
    groups,
    load,
    memory_settings,
    throttling,
)
from zcnas.organiser.doctor.phase_data import data, secret_draw

CHECKS: dict[str, Check] = {
    "packages": packages,
    "torch": torch_build,
    "CPUs": cpus,
    "physical cores": cores,
    "frequency": frequency,
    "throttling": throttling,
    "load": load,
    "memory": memory,
    "memory settings": memory_settings,
    "control groups": groups,
    "results folder": output,
    "temporary folder": temporary,
    "clock": clock,
    "Docker engine": engine,
    "image": image,
    "sandbox": sandbox,
    "canary": canary,
    "left behind": strays,
    "draw of the phase": secret_draw,
    "data folder": data,
}
"""Maps the name under which a check is printed to its function."""
