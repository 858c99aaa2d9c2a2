"""How the weights are found: optimizer, learning rate and its schedule, batches, epochs, when to stop."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from core.choices.choice import one_of
from core.choices.optimizers import OPTIMIZERS
from core.spec.schedules import Callback, Constant, Monitor, ScheduleSpec, mode_of
from core.spec.touches import Thing, touches
from core.spec.values import Count, Number, Value

OptimizerName = Annotated[str, one_of(OPTIMIZERS)]

_COMPILED = touches(Thing.STRUCTURE)


class EarlyStopping(Value):
    """Keras's own ``EarlyStopping``."""

    monitor: Monitor = "val_loss"
    patience: Annotated[Count, Field(ge=0)] = 10
    min_delta: Annotated[Number, Field(ge=0)] = 0.0
    restore_best_weights: StrictBool = True

    def callback(self) -> Callback:
        """Return Keras's callback."""
        return "EarlyStopping", self.model_dump() | {"mode": mode_of(self.monitor)}


class TrainingSpec(Value):
    """How the weights are found. Which optimizers `momentum` and `nesterov` act on, `OPTIMIZERS` says.

    What touches nothing (learning rate, epochs, the order of rows, …) is handed to a compiled epoch as numbers.
    """

    optimizer: Annotated[OptimizerName, _COMPILED] = "adam"
    learning_rate: Annotated[Number, Field(ge=1e-12, le=1e6)] = 0.001
    momentum: Annotated[Number, Field(ge=0, le=1), _COMPILED] = 0.0
    nesterov: Annotated[StrictBool, _COMPILED] = False
    weight_decay: Annotated[Number, Field(ge=0, le=1e3), _COMPILED] = 0.0
    clip_norm: Annotated[Annotated[Number, Field(gt=0)] | None, _COMPILED] = Field(
        None, description="the norm of all gradients together is cut to this"
    )
    # Callbacks act between epochs, so these runs get one epoch per call.
    schedule: Annotated[ScheduleSpec, touches(structure=lambda schedule: schedule.reacts)] = Constant()
    batch_size: Annotated[Count, Field(ge=1, le=1_000_000), _COMPILED] = 32
    epochs: Annotated[Count, Field(ge=1, le=100_000)] = 100
    shuffle: StrictBool = True
    early_stopping: Annotated[EarlyStopping | None, touches(structure=lambda stopping: stopping is not None)] = None
    class_weight: Annotated[
        Literal["balanced"] | None, touches(Thing.ARRAYS, Thing.STRUCTURE, Thing.LOSS_UNIT)
    ] = None  # fmt: skip
    # The split into training and validation rows follows from it, too.
    seed: Annotated[Count, Field(ge=0, lt=2**31), touches(Thing.ARRAYS, Thing.PICTURE)] = 0
