"""The dataloader of a query: the first minibatch untouched, the others only when asked for."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from zcnas.words.packed import NO_IMAGES, PackedArray, pack_images
from zcnas.worker.dataloader import make_dataloader

RNG = np.random.default_rng(0)
INPUTS, TARGETS = RNG.normal(size=(4, 3, 8, 8)).astype(np.float32), np.array([3, 1, 4, 1])
LATER = RNG.normal(size=(8, 3, 8, 8)).astype(np.float32)
FURTHER = pack_images(LATER, np.arange(8))


@pytest.fixture
def no_unpacking(monkeypatch):
    def refuse(self, index):
        raise AssertionError("unpacked")

    monkeypatch.setattr(PackedArray, "unpack", refuse)


@pytest.mark.parametrize("further", [NO_IMAGES, FURTHER], ids=["alone", "of three"])
@pytest.mark.usefixtures("no_unpacking")
def test_the_first_minibatch_is_bit_for_bit_what_a_dataloader_of_it_alone_yields(further):
    alone = DataLoader(
        TensorDataset(torch.from_numpy(INPUTS), torch.from_numpy(TARGETS)), batch_size=4
    )
    ours = make_dataloader(INPUTS, TARGETS, further)
    drawn = []
    for loader in (alone, ours):
        torch.manual_seed(1)
        inputs, targets = next(iter(loader))
        drawn.append((inputs, targets, torch.rand(1)))
    for one, other in zip(*drawn, strict=True):
        assert torch.equal(one, other)
        assert one.dtype == other.dtype
        assert one.stride() == other.stride()
    assert ours.batch_size == 4


def test_all_minibatches_have_the_first_ones_size_and_type_and_are_new_tensors():
    loader = make_dataloader(INPUTS, TARGETS, FURTHER)
    assert len(loader) == 3
    batches = list(loader)
    for inputs, targets in batches:
        assert (inputs.shape, inputs.dtype) == ((4, 3, 8, 8), torch.float32)
        assert (targets.shape, targets.dtype) == ((4,), torch.int64)
    later = torch.cat([inputs for inputs, _ in batches[1:]]).numpy()
    np.testing.assert_allclose(later, LATER, atol=np.ptp(LATER) / 500)
    assert torch.cat([targets for _, targets in batches[1:]]).tolist() == list(range(8))
    batches[1][0].zero_()
    assert list(loader)[1][0].any()


def test_a_shuffled_loader_of_the_same_images_can_be_made():
    dataset = make_dataloader(INPUTS, TARGETS, FURTHER).dataset
    seen = torch.cat([targets for _, targets in DataLoader(dataset, 5, shuffle=True)])
    assert sorted(seen.tolist()) == sorted([*TARGETS, *range(8)])
