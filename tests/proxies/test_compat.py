"""Code written for a GPU and for networks that answer in pairs runs on the CPU."""

from __future__ import annotations

import random
import subprocess
import sys

import torch

from zcnas.benchmarks import get_benchmark
from zcnas.compat import as_pair
from zcnas.search_spaces import SEARCH_SPACES, build_network

# In the manner of the public code of ZiCo, TE-NAS and Zen-NAS.
WRITTEN_FOR_A_GPU = """
import torch
from torch import nn
from zcnas.compat import cpu_only

cpu_only()
cpu_only()
assert not torch.cuda.is_available()
device = torch.device("cuda:0")
torch.cuda.set_device(0)
torch.cuda.manual_seed_all(1)
network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).cuda().to(device).to("cuda")
images = torch.randn(size=[2, 3, 8, 8], device="cuda").cuda(non_blocking=True)
more = torch.zeros(2, 3, 8, 8).to(device="cuda", dtype=torch.float32, non_blocking=True)
ones = torch.ones_like(images, device=device)
mask = torch.cuda.FloatTensor([1.0, 0.0])
with torch.cuda.device(0):
    answer = network(images + more.to(device) * ones)
answer.sum().backward()
loss = nn.CrossEntropyLoss().cuda()
torch.cuda.synchronize()
torch.cuda.empty_cache()
half = images.to(torch.float16)
devices = {t.device.type for t in (images, more, ones, mask, answer, *network.parameters())}
assert devices == {"cpu"}, devices
assert half.dtype == torch.float16
assert "cuda" == "cuda:0".split(":")[0]
print("ran")
"""


def test_code_written_for_a_gpu_runs_on_the_cpu():
    done = subprocess.run(
        [sys.executable, "-c", WRITTEN_FOR_A_GPU], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "ran\n"


def test_a_pair_is_the_pooled_features_and_the_logits_of_the_same_network():
    benchmark = get_benchmark("nasbench201_cifar10")
    torch.manual_seed(0)
    network = build_network(SEARCH_SPACES["nasbench201"].spec.sample(random.Random(1)), benchmark)
    images = torch.randn(4, 3, 8, 8)
    pair = as_pair(network)
    features, logits = pair(images)
    weight, bias = network.classifier.weight, network.classifier.bias
    torch.testing.assert_close(logits, network(images))
    torch.testing.assert_close(features @ weight.T + bias, logits)
    logits.sum().backward()
    assert {id(p) for p in pair.parameters()} == {id(p) for p in network.parameters()}
    assert pair.classifier.weight.grad is not None
    assert pair.num_classes == 10
    assert pair.training
    assert not pair.eval().network.training


def test_names_that_torch_and_numpy_took_away_work_as_they_did():
    code = (
        "import numpy as np, torch\n"
        "from zcnas.compat import old_names\n"
        "old_names()\n"
        "matrix = torch.tensor([[2.0, 1.0], [9.0, 2.0]])  # only the upper triangle counts\n"
        "values, vectors = torch.symeig(matrix)\n"
        "assert values.tolist() == [1.0, 3.0] and vectors.numel() == 0, values\n"
        "values, vectors = torch.symeig(matrix, eigenvectors=True)\n"
        "symmetric = torch.tensor([[2.0, 1.0], [1.0, 2.0]])\n"
        "assert torch.allclose(symmetric @ vectors, vectors * values, atol=1e-5)\n"
        "assert np.zeros(1, np.float).dtype == float and np.int(3.5) == 3\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
