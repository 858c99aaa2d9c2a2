"""The learning rate of every epoch, and the Keras callbacks that change or end a run between epochs."""

from __future__ import annotations

from typing import Any

from core.spec import RunSpec, TrainingSpec
from core.training.backend import keras


def learning_rate_at(training: TrainingSpec, epoch: int) -> float:
    """Return the scheduled learning rate of `epoch` (from 0); a callback may lower it further."""
    return training.learning_rate * training.schedule.scale(epoch, training.epochs)


def callbacks(run: RunSpec) -> list[Any]:
    """Return the real Keras callbacks this run asks for; none for most runs, which may then train in chunks."""
    stopping = run.training.early_stopping
    wanted = [
        run.training.schedule.callback("val_loss" if run.data.validation_fraction else "loss"),
        None if stopping is None else stopping.callback(),
    ]
    return [getattr(keras.callbacks, name)(**options) for name, options in filter(None, wanted)]
