"""How the learning rate changes over the epochs: one class for each schedule, with its defaults and its formula."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Union

from pydantic import BeforeValidator, Field

from core.choices.choice import by_name
from core.spec.values import Count, Number, Value

Monitor = Literal["loss", "val_loss", "mae", "val_mae", "accuracy", "val_accuracy"]
Callback = tuple[str, dict[str, Any]]
"""A class in ``keras.callbacks`` and what its constructor is given."""


def mode_of(monitor: str) -> str:
    """Return whether Keras is to call the highest (``max``) or the lowest value of `monitor` the best."""
    return "max" if monitor.endswith("accuracy") else "min"


class Schedule(Value):
    """A schedule; a new one is one more subclass here, under the name a spec gives it."""

    name: str = ""
    reacts: ClassVar[bool] = False
    """Whether a Keras callback changes the rate between epochs, so that epochs are trained one by one."""
    tries: ClassVar[bool] = False
    """Whether it tries rates instead of training a program: nobody chooses it to train with."""

    def scale(self, epoch: int, epochs: int) -> float:  # noqa: ARG002 - a constant needs neither
        """Return the learning rate of `epoch` (from 0) of `epochs`, relative to the one that was set."""
        return 1.0

    def callback(self, default_monitor: str) -> Callback | None:  # noqa: ARG002 - for those that react
        """Return the Keras callback that changes the rate between epochs."""
        return None


class Constant(Schedule):
    """The same learning rate in every epoch."""

    name: Literal["constant"] = "constant"


class Cosine(Schedule):
    """Half a cosine from the learning rate down to `alpha` times it (Loshchilov & Hutter 2017)."""

    name: Literal["cosine"] = "cosine"
    alpha: Annotated[Number, Field(ge=0, le=1)] = 0.0

    def scale(self, epoch: int, epochs: int) -> float:
        """Return the cosine at this share of the epochs."""
        return _half_cosine(epoch / epochs, self.alpha)


class Exponential(Schedule):
    """The learning rate times `decay_rate` to the power of the epoch."""

    name: Literal["exponential"] = "exponential"
    decay_rate: Annotated[Number, Field(gt=0, le=1)] = 0.97

    def scale(self, epoch: int, epochs: int) -> float:  # noqa: ARG002
        """Return the decay after so many epochs."""
        return float(self.decay_rate**epoch)


class Step(Schedule):
    """The learning rate times `factor` after every `every` epochs."""

    name: Literal["step"] = "step"
    factor: Annotated[Number, Field(gt=0, le=1)] = 0.5
    every: Annotated[Count, Field(ge=1)] = 10

    def scale(self, epoch: int, epochs: int) -> float:  # noqa: ARG002
        """Return the steps taken so far, multiplied."""
        return float(self.factor ** (epoch // self.every))


class WarmupCosine(Schedule):
    """A straight climb over `warmup_epochs`, then half a cosine down to `alpha` times the learning rate."""

    name: Literal["warmup_cosine"] = "warmup_cosine"
    warmup_epochs: Annotated[Count, Field(ge=1)] = 5
    alpha: Annotated[Number, Field(ge=0, le=1)] = 0.0

    def scale(self, epoch: int, epochs: int) -> float:
        """Return the climb, or the cosine at this share of the epochs after it."""
        if epoch < self.warmup_epochs:
            return (epoch + 1) / self.warmup_epochs
        return _half_cosine((epoch - self.warmup_epochs) / max(1, epochs - self.warmup_epochs), self.alpha)


class RangeTest(Schedule):
    """The learning rate climbs exponentially to `times` times itself, to see at which rates the loss falls.

    The learning rate range test of Smith (2017, "Cyclical Learning Rates for Training Neural Networks", section 3.3),
    with the rate on a logarithmic axis as in fastai's ``lr_find``.
    """

    name: Literal["range_test"] = "range_test"
    tries: ClassVar[bool] = True
    times: Annotated[Number, Field(gt=1, le=1e18)] = 1e8

    def scale(self, epoch: int, epochs: int) -> float:
        """Return the power of `times` at this share of the epochs, all of it in the last one."""
        return float(self.times ** (epoch / max(1, epochs - 1)))


class ReduceOnPlateau(Schedule):
    """Keras's own ``ReduceLROnPlateau``; without validation rows it watches the training loss."""

    name: Literal["reduce_on_plateau"] = "reduce_on_plateau"
    reacts: ClassVar[bool] = True
    monitor: Monitor | None = None
    factor: Annotated[Number, Field(gt=0, lt=1)] = 0.1
    patience: Annotated[Count, Field(ge=0)] = 10
    min_delta: Annotated[Number, Field(ge=0)] = 1e-4
    cooldown: Annotated[Count, Field(ge=0)] = 0
    min_learning_rate: Annotated[Number, Field(ge=0)] = 0.0

    def callback(self, default_monitor: str) -> Callback:
        """Return Keras's callback."""
        options = self.model_dump(exclude={"name", "min_learning_rate"})
        monitor = self.monitor or default_monitor
        return "ReduceLROnPlateau", options | {
            "monitor": monitor, "mode": mode_of(monitor), "min_lr": self.min_learning_rate
        }  # fmt: skip


def _half_cosine(progress: float, alpha: float) -> float:
    return alpha + (1 - alpha) * 0.5 * (1 + math.cos(math.pi * progress))


SCHEDULES: Final[Mapping[str, type[Schedule]]] = by_name(
    (kind.model_fields["name"].default, kind) for kind in Schedule.__subclasses__()
)


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


if TYPE_CHECKING:
    ScheduleSpec = Schedule
else:
    ScheduleSpec = Annotated[
        Annotated[Union[tuple(SCHEDULES.values())], Field(discriminator="name")],  # noqa: UP007 - made of a table
        BeforeValidator(_named),
    ]
