"""How the weights are found: optimizer, learning rate and its schedule, batches, epochs, when to stop."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool

from core.spec.values import Count, Number, Value

OptimizerName = Literal[
    "sgd", "adam", "adamw", "rmsprop", "nadam", "adagrad", "adadelta", "adamax", "adafactor", "lion", "ftrl"
]

Monitor = Literal["loss", "val_loss", "mae", "val_mae", "accuracy", "val_accuracy"]


class Constant(Value):
    """The same learning rate in every epoch."""

    name: Literal["constant"]


class Cosine(Value):
    """Half a cosine from the learning rate down to `alpha` times it (Loshchilov & Hutter 2017)."""

    name: Literal["cosine"]
    alpha: Annotated[Number, Field(ge=0, le=1)] = 0.0


class Exponential(Value):
    """The learning rate times `decay_rate` to the power of the epoch."""

    name: Literal["exponential"]
    decay_rate: Annotated[Number, Field(gt=0, le=1)] = 0.97


class Step(Value):
    """The learning rate times `factor` after every `every` epochs."""

    name: Literal["step"]
    factor: Annotated[Number, Field(gt=0, le=1)] = 0.5
    every: Annotated[Count, Field(ge=1)] = 10


class WarmupCosine(Value):
    """A straight climb over `warmup_epochs`, then half a cosine down to `alpha` times the learning rate."""

    name: Literal["warmup_cosine"]
    warmup_epochs: Annotated[Count, Field(ge=1)] = 5
    alpha: Annotated[Number, Field(ge=0, le=1)] = 0.0


class ReduceOnPlateau(Value):
    """Keras's own ``ReduceLROnPlateau``; without validation rows it watches the training loss."""

    name: Literal["reduce_on_plateau"]
    monitor: Monitor | None = None
    factor: Annotated[Number, Field(gt=0, lt=1)] = 0.1
    patience: Annotated[Count, Field(ge=0)] = 10
    min_delta: Annotated[Number, Field(ge=0)] = 1e-4
    cooldown: Annotated[Count, Field(ge=0)] = 0
    min_learning_rate: Annotated[Number, Field(ge=0)] = 0.0


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


Schedule = Annotated[
    Annotated[Constant | Cosine | Exponential | Step | WarmupCosine | ReduceOnPlateau, Field(discriminator="name")],
    BeforeValidator(_named),
]


class EarlyStopping(Value):
    """Keras's own ``EarlyStopping``."""

    monitor: Monitor = "val_loss"
    patience: Annotated[Count, Field(ge=0)] = 10
    min_delta: Annotated[Number, Field(ge=0)] = 0.0
    restore_best_weights: StrictBool = True


class TrainingSpec(Value):
    """How the weights are found. `momentum` and `nesterov` act on sgd, `momentum` on rmsprop too."""

    optimizer: OptimizerName = "adam"
    learning_rate: Annotated[Number, Field(ge=1e-12, le=1e6)] = 0.001
    momentum: Annotated[Number, Field(ge=0, le=1)] = 0.0
    nesterov: StrictBool = False
    weight_decay: Annotated[Number, Field(ge=0, le=1e3)] = 0.0
    clip_norm: Annotated[Number, Field(gt=0)] | None = Field(
        None, description="the norm of all gradients together is cut to this"
    )
    schedule: Schedule = Constant(name="constant")
    batch_size: Annotated[Count, Field(ge=1, le=1_000_000)] = 32
    epochs: Annotated[Count, Field(ge=1, le=100_000)] = 100
    shuffle: StrictBool = True
    early_stopping: EarlyStopping | None = None
    class_weight: Literal["balanced"] | None = None
    seed: Annotated[Count, Field(ge=0, lt=2**31)] = 0
