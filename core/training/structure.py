"""Which runs can share a compiled epoch, told from their specs alone: a hint to whoever deals them out, no promise."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from core.spec import InlineData, RunSpec

_MODEL: Final = {"batch_normalization", "l2", "output_activation", "output_units", "loss"}
_TRAINING: Final = {"optimizer", "momentum", "nesterov", "weight_decay", "clip_norm", "batch_size", "class_weight"}


def structure_key(run: RunSpec, *, probed: bool = False) -> str:
    """Return a short name that is equal for runs that differ only in numbers: seed, learning rate, scaling, ….

    It is cheap: of an inline table only the shape counts. A probed run measures its layers, which is compiled in.
    """
    source = run.data.source
    if isinstance(source, InlineData):
        columns = source.columns
        table: object = [list(columns), len(next(iter(columns.values())))]
    else:
        table = source
    parts: tuple[object, ...] = (
        table,
        run.data.model_dump(mode="json", exclude={"source"}),
        run.preprocessing.model_dump(mode="json", include={"missing", "encoding"}),
        [(layer.units, layer.activation, layer.dropout) for layer in run.model.hidden()],
        run.model.model_dump(mode="json", include=_MODEL),
        run.training.model_dump(mode="json", include=_TRAINING),
        # Callbacks act between epochs, so these runs get one epoch a call.
        run.training.early_stopping is not None,
        run.training.schedule.name == "reduce_on_plateau",
    )
    if probed:
        parts += ("probed",)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
