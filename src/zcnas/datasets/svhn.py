"""Street View House Numbers (SVHN) in its published format 2, cropped digits.

``train_32x32.mat`` is a MATLAB 5 file with ``X`` (32, 32, 3, N) uint8 and ``y`` (N, 1): 1 to 9, or
10 for the digit 0. Label 10 becomes 0, as in torchvision and NASLib.

Reference: Netzer et al., "Reading Digits in Natural Images with Unsupervised Feature Learning",
NIPS Workshop 2011; format description at http://ufldl.stanford.edu/housenumbers/. Mean and
deviation are NASLib's; the checksum is torchvision's, because the publisher states none.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from zcnas.datasets.minibatch import Images
from zcnas.datasets.published import check_images, read_published
from zcnas.errors import InputDataError

FILE = "svhn/train_32x32.mat"
MEAN, DEVIATION = (0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970)
_GENERATIONS = {0: "4", 1: "5", 2: "7.3"}


def read_svhn(data_dir: Path) -> Images | None:
    """Return SVHN's training images, or None if the folder has no ``svhn``.

    Raises:
        InputDataError: The file is missing, damaged, or from another MATLAB version or dataset.
    """
    if not (data_dir / "svhn").is_dir():
        return None
    path = data_dir / FILE
    content = _read_mat(read_published(data_dir, FILE), path)
    try:
        images, digits = np.asarray(content["X"]), np.asarray(content["y"]).ravel()
    except KeyError as error:
        held = ", ".join(name for name in content if not name.startswith("__")) or "nothing"
        raise InputDataError(
            f"{path} has no variable {error}; it contains {held}. Is it another dataset's file? "
            "Get SVHN's format 2, cropped digits"
        ) from None
    pixels = images.transpose(3, 2, 0, 1) if images.ndim == 4 else images
    labels = digits.astype(np.int64) if digits.dtype.kind in "iuf" else digits
    labels = np.where(labels == 10, 0, labels)
    check_images(path, pixels, labels, (3, 32, 32), 10)
    return Images(pixels, labels, MEAN, DEVIATION, "published files of svhn")


def _read_mat(content: bytes, path: Path) -> dict[str, Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError, matfile_version

    advice = "get the publisher's train_32x32.mat again (`zcnas data` downloads it)"
    try:
        generation, _ = matfile_version(io.BytesIO(content))  # type: ignore[arg-type]
        if generation == 1:
            variables: dict[str, Any] = loadmat(io.BytesIO(content))  # type: ignore[arg-type]
            return variables
    # A damaged file can fail in as many ways as the format has elements.
    except (
        MatReadError, ValueError, TypeError, KeyError, IndexError, EOFError, OSError,
        NotImplementedError, MemoryError, OverflowError,
    ) as error:  # fmt: skip
        raise InputDataError(f"{path} is not a MATLAB 5 file ({error}); {advice}") from None
    raise InputDataError(
        f"{path} is a MATLAB {_GENERATIONS.get(generation, generation)} file, but the published "
        f"one is version 5; {advice}"
    )
