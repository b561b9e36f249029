"""What a forge makes, as its folder records it: ``forge.json``, with the secret of it all.

    ForgePlan ──▶ images, architectures, a seed per training

Without the secret nobody can tell any of them; with it, everybody can repeat all of it.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Annotated

import msgspec

from zcnas.benchmarks import (
    MAX_KEY_LENGTH,
    Benchmark,
    forgeable_targets,
    forged_dataset,
    get_benchmark,
    key_of,
)
from zcnas.errors import ResultsError, UsageError
from zcnas.search_spaces import get_search_space
from zcnas.words.forged_names import DENSE_STRIDE, ForgedName, parse_forged_name
from zcnas.words.json_files import read_json, write_json
from zcnas.words.seeds import derive_seed

FORGE = "forge.json"
SCHEMA_VERSION = 1
CLUTTER, SYNTHETIC = "clutter", "synthetic"
MADE = (CLUTTER, SYNTHETIC)
"""Data that the forge makes itself; anything else is a path to the organiser's own."""
SPACES = ("nasbench101", "nasbench201", "nasbench301", "transbench101_micro")
"""Our search spaces that have networks for small images with labels; plugins' have them too."""
PRIVATE = 0o600
ATTEMPTS = 1000
"""Draws per architecture before a space counts as too small."""

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class ForgePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``forge.json``: all that a forged benchmark follows from.

    Attributes:
        schema_version: Of this file.
        name: What the forge is called.
        search_space: Whose architectures are trained.
        dataset: The name of the forged dataset, which says shape, classes and size of networks.
        data: ``clutter``, ``synthetic``, or the path of the organiser's own images.
        data_sha256: Digest of the organiser's own images; "" for made ones.
        architectures: N, how many are trained.
        steps: Of each training, to begin with.
        target: The tau-b between two training seeds that is to be reached.
        cpu_hours: How long all trainings may take together.
        seed: The secret, in hexadecimal.
    """

    schema_version: int = SCHEMA_VERSION
    name: str
    search_space: str
    dataset: str
    data: str
    data_sha256: str = ""
    architectures: Annotated[int, msgspec.Meta(ge=4)]
    steps: Annotated[int, msgspec.Meta(ge=1)]
    target: Share
    cpu_hours: Annotated[float, msgspec.Meta(gt=0)]
    seed: str

    @property
    def named(self) -> ForgedName:
        """What the dataset's name says."""
        found = parse_forged_name(self.dataset)
        assert found is not None
        return found

    @property
    def benchmark(self) -> Benchmark:
        """The forged benchmark."""
        return get_benchmark(key_of(self.search_space, self.dataset))

    @property
    def budget_s(self) -> float:
        """CPU seconds that all trainings may take together."""
        return 3600 * self.cpu_hours

    def draw(self) -> tuple[str, ...]:
        """Return the canonical strings of N different architectures, drawn uniformly.

        Raises:
            UsageError: The search space has too few.
        """
        spec = get_search_space(self.search_space).spec
        rng = random.Random(derive_seed(self.seed, "architectures"))
        drawn: dict[str, None] = {}
        for _ in range(ATTEMPTS * self.architectures):
            drawn[str(spec.sample(rng))] = None
            if len(drawn) == self.architectures:
                return tuple(drawn)
        raise UsageError(
            f"{self.search_space} has no {self.architectures} different architectures; pass a "
            f"smaller --architectures, at most {len(drawn)}"
        )

    def training_seed(self, architecture: str, replica: int) -> int:
        """Return the seed of one training: of its initial weights and the order of its images."""
        return derive_seed(self.seed, "training", architecture, replica)


def dataset_name(name: ForgedName, search_space: str) -> str:
    """Return the name of a forged dataset.

    Raises:
        UsageError: The forge cannot have that name, or its benchmark's key would be too long.
    """
    dataset = str(name)
    if parse_forged_name(dataset) != name:
        raise UsageError(
            f"a forge cannot be called '{name.name}': write small letters and digits, a letter "
            "first, for example digits2"
        )
    if len(key := key_of(search_space, dataset)) > MAX_KEY_LENGTH:
        raise UsageError(
            f"the benchmark would be called {key}, {len(key)} characters; platforms allow "
            f"{MAX_KEY_LENGTH}: give the forge a name that is {len(key) - MAX_KEY_LENGTH} shorter"
        )
    return dataset


def check_space(search_space: str) -> None:
    """Refuse a search space without networks for small images.

    Raises:
        UsageError: It is ``transbench101_macro``, whose networks are for photographs alone.
        PhaseError: It is unknown.
    """
    get_search_space(search_space)
    if search_space == "transbench101_macro":
        raise UsageError(
            "transbench101_macro has networks for 256×256 photographs only; choose one of "
            f"{', '.join(SPACES)}, or a plugin's search space"
        )


def check_task(named: ForgedName, search_space: str, data: str) -> None:
    """Refuse a dense task that the networks or the images are not made for.

    Raises:
        UsageError: They are not.
    """
    if named.task == "classify":
        return
    target = forged_dataset(named).target
    if target not in forgeable_targets(search_space):
        able = [space for space in SPACES if target in forgeable_targets(space)]
        raise UsageError(
            f"networks of {search_space} have no decoder, so they cannot {named.task}; choose "
            f"--space {' or '.join(able)}, or --task classify"
        )
    if data != CLUTTER and (named.task == "segment" or data == SYNTHETIC):
        why = "says what a pixel shows" if named.task == "segment" else "is worth keeping of noise"
        raise UsageError(
            f"--task {named.task} cannot be asked of --data {data}, where nothing {why}; choose "
            "--data clutter, or --task classify"
        )
    if named.side % DENSE_STRIDE or named.planes != 3:
        raise UsageError(
            f"--task {named.task} needs images in colour whose side is a multiple of "
            f"{DENSE_STRIDE}; these are {named.side}×{named.side} with {named.planes} channels: "
            "change --side or the images"
        )


def read_plan(folder: Path) -> ForgePlan:
    """Return the plan of a forge's folder.

    Raises:
        ResultsError: There is none, it is malformed, or of another version.
    """
    path = folder / FORGE
    if not path.is_file():
        raise ResultsError(
            f"{folder} holds no forge: there is no {path}; make one: zcnas forge new"
        )
    try:
        version = msgspec.json.decode(path.read_bytes(), type=_Versioned).schema_version
    except msgspec.MsgspecError as error:
        raise ResultsError(f"{path} is malformed: {error}; begin another forge") from None
    if version != SCHEMA_VERSION:
        raise ResultsError(
            f"{path} is of version {version}, and this program reads version {SCHEMA_VERSION}; "
            "use the zcnas it was made with, or begin another forge"
        )
    return read_json(path, ForgePlan, ResultsError)


def write_plan(folder: Path, plan: ForgePlan) -> None:
    """Write the plan of a new forge, readable for its owner alone."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / FORGE, plan, PRIVATE)


class _Versioned(msgspec.Struct):
    schema_version: int
