"""What a predictor iterates over: the first minibatch as it was made, further ones on demand.

The first minibatch is held as tensors. The images after it are held as bytes
(``zcnas.words.packed``) and become tensors in the process that asks for them, so whoever reads one
minibatch pays for no other.
"""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from zcnas.words.packed import PackedImages


class Images(Dataset[tuple[Tensor, Tensor]]):
    """Images with their targets, one by one.

    Args:
        inputs: (B, C, H, W), the first minibatch.
        targets: (B, …).
        further: Those after it.
    """

    def __init__(self, inputs: NDArray[Any], targets: NDArray[Any], further: PackedImages) -> None:
        self._inputs, self._targets = torch.from_numpy(inputs), torch.from_numpy(targets)
        self._further = further

    def __len__(self) -> int:
        return len(self._inputs) + len(self._further)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return an image and its target."""
        later = index - len(self._inputs)
        if later < 0:
            return self._inputs[index], self._targets[index]
        inputs, targets = self._further.inputs, self._further.targets
        return torch.from_numpy(inputs.unpack(later)), torch.from_numpy(targets.unpack(later))


def make_dataloader(
    inputs: NDArray[Any], targets: NDArray[Any], further: PackedImages
) -> DataLoader[tuple[Tensor, Tensor]]:
    """Return the dataloader of a query: minibatches of B images, each made when it is asked for."""
    return DataLoader(Images(inputs, targets, further), batch_size=len(inputs))
