"""Files as published: their checksums, and readers that never run code from a file.

A file with a published checksum is read only if it matches; otherwise it is damaged or a different
file. The checksums are MD5 because that is what the sources publish. They detect damage, not
malice; to protect against malice, no pickle may name anything but numpy's arrays.

Sources of the checksums: CIFAR's archives, its own page; the files in them and SVHN's, torchvision;
ImageNet16's, the loader of NAS-Bench-201 (D-X-Y/AutoDL-Projects, ``DownsampledImageNet.py``);
Ninapro's, AutoWS-Bench-101, by authors of NAS-Bench-360. There are none for Spherical CIFAR-100 and
Taskonomy.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy._core.multiarray import _reconstruct
from numpy._core.multiarray import scalar as _scalar
from numpy.typing import NDArray

from zcnas.errors import InputDataError
from zcnas.words.pickles import UnsafePickleError, load_pickle

CHECKSUMS: dict[str, str] = {
    "cifar-10-batches-py/data_batch_1": "c99cafc152244af753f735de768cd75f",
    "cifar-10-batches-py/data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "cifar-10-batches-py/data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "cifar-10-batches-py/data_batch_4": "634d18415352ddfa80567beed471001a",
    "cifar-10-batches-py/data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "cifar-100-python/train": "16019d7e3df5f24257cddd939b257f8d",
    "ImageNet16/train_data_batch_1": "27846dcaa50de8e21a7d1a35f30f0e91",
    "ImageNet16/train_data_batch_2": "c7254a054e0e795c69120a5727050e3f",
    "ImageNet16/train_data_batch_3": "4333d3df2e5ffb114b05d2ffc19b1e87",
    "ImageNet16/train_data_batch_4": "1620cdf193304f4a92677b695d70d10f",
    "ImageNet16/train_data_batch_5": "348b3c2fdbb3940c4e9e834affd3b18d",
    "ImageNet16/train_data_batch_6": "6e765307c242a1b3d7d5ef9139b48945",
    "ImageNet16/train_data_batch_7": "564926d8cbf8fc4818ba23d2faac7564",
    "ImageNet16/train_data_batch_8": "f4755871f718ccb653440b9dd0ebac66",
    "ImageNet16/train_data_batch_9": "bb6dd660c38c58552125b1a92f86b5d4",
    "ImageNet16/train_data_batch_10": "8f03f34ac4b42271a294f91bf480f29b",
    "svhn/train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
    "ninapro/ninapro_train.npy": "d4c33785587983348e6091e86a0d30b6",
    "ninapro/label_train.npy": "4164e7fcae3f8abed0a04fd86b704f77",
}
"""Maps a path in the data folder to its published MD5."""

_NUMPY_ARRAYS: Mapping[tuple[str, str], object] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): codecs.encode,
}
"""The names from which a pickle builds numpy's arrays and numbers."""


def md5_of(path: Path) -> str:
    """Return a file's MD5 as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def read_published(data_dir: Path, name: str) -> bytes:
    """Return a published file's content.

    Args:
        data_dir: The data folder.
        name: The file's path in it.

    Raises:
        InputDataError: The file cannot be read, or does not have the published checksum.
    """
    try:
        content = (data_dir / name).read_bytes()
    except OSError as error:
        raise InputDataError(
            f"cannot read {data_dir / name}: {error.strerror}; get the publisher's files again "
            "(`zcnas data` downloads them or says where to get them)"
        ) from None
    stated, found = CHECKSUMS.get(name), hashlib.md5(content).hexdigest()
    if stated not in (None, found):
        raise InputDataError(
            f"{data_dir / name} ({len(content)} bytes) has the MD5 {found}, but the published file "
            f"has {stated}: it is damaged, incomplete or a different file. Delete it and get it "
            "again (`zcnas data` downloads it or says where to get it)"
        )
    return content


def unpickle_arrays(content: bytes, path: Path, what: str) -> Any:
    """Return the content of a pickle of numpy arrays, numbers and containers; strings as bytes.

    Args:
        content: The pickle.
        path: Where it came from, for the message.
        what: What it should be, with its article, for the message.

    Raises:
        InputDataError: It is truncated, not a pickle, or names anything but numpy's arrays.
    """
    try:
        return load_pickle(content, _NUMPY_ARRAYS, encoding="bytes")
    except UnsafePickleError as error:
        raise InputDataError(
            f"{path} is not {what} ({error}); get the publisher's files again"
        ) from None


def entry(mapping: Any, name: str) -> Any:
    """Return an entry of a pickled dict, whose keys Python 2 wrote as bytes and Python 3 as str.

    Raises:
        KeyError: There is no such entry, or ``mapping`` is not a dict.
    """
    if isinstance(mapping, dict):
        for key in (name, name.encode()):
            if key in mapping:
                return mapping[key]
    raise KeyError(name)


def check_images(
    path: Path, pixels: NDArray[Any], labels: NDArray[Any], row: tuple[int, ...], classes: int
) -> None:
    """Reject pixels or labels whose shape, type or range differs from the published ones.

    Args:
        path: For the message.
        pixels: Must be uint8 of shape (N, *row).
        labels: Must be integers of shape (N,) in 0..classes-1.
        row: The shape of one image in the file.
        classes: K.

    Raises:
        InputDataError: States what was found and what was expected.
    """
    if pixels.dtype != np.uint8 or pixels.shape != (len(labels), *row) or labels.ndim != 1:
        expected = ", ".join(["N", *(str(size) for size in row)])
        raise InputDataError(
            f"{path} contains {pixels.dtype} data of shape {pixels.shape} for {len(labels)} "
            f"labels; expected uint8 of shape ({expected}). Is it another dataset's file?"
        )
    check_labels(path, labels, classes)


def check_labels(path: Path, labels: NDArray[Any], classes: int) -> None:
    """Reject labels that are not integers in 0..classes-1.

    Raises:
        InputDataError: States the range that was found.
    """
    if labels.dtype.kind not in "iu":
        raise InputDataError(f"{path} contains labels of type {labels.dtype}; expected integers")
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise InputDataError(
            f"{path} contains labels from {labels.min()} to {labels.max()}; expected 0 to "
            f"{classes - 1}. Is it another dataset's file?"
        )
