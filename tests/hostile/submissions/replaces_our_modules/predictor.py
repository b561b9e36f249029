"""Brings modules of our names, to be loaded in place of ours."""

import json
import os
import sys

import numpy
import torch

import zcnas
import zcnas.worker.channel
import zcnas.worker.contract

HERE = os.path.dirname(os.path.abspath(__file__))


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        import shutil
        import subprocess

        ours = (
            json,
            numpy,
            torch,
            zcnas,
            zcnas.worker.channel,
            zcnas.worker.contract,
            shutil,
            subprocess,
        )
        replaced = [module for module in ours if module.__file__.startswith(HERE)]
        replaced += [
            name
            for name in ("sitecustomize", "usercustomize")
            if name in sys.modules and getattr(sys.modules[name], "__file__", "").startswith(HERE)
        ]
        return float(len(replaced))
