"""A lighter version of a run on a large table, which says the same in a tenth of the time."""

from __future__ import annotations

import math
from typing import Any, Final

from core.diagnosis.causes.cause import Change
from core.spec import RunSpec
from core.training.structure import trained_rows, updates

ROWS: Final = 5000
"""Of which the validation rows tell a share of variance to about 0.02 (`evidence.simple_models.doubt`)."""
_LARGE: Final = 2 * ROWS
"""A table of so many rows is small enough to be taken whole."""
MOST_ON_ALL_ROWS: Final = 200_000
"""Steps of the one run in which a repair is trained on all rows: some seconds."""
_COUNTS: Final = ("every", "warmup_epochs", "patience", "cooldown")
"""Settings of schedules that are numbers of epochs."""
UPDATES: Final = 10_000
"""Optimizer steps of a run on a sample, at most: a network for a table has long learnt what it will."""


def lighter(run: RunSpec, rows: int) -> dict[str, Any]:
    """Return the change that lets `run` train on a seeded sample of a table of so many `rows`; empty for a small one.

    The number of steps stays as it is, up to `UPDATES`, so that what trains too short still does.
    """
    if min(rows, run.data.rows or rows) <= _LARGE:
        return {}
    sample = run.changed({"data.rows": ROWS})
    steps = updates(run, trained_rows(run, rows))
    per_epoch = updates(sample, trained_rows(sample, rows)) // run.training.epochs
    epochs = max(1, round(min(steps, UPDATES) / per_epoch))
    change: dict[str, Any] = {"data.rows": ROWS, "training.epochs": epochs}
    change |= _stretched(run, epochs / run.training.epochs)
    return change


def _stretched(run: RunSpec, times: float) -> dict[str, Any]:
    """Return what of `run` counts epochs, for so many times as many."""
    change: dict[str, Any] = {}
    schedule = run.training.schedule.model_dump(mode="json")
    counts = {name: max(1, round(schedule[name] * times)) for name in _COUNTS if schedule.get(name)}
    if "decay_rate" in schedule:
        counts["decay_rate"] = max(1e-6, schedule["decay_rate"] ** (1 / times))
    if counts:
        change["training.schedule"] = schedule | counts
    stopping = run.training.early_stopping
    if stopping is not None and stopping.patience:
        patience = max(1, round(stopping.patience * times))
        change["training.early_stopping"] = stopping.model_dump(mode="json") | {"patience": patience}
    return change


def on_all_rows(change: Change, run: RunSpec, rows: int) -> dict[str, Any]:
    """Return for `run` on all `rows` what `change` is on its sample: as many steps are fewer epochs there."""
    stopping = change.get("training.early_stopping")
    if stopping:
        times = run.training.epochs / run.changed(lighter(run, rows)).training.epochs
        patience = max(1, round(stopping["patience"] * times)) if stopping["patience"] else 0
        change = {**change, "training.early_stopping": {**stopping, "patience": patience}}
    if "training.epochs" not in change:
        return dict(change)
    light = run.changed(lighter(run, rows)).changed(change)
    whole = run.changed({path: value for path, value in change.items() if path != "training.epochs"})
    per_epoch = updates(whole, trained_rows(whole, rows)) / whole.training.epochs
    epochs = math.ceil(updates(light, trained_rows(light, rows)) / per_epoch)
    return {**change, "training.epochs": max(run.training.epochs, epochs)}
