"""One moment of a run in pictures, as it leaves the training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

SCENE: Final = -1.0
"""The epoch of what is the same in all frames of a run, which comes first."""


@dataclass(frozen=True)
class Frame:
    """What the weights of one moment predict.

    Attributes
    ----------
    epoch : float
        Epochs trained by then, a part of one included; 0 = the first weights; `SCENE`.
    pictures : mapping
        By the name of the picture what this frame shows, as JSON can hold it; None where the network answers with
        numbers that are not finite.
    passing : bool
        Whether the next frame takes its place: one of those that are taken by the clock.
    weights_of_epoch : int or None
        The epoch whose weights these are, where early stopping went back to it.
    """

    epoch: float
    pictures: Mapping[str, Any]
    passing: bool = False
    weights_of_epoch: int | None = None


OnFrame = Callable[[Frame], None]
