"""Submissions of our own, run like any other to learn something of a machine.

``canary`` counts parameters, which needs nothing but a working worker; ``forward`` does one forward
pass on the minibatch, which is the least that a predictor that looks at the data must pay.
"""

from __future__ import annotations

from pathlib import Path

PROBES = Path(__file__).parent
