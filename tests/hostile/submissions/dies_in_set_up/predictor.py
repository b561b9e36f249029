"""Ends the worker while it is being loaded."""

import os

os._exit(0)


class ZeroCostPredictor:
    pass
