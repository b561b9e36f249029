"""The Taskonomy images of TransNAS-Bench-101 and the targets of its seven tasks.

The data folder, laid out as the benchmark's code expects it:

    taskonomydata_mini/<building>.json                    a list of templates, each like
                                                          "<building>/{domain}/point_0_view_0_domain_{domain}"
    taskonomydata_mini/<building>/<domain>/….png or .npy  the file of a template
    transnasbench/train_filenames_final5k.json            {"filename_list": ["<building>.json", …]}
    transnasbench/class_object_selected.npy               which 100 of 1000 object classes are used
    transnasbench/class_scene_selected.npy                which 63 of 365 scene classes are used
    transnasbench/permutations_hamming_max_1000.npy       (1000, 9), the orders of jigsaw's tiles

| task | domain | target |
|---|---|---|
| class_object, class_scene | the same (.npy) | probabilities used, divided by their sum |
| autoencoder | – | the image itself in [-1, 1] |
| normal | normal (.png) | the normals as RGB, in [-1, 1] |
| segmentsemantic | segmentsemantic (.png) | class − 1, where 0 counts as 1 |
| room_layout | room_layout (.npy) | 9 numbers |
| jigsaw | – | the index of the order in which the nine tiles are arranged |

The loader reads this layout; the layout inside the archives is unverified, as the error for a
missing file states.

Images are resized to 256×256 (jigsaw: 255×255, the middle 90 % of it enlarged again, then a 64×64
tile at a random position in each ninth) and normalised as in the task's configuration; jigsaw's
stay in [0, 1]. Nothing is flipped or recoloured: every architecture sees the same minibatch.

Deviation: the publication trains on 75 and 47 classes, but NAS-Bench-Suite-Zero's networks have 100
and 63, hence the selections of those sizes. The normals are mapped to [-1, 1], the range of the
network's tanh and of the fallback; the published configuration leaves them in [0, 1].

Reference: Duan et al., "TransNAS-Bench-101", CVPR 2021, arXiv:2105.11871, and its code
(yawen-d/TransNASBench, ``lib/data/load_ops.py``, ``taskonomy_dataset.py`` and the configurations);
Zamir et al., "Taskonomy", CVPR 2018, arXiv:1804.08328; NASLib's issues 166 (files) and 190
(classes).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from zcnas.benchmarks import DATASETS, Dataset
from zcnas.datasets.minibatch import Minibatch, choose
from zcnas.datasets.ninapro import load_npy
from zcnas.errors import InputDataError

if TYPE_CHECKING:
    from PIL import Image

IMAGES, LISTS = "taskonomydata_mini", "transnasbench"
SPLIT = f"{LISTS}/train_filenames_final5k.json"
PERMUTATIONS = f"{LISTS}/permutations_hamming_max_1000.npy"
SELECTIONS = {name: f"{LISTS}/{name}_selected.npy" for name in ("class_object", "class_scene")}
PUBLISHED_CLASSES = {"class_object": 1000, "class_scene": 365}
DOMAINS = {
    "autoencoder": "rgb",
    "jigsaw": "rgb",
    **{
        name: name
        for name in ("class_object", "class_scene", "normal", "segmentsemantic", "room_layout")
    },
}
"""Maps a task to the domain that contains its target."""
PLAIN = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
NORMALISATION = {
    **dict.fromkeys(
        ("class_object", "class_scene", "room_layout"),
        ((0.5224, 0.5222, 0.5221), (0.2234, 0.2235, 0.2236)),
    ),
    **dict.fromkeys(("autoencoder", "normal", "segmentsemantic"), PLAIN),
}
"""Maps a task to the mean and deviation by which its published configuration normalises images."""
ROOM_NUMBERS = 9
PUZZLE_SIDE, PUZZLE_MIDDLE = 255, 229
TILES_A_SIDE = 3

_Target = Callable[["Taskonomy", str], NDArray[Any]]


@dataclass(frozen=True)
class Taskonomy:
    """The images of one task; files are read when they are drawn.

    Attributes:
        dataset: The task.
        folder: The data folder.
        templates: Paths in ``taskonomydata_mini`` with ``{domain}``, without extension.
        table: A table that the task's targets need: the selected classes, or jigsaw's orders.
    """

    dataset: Dataset
    folder: Path
    templates: tuple[str, ...]
    table: NDArray[Any] | None = None

    @property
    def source(self) -> str:
        """One phrase for manifest and leaderboard."""
        return f"published files of {IMAGES}"

    def draw(self, batch_size: int, rng: np.random.Generator) -> Minibatch:
        """Return a minibatch of ``batch_size`` different views.

        Raises:
            InputDataError: There are too few, or a file is missing, damaged or in another format.
        """
        chosen = choose(batch_size, len(self.templates), self.source, rng)
        templates = [self.templates[index] for index in chosen]
        if self.dataset.name == "jigsaw":
            return self._draw_puzzles(templates, rng)
        mean, deviation = np.array(NORMALISATION[self.dataset.name], dtype=np.float32)
        side = self.dataset.input_shape[-1]
        inputs = [(_scaled(self.image(t, "rgb"), side) - mean) / deviation for t in templates]
        targets = np.stack([TARGETS[self.dataset.name](self, template) for template in templates])
        return Minibatch(_to_planes(inputs), targets, self.source)

    def _draw_puzzles(self, templates: list[str], rng: np.random.Generator) -> Minibatch:
        assert self.table is not None
        labels = rng.integers(len(self.table), size=len(templates))
        puzzles = [
            _tiles(self.image(template, "rgb"), self.table[label], self.dataset, rng)
            for template, label in zip(templates, labels, strict=True)
        ]
        return Minibatch(np.stack(puzzles), labels.astype(np.int64), self.source)

    def path(self, template: str, domain: str) -> str:
        """Return the path in the data folder of a template's file in a domain."""
        ending = "npy" if domain in (*PUBLISHED_CLASSES, "room_layout") else "png"
        return f"{IMAGES}/{template.replace('{domain}', domain)}.{ending}"

    def image(self, template: str, domain: str) -> Image.Image:
        """Return a picture from a domain, fully decoded.

        Raises:
            InputDataError: It is missing or damaged.
        """
        from PIL import Image, UnidentifiedImageError

        path = self.folder / self.path(template, domain)
        try:
            with Image.open(path) as picture:
                picture.load()
                return picture.convert("RGB") if domain != "segmentsemantic" else picture.copy()
        except FileNotFoundError:
            raise InputDataError(
                f"{path} is listed in {self.folder / SPLIT} but missing; unpack the building's "
                f"archive of domain '{domain}' again (the layout inside it is unverified)"
            ) from None
        except (
            UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError,
            Image.DecompressionBombError,
        ) as error:  # fmt: skip
            raise InputDataError(
                f"{path} is a damaged picture ({error}); unpack the building's archive again"
            ) from None

    def numbers(self, template: str, domain: str, count: int) -> NDArray[np.float64]:
        """Return the ``count`` numbers in a ``.npy`` file.

        Raises:
            InputDataError: The file is missing, damaged, or contains anything else.
        """
        name = self.path(template, domain)
        array = load_npy(self.folder, name)
        if array.dtype.kind not in "iuf" or array.size != count or not np.isfinite(array).all():
            raise InputDataError(
                f"{self.folder / name} contains {array.dtype} of shape {array.shape}; expected "
                f"{count} finite numbers; get the file again"
            )
        return array.reshape(count).astype(np.float64)


def _probabilities(files: Taskonomy, template: str) -> NDArray[np.float32]:
    task = files.dataset.name
    every = files.numbers(template, task, PUBLISHED_CLASSES[task])
    assert files.table is not None
    kept = every[files.table]
    if (kept < 0).any() or kept.sum() <= 0:
        raise InputDataError(
            f"{files.folder / files.path(template, task)} does not contain probabilities: over the "
            f"{len(kept)} classes used, the sum is {kept.sum():g} and the minimum {kept.min():g}; "
            "get the file again"
        )
    shares: NDArray[np.float32] = (kept / kept.sum()).astype(np.float32)
    return shares


def _picture(domain: str, files: Taskonomy, template: str) -> NDArray[np.float32]:
    scaled = _scaled(files.image(template, domain), files.dataset.input_shape[-1])
    planes: NDArray[np.float32] = _to_planes([2 * scaled - 1])[0]
    return planes


def _segments(files: Taskonomy, template: str) -> NDArray[np.int64]:
    from PIL import Image

    side, classes = files.dataset.input_shape[-1], files.dataset.num_classes
    picture = files.image(template, "segmentsemantic")
    labels = np.asarray(picture.resize((side, side), Image.Resampling.NEAREST)).astype(np.int64)
    path = files.folder / files.path(template, "segmentsemantic")
    if labels.ndim != 2 or labels.max() > classes:
        raise InputDataError(
            f"{path} is not a map of {classes} classes: mode {picture.mode}, values up to "
            f"{labels.max()}; get the file again"
        )
    result: NDArray[np.int64] = np.maximum(labels, 1) - 1
    return result


def _room(files: Taskonomy, template: str) -> NDArray[np.float32]:
    return files.numbers(template, "room_layout", ROOM_NUMBERS).astype(np.float32)


TARGETS: dict[str, _Target] = {
    "class_object": _probabilities,
    "class_scene": _probabilities,
    "autoencoder": partial(_picture, "rgb"),
    "normal": partial(_picture, "normal"),
    "segmentsemantic": _segments,
    "room_layout": _room,
}
"""Maps a task to a function of (files, template) that returns one target."""


def _scaled(picture: Image.Image, side: int) -> NDArray[np.float32]:
    """Return a picture (side, side, 3) in [0, 1]."""
    from PIL import Image

    resized = picture.resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.float32) / np.float32(255)


def _to_planes(pictures: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return pictures (H, W, 3) as one array (B, 3, H, W)."""
    return np.ascontiguousarray(np.stack(pictures).transpose(0, 3, 1, 2), dtype=np.float32)


def _tiles(
    picture: Image.Image, order: NDArray[Any], dataset: Dataset, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the tiles (9, 3, 64, 64) of a picture in an order."""
    from PIL import Image

    picture = picture.resize((PUZZLE_SIDE, PUZZLE_SIDE), Image.Resampling.BILINEAR)
    margin = (PUZZLE_SIDE - PUZZLE_MIDDLE) // 2
    middle = picture.crop((margin, margin, margin + PUZZLE_MIDDLE, margin + PUZZLE_MIDDLE))
    pixels = _scaled(middle, PUZZLE_SIDE)
    field, side = PUZZLE_SIDE // TILES_A_SIDE, dataset.input_shape[-1]
    tiles = []
    for place in order:
        top, left = (field * int(part) for part in divmod(int(place), TILES_A_SIDE))
        down, right = rng.integers(field - side + 1, size=2)
        tiles.append(pixels[top + down :, left + right :][:side, :side])
    return _to_planes(tiles)


def read_taskonomy(task: str, data_dir: Path) -> Taskonomy | None:
    """Return the training views of a task, or None without ``taskonomydata_mini``.

    Raises:
        InputDataError: A list, selection or table of orders is missing or has another format.
    """
    if not (data_dir / IMAGES).is_dir():
        return None
    split = _read_json(data_dir / SPLIT)
    buildings = split.get("filename_list") if isinstance(split, dict) else None
    if buildings is None or not _is_list_of_names(buildings):
        raise InputDataError(
            f'{data_dir / SPLIT} is not a split of TransNAS-Bench-101; expected {{"filename_list": '
            "[…]} with file names"
        )
    templates: list[str] = []
    for building in buildings:
        listed = _read_json(data_dir / IMAGES / building)
        if not _is_list_of_names(listed):
            raise InputDataError(
                f"{data_dir / IMAGES / building} is not a list of views like "
                '"<building>/{domain}/point_0_view_0_domain_{domain}"'
            )
        templates += [name.removesuffix(".png").removesuffix(".npy") for name in listed]
    return Taskonomy(DATASETS[task], data_dir, tuple(templates), _read_table(task, data_dir))


def _read_table(task: str, data_dir: Path) -> NDArray[Any] | None:
    if task == "jigsaw":
        orders = load_npy(data_dir, PERMUTATIONS)
        if (
            orders.shape != (DATASETS[task].num_classes, 9)
            or not (np.sort(orders, axis=1) == np.arange(9)).all()
        ):
            raise InputDataError(
                f"{data_dir / PERMUTATIONS} contains {orders.dtype} of shape {orders.shape}; "
                f"expected {DATASETS[task].num_classes} permutations of 0 to 8"
            )
        return orders
    if task in SELECTIONS:
        selected = load_npy(data_dir, SELECTIONS[task]).ravel().astype(bool)
        wanted = (PUBLISHED_CLASSES[task], DATASETS[task].num_classes)
        if (selected.size, selected.sum()) != wanted:
            raise InputDataError(
                f"{data_dir / SELECTIONS[task]} selects {selected.sum()} of {selected.size} "
                f"classes; expected {wanted[1]} of {wanted[0]}"
            )
        return selected
    return None


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise InputDataError(
            f"cannot read {path}: {error.strerror}; it is part of TransNAS-Bench-101's code and "
            "data (`zcnas data` says which file goes where)"
        ) from None
    except ValueError as error:
        raise InputDataError(f"{path} is not JSON ({error}); get the file again") from None


def _is_list_of_names(value: Any) -> bool:
    """Return whether this is a non-empty list of relative paths that stay inside their folder."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(name, str) and not Path(name).is_absolute() and ".." not in Path(name).parts
            for name in value
        )
    )
