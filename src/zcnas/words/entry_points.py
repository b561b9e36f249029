"""What a submission's entry point is called, to those who read it and to those who run it."""

from __future__ import annotations

ENTRY_POINTS = ("predictor.py", "submission.py")
"""Files that may define the class; the second is the name used in 2022."""
CLASS_NAME = "ZeroCostPredictor"
SHIMS = ("naslib", "torchvision")
"""Packages beside the worker that a submission may carry itself: its own wins."""
