"""Puts the small networks of these tests on the path (``import proxy_networks``), on one thread.

Networks this small gain nothing from a second one, and lose much on a busy machine.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
torch.set_num_threads(1)
