"""What identifies a minibatch."""

import numpy as np
import pytest

from zcnas.datasets import Minibatch
from zcnas.organiser.competition.halves import digest_of_minibatch

INPUTS = np.zeros((2, 3, 4, 4), np.float32)
TARGETS = np.zeros(2, np.int64)


@pytest.mark.parametrize(
    ("inputs", "targets"),
    [
        (INPUTS.reshape(2, 3, 2, 8), TARGETS),  # the same bytes in another shape
        (INPUTS.view(np.int32), TARGETS),  # the same bytes as another type
        (INPUTS, TARGETS.reshape(2, 1)),
        (INPUTS, TARGETS.view(np.float64)),
        (INPUTS + 1, TARGETS),
        (INPUTS, TARGETS + 1),
    ],
)
def test_a_minibatchs_digest_covers_types_shapes_and_values(inputs, targets):
    first = digest_of_minibatch(Minibatch(INPUTS, TARGETS, "one"))
    assert digest_of_minibatch(Minibatch(INPUTS.copy(), TARGETS.copy(), "another")) == first
    assert digest_of_minibatch(Minibatch(inputs, targets, "one")) != first
