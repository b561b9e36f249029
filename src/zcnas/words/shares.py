"""The two shares of a draw: what shows scores until the deadline, and what decides afterwards.

Who may hand in often learns the accuracies of the architectures that scores are computed on
(docs/security.md, the oracle attack). A hidden phase with ``shown_architectures`` computes what it
shows on that many of each benchmark's architectures, and ranks on the others once it is over.
Every submission is asked for all of them, and nothing it can see tells the two apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from zcnas.errors import ReferenceDataError
from zcnas.phases import Phase
from zcnas.words.records import Reference, Share

SHARE_WORDS: dict[Share, str] = {
    "all": "",
    "shown": "those that are shown until the deadline",
    "deciding": "those that decide",
}
"""What a share is called beside its number of architectures."""


def share_of(reference: Reference, share: Share) -> Reference:
    """Return a reference with the accuracies of one share; all of it, if the draw has no shares."""
    if not reference.shown or share == "all":
        return reference
    shown = set(reference.shown)
    inside = {
        token: accuracy
        for token, accuracy in reference.accuracies.items()
        if (token in shown) == (share == "shown")
    }
    return msgspec.structs.replace(
        reference,
        accuracies=inside,
        shown=(),
        left_out=tuple(token for token in reference.accuracies if token not in inside),
        share=share,
    )


def architectures_words(references: Sequence[Reference]) -> str:
    """Return how many architectures of each benchmark count, of the largest should they differ."""
    largest = max(references, key=lambda each: len(each.accuracies))
    number = f"{len(largest.accuracies)} architectures"
    if largest.share == "all":
        return number
    return f"{number} of {len(largest.tokens)} ({SHARE_WORDS[largest.share]})"


def check_shares(phase: Phase, reference: Reference) -> None:
    """Do nothing if a draw is divided as its phase says.

    Raises:
        ReferenceDataError: It was drawn when the phase said something else, or a share of it has
            nothing to rank.
    """
    if len(reference.shown) != phase.shown_architectures:
        raise ReferenceDataError(
            f"the draw of {reference.benchmark} shows {len(reference.shown)} architectures, and "
            f"phase '{phase.name}' has shown_architectures = {phase.shown_architectures}; draw it "
            "again with `zcnas sample`, or restore the number in phases.toml"
        )
    shares: tuple[Share, ...] = ("shown", "deciding") if reference.shown else ()
    for share in shares:
        if len(set(share_of(reference, share).accuracies.values())) < 2:
            raise ReferenceDataError(
                f"{reference.benchmark}: all accuracies are equal among {SHARE_WORDS[share]}, so "
                "there is nothing to rank; draw more architectures"
            )
