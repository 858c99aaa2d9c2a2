"""The learning rate of every epoch, and the Keras callbacks that change or end a run between epochs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from core.spec import ReduceOnPlateau, RunSpec, TrainingSpec
from core.spec.training import (
    Constant,
    Cosine,
    EarlyStopping,
    Exponential,
    Step,
    WarmupCosine,
)
from core.training.backend import keras


def _half_cosine(progress: float, alpha: float) -> float:
    return alpha + (1 - alpha) * 0.5 * (1 + math.cos(math.pi * progress))


def _warmup_cosine(schedule: WarmupCosine, epoch: int, epochs: int) -> float:
    if epoch < schedule.warmup_epochs:
        return (epoch + 1) / schedule.warmup_epochs
    return _half_cosine((epoch - schedule.warmup_epochs) / max(1, epochs - schedule.warmup_epochs), schedule.alpha)


_FACTORS: Final[Mapping[type, Callable[[Any, int, int], float]]] = {
    Constant: lambda _schedule, _epoch, _epochs: 1.0,
    ReduceOnPlateau: lambda _schedule, _epoch, _epochs: 1.0,
    Cosine: lambda schedule, epoch, epochs: _half_cosine(epoch / epochs, schedule.alpha),
    Exponential: lambda schedule, epoch, _epochs: schedule.decay_rate**epoch,
    Step: lambda schedule, epoch, _epochs: schedule.factor ** (epoch // schedule.every),
    WarmupCosine: _warmup_cosine,
}


def learning_rate_at(training: TrainingSpec, epoch: int) -> float:
    """Return the scheduled learning rate of `epoch` (from 0); a plateau callback may lower it further."""
    return training.learning_rate * _FACTORS[type(training.schedule)](training.schedule, epoch, training.epochs)


def _mode(monitor: str) -> str:
    return "max" if monitor.endswith("accuracy") else "min"


def callbacks(run: RunSpec) -> list[Any]:
    """Return the real Keras callbacks this run asks for; none for most runs, which may then train in chunks."""
    found = []
    schedule, stopping = run.training.schedule, run.training.early_stopping
    if isinstance(schedule, ReduceOnPlateau):
        monitor = schedule.monitor or ("val_loss" if run.data.validation_fraction else "loss")
        found.append(
            keras.callbacks.ReduceLROnPlateau(
                monitor=monitor,
                mode=_mode(monitor),
                factor=schedule.factor,
                patience=schedule.patience,
                min_delta=schedule.min_delta,
                cooldown=schedule.cooldown,
                min_lr=schedule.min_learning_rate,
            )
        )
    if isinstance(stopping, EarlyStopping):
        found.append(
            keras.callbacks.EarlyStopping(
                monitor=stopping.monitor,
                mode=_mode(stopping.monitor),
                patience=stopping.patience,
                min_delta=stopping.min_delta,
                restore_best_weights=stopping.restore_best_weights,
            )
        )
    return found
