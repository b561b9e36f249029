"""The fitted weights, whose they are, and the random Fourier features that they weigh.

    φ(x) = (x √0.3/√11, √(2/32) cos(V x + b))

Reference: Rahimi and Recht, "Random Features for Large-Scale Kernel Machines", NeurIPS 2007.
"""

import json
import math
import random
from pathlib import Path

import numpy as np

from .features import PARTS

WEIGHTS = json.loads(Path(__file__).with_name("weights.json").read_text())
NAMES = list(WEIGHTS)
WAVES, CLOSENESS, LINEAR = 32, 0.3, 0.3


def weights_for(module, inputs, targets, classes):
    """Return the name of the weights: of a space and its data, of the space, or of all spaces.

    Benchmarks of one space whose data have the same shapes and classes have one name, so the
    weights of that name are fitted on neither.
    """
    space = next((each for each in module.split(".") if each in WEIGHTS), "")
    name = data_name(space, inputs, targets, classes)
    return name if name in WEIGHTS else space


def data_name(space, inputs, targets, classes):
    """Return what is called alike: the space, a network's input and target, and its classes."""
    return f"{space} {tuple(inputs.shape[1:])} {tuple(targets.shape[1:])} {classes}"


def lifted(rows):
    """Return φ of standardised parts, one row per network."""
    drawn = random.Random(2007)
    scale = math.sqrt(2 * CLOSENESS / len(PARTS))
    directions = np.array([[scale * drawn.gauss() for _ in range(WAVES)] for _ in PARTS])
    phases = np.array([drawn.uniform(0, 2 * math.pi) for _ in range(WAVES)])
    waves = math.sqrt(2 / WAVES) * np.cos(rows @ directions + phases)
    return np.hstack([rows * math.sqrt(LINEAR / len(PARTS)), waves])
