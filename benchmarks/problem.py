"""A training as bare numbers, for engines that know nothing of the lab: the same rows, batches and first weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from core.data.prepare.prepared import Prepared
from core.spec import RunSpec

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Problem:
    """Dense layers, a linear output, mean squared error and Adam at a constant rate, with Keras's defaults.

    Attributes
    ----------
    x, y : float32 arrays of shapes (rows, features) and (rows, outputs)
        What is trained on; there are no validation rows.
    orders : int32 array of shape (epochs, rows)
        The order of the rows in each epoch, the lab's own.
    weights : tuple of (kernel, bias)
        Float32, shapes (inputs, units) and (units,), from the first layer to the output: where the run starts.
    activation : str
        After each hidden layer: ``relu``, ``tanh`` or ``sigmoid``.
    dropout : tuple of float
        The share that is dropped after each hidden layer.
    batch_size : int
        Rows per update; the last batch of an epoch has what is left.
    learning_rate : float
        Of Adam.
    """

    x: Floats
    y: Floats
    orders: npt.NDArray[np.int32]
    weights: tuple[tuple[Floats, Floats], ...]
    activation: str
    dropout: tuple[float, ...]
    batch_size: int
    learning_rate: float

    @classmethod
    def of(cls, run: RunSpec, prepared: Prepared, epochs: int) -> Self:
        """Return `run` on `prepared` as numbers, with the orders of so many epochs; loads Keras for the weights."""
        from core.bench import plain_model
        from core.training.row_order import row_order

        weights = plain_model(run, prepared).get_weights()
        rows, training = len(prepared.x), run.training
        return cls(
            x=prepared.x,
            y=prepared.y,
            orders=np.stack([row_order(training.seed, i, rows, shuffle=training.shuffle) for i in range(epochs)]),
            weights=tuple(zip(weights[::2], weights[1::2], strict=True)),
            activation=run.model.activation,
            dropout=tuple(float(layer.dropout or 0) for layer in run.model.hidden),
            batch_size=min(training.batch_size, rows),
            learning_rate=training.learning_rate,
        )

    def write(self, path: Path) -> None:
        """Write it as a file of arrays."""
        arrays = {name: value for name, value in asdict(self).items() if name != "weights"}
        for i, (kernel, bias) in enumerate(self.weights):
            arrays |= {f"kernel {i}": kernel, f"bias {i}": bias}
        np.savez(path, allow_pickle=False, **arrays)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return what `write` wrote."""
        with np.load(path) as file:
            arrays = dict(file)
        layers = range(len(arrays["dropout"]) + 1)
        known = {field.name: arrays[field.name] for field in fields(cls) if field.name in arrays}
        return cls(**known | {
            "weights": tuple((arrays[f"kernel {i}"], arrays[f"bias {i}"]) for i in layers),
            "activation": str(arrays["activation"]),
            "dropout": tuple(map(float, arrays["dropout"])),
            "batch_size": int(arrays["batch_size"]),
            "learning_rate": float(arrays["learning_rate"]),
        })  # fmt: skip
