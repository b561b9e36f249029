"""Puts the small networks of these tests on the path: ``import proxy_networks``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
