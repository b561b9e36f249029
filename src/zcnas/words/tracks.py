"""The tracks of a competition: what a submission may know of accuracies, as it says itself.

A submission states its track in its class: ``track = "transfer"``. One that says nothing is of the
first.
"""

from __future__ import annotations

from typing import Literal

Track = Literal["zero-shot", "transfer", "few-labels"]
ZERO_SHOT: Track = "zero-shot"
FEW_LABELS: Track = "few-labels"
TRACKS: dict[Track, str] = {
    ZERO_SHOT: "no accuracy of any trained network is in its code, weights or constants",
    "transfer": "fitted on accuracies of other benchmarks, never of the one it is asked for",
    FEW_LABELS: "given a few labelled architectures of the benchmark, none of them in the draw",
}
"""Every track, with what it means in words for participants."""
MEMORISING = (
    "Memorising is any answer that depends on the identity of the architecture: a score has to "
    "come from what the network is and does, so that it would serve as well on a network nobody "
    "has trained."
)
"""The rule of all tracks."""
