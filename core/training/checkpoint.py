"""A training in the middle, as a value: all that it takes to go on as if nothing had happened, and who keeps it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from core.data.prepare.prepared import Prepared
from core.spec import RunSpec

_FORM: Final = 1
"""To be raised when a checkpoint holds something else than before, or means something else by it."""

Arrays = tuple[npt.NDArray[Any], ...]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Where a training is between two calls.

    Attributes
    ----------
    of : str
        The name of the training, from `training_name`.
    epoch, batch : int
        Epochs trained, and batches of the next one.
    seconds : float
        What all of it has taken.
    values : mapping
        What JSON can hold, NaN included, by whose it is.
    arrays : mapping
        The rest, by whose it is.
    """

    of: str
    epoch: int
    batch: int
    seconds: float
    values: Mapping[str, Any]
    arrays: Mapping[str, Arrays]

    @property
    def size(self) -> int:
        """What the arrays take, in bytes."""
        return sum(array.nbytes for group in self.arrays.values() for array in group)


class Safe(Protocol):
    """Who keeps the checkpoints of one training."""

    def newest(self, fits: Callable[[Checkpoint], bool]) -> Checkpoint | None:
        """Return the newest checkpoint there is, from which the training goes on; None if it does not fit."""

    def due(self, size: int) -> bool:
        """Whether it is time for a checkpoint of about so many bytes; asked between two calls."""

    def put(self, checkpoint: Checkpoint) -> None:
        """Keep `checkpoint` in place of those before, if that is possible."""


def training_name(run: RunSpec, prepared: Prepared) -> str:
    """Return a name of all that the course of a training depends on: its spec, its arrays and Keras."""
    name = hashlib.sha256(f"{_FORM} {version('keras')} {run.canonical_json()}".encode())
    for array in (prepared.x, prepared.y, prepared.x_val, prepared.y_val, prepared.sample_weight):
        if array is not None:
            name.update(np.ascontiguousarray(array).data)
    return name.hexdigest()
