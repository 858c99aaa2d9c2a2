"""From prepared arrays to a history: real Keras, one compiled epoch; the only place that imports TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.spec import ExperimentSpec
    from core.training.experiment import OnProgress

__all__ = ["train"]


def train(
    spec: str | Path | Mapping[str, Any] | ExperimentSpec, on_progress: OnProgress | None = None
) -> dict[str, Any]:
    """Train every variant of `spec` here, in this process.

    Parameters
    ----------
    spec : str, Path, mapping or ExperimentSpec
        What `core.load_spec` takes.
    on_progress : callable, optional
        Called with a `core.training.experiment.Progress` after each chunk of epochs.

    Returns
    -------
    dict
        ``{"runs": [...], "spec_hash": "..."}``, JSON-able; one entry per variant and seed, with the keys of
        `core.training.result.Result`. A variant that is refused stands among the others: its ``state`` is ``failed``,
        its ``error`` says why in one sentence, its ``history`` is empty and its ``skill`` is None.

    Raises
    ------
    InputRefused
        If the spec cannot be used, or every variant is refused.
    """
    from core.training.experiment import train_experiment

    return train_experiment(spec, on_progress)
