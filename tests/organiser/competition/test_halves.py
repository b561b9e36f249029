"""What identifies a minibatch."""

import numpy as np
import pytest

from zcnas.datasets import Minibatch
from zcnas.organiser.competition.halves import digest_of_minibatch
from zcnas.words.packed import pack_images

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


def test_the_digest_covers_the_images_after_the_first_minibatch():
    first = digest_of_minibatch(Minibatch(INPUTS, TARGETS, "one"))
    ramp = np.arange(96, dtype=np.float32).reshape(INPUTS.shape)
    digests = {
        digest_of_minibatch(Minibatch(INPUTS, TARGETS, "one", further=lambda made=made: made))
        for made in (pack_images(ramp, TARGETS), pack_images(-ramp, TARGETS))
    }
    assert len({first, *digests}) == 3


def test_synthetic_images_after_the_first_minibatch_are_not_made_for_the_digest():
    def make():
        raise AssertionError("made")

    made = Minibatch(INPUTS, TARGETS, "one", synthetic=True, further=make)
    assert digest_of_minibatch(made) == digest_of_minibatch(Minibatch(INPUTS, TARGETS, "one"))
