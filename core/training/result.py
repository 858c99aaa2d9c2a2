"""What one training came to: a frozen value made in one place, handed on as it is, a dict only at the public border."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from core.spec import RunSpec

Ending = Literal["done", "diverged", "failed", "cancelled"]
Points = Mapping[str, Sequence[float | None]]
"""Some epochs of a history: one value per epoch for each name, None where a number is not finite."""
OnPoints = Callable[[int, Points], None]
"""Told the first new epoch, counted from 1, and the points of the new epochs."""


def json_number(value: float | None) -> float | None:
    """Return `value` where JSON can hold it, else None."""
    return None if value is None or not math.isfinite(value) else float(value)


@dataclass(frozen=True, eq=False)
class History(Mapping[str, tuple[float | None, ...]]):
    """The curves of one run: ``loss``, ``val_loss``, ``mae`` or ``accuracy``, ``learning_rate``; one value per epoch.

    Numbers that are not finite are None.
    """

    curves: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, points: Points) -> Self:
        """Return the history of `points`."""
        return cls({name: tuple(values) for name, values in points.items()})

    def __getitem__(self, name: str) -> tuple[float | None, ...]:
        return self.curves[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.curves)

    def __len__(self) -> int:
        return len(self.curves)

    def finite(self, name: str) -> npt.NDArray[np.float64]:
        """Return the finite values of one curve, float64 [≤ epochs]; empty where there is no such curve."""
        return np.array([value for value in self.curves.get(name, ()) if value is not None], np.float64)

    def as_dict(self) -> dict[str, list[float | None]]:
        """Return the public form, JSON-able."""
        return {name: list(values) for name, values in self.curves.items()}


@dataclass(frozen=True, eq=False)
class Result:
    """One training at its end.

    Attributes
    ----------
    variant : mapping
        The values that were varied, by path.
    seed : int
    state : str
        done, diverged (the loss became NaN or infinite), failed (nothing was trained) or cancelled.
    epochs : int
        Epochs that were trained.
    seconds : float
    error : str or None
        Why it failed, in one sentence.
    diverged_at : int or None
        The epoch, counted from 1, whose loss was not finite.
    baseline : mapping or None
        ``loss``, ``val_loss`` and ``what``: the best constant prediction.
    skill, val_skill : float or None
        1 - loss / baseline loss from the predictions, in the target's own units.
    parameters : int or None
        Weights of the network.
    telemetry : mapping
        ``updates``, ``compiler``, ``explained``, ``recall``; ``weights_of_epoch``, the epoch whose weights are judged,
        where early stopping restored them; of a probed run, what was measured in the layers.
    history : History
    """

    variant: Mapping[str, Any]
    seed: int
    state: Ending
    epochs: int = 0
    seconds: float = 0.0
    error: str | None = None
    diverged_at: int | None = None
    baseline: Mapping[str, Any] | None = None
    skill: float | None = None
    val_skill: float | None = None
    parameters: int | None = None
    telemetry: Mapping[str, Any] = field(default_factory=dict)
    history: History = field(default_factory=History)

    @classmethod
    def refused(cls, run: RunSpec, error: str) -> Self:
        """Return the result of a `run` that was not trained, with the reason in one sentence."""
        return cls(run.variant, run.training.seed, "failed", error=error)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the result whose public form is `values`."""
        return cls(**{**values, "history": History.of(values["history"])})

    def as_dict(self) -> dict[str, Any]:
        """Return the public form, JSON-able."""
        return vars(self) | {"history": self.history.as_dict()}

    @property
    def validated(self) -> bool:
        """Whether there were validation rows."""
        return "val_loss" in self.history or self.val_skill is not None

    @property
    def least_recall(self) -> float | None:
        """The recall of the class that is recognised least, on validation rows where there are any."""
        recalls = self.telemetry.get("val_recall") or self.telemetry.get("recall") or ()
        return min((value for value in recalls if value is not None), default=None)
