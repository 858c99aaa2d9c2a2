"""How much memory a run will need, told from its spec and the size of its table before anything is trained."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from core.choices.optimizers import OPTIMIZERS
from core.data.prepare.cache import Preparation
from core.data.prepare.prepared import Prepared
from core.errors import InputRefused
from core.machine import memory_bytes
from core.sentence import said, template
from core.spec import RunSpec, TrainingSpec
from core.spec.model import LayerSpec
from core.training.structure import BLOCK_ROWS, FEWEST_IN_A_ROW, LARGEST_JOINED, ORDER_CELLS, trained_rows

IDLE_BYTES: Final = 350 * 2**20
"""What a trainer holds of its own before its first run: Python, TensorFlow and Keras, without the pages it shares."""

OUT_OF_MEMORY: Final = said(
    "The training ran out of memory; allowed: what the machine has, with a smaller batch, fewer units or fewer rows."
)

_NUMBER: Final = 4
"""Bytes of a float32 and of an int32."""
_COMPILER_BYTES: Final = 140 * 2**20
_LAYER_BYTES: Final = 5 * 2**20
"""What XLA takes for its first structure, and for each layer of one: machine code and what it was made from."""
_ROW_BYTES: Final = 200
_CELL_BYTES: Final = 40
"""Of each row, and of each of its cells while it is prepared: as it was read, as float64 three times, as float32."""
_OUTPUT_BYTES: Final = 48
"""Of an output of one row while predictions are judged: float32, and float64 copies of truth, guess and errors."""


@dataclass(frozen=True)
class RunSize:
    """The shapes of what a run trains on.

    Attributes
    ----------
    rows, validation_rows : int
    features, outputs : int
        Columns of the inputs after encoding, and units of the last layer.
    """

    rows: int
    validation_rows: int
    features: int
    outputs: int

    @classmethod
    def of(cls, prepared: Prepared) -> RunSize:
        """Return the size of arrays that are prepared."""
        return cls(len(prepared.x), len(prepared.x_val), prepared.x.shape[1], prepared.output_units)

    @classmethod
    def expected(cls, run: RunSpec, rows: int, features: int, outputs: int = 0) -> RunSize:
        """Return what `run` will make of a table of so many rows, and columns after encoding.

        `outputs` are those it has where the spec leaves them to the task; by default one for each target.
        """
        rows = min(rows, run.data.rows or rows)
        trained = trained_rows(run, rows)
        units = run.model.output_units
        return cls(trained, rows - trained, features, (outputs or len(run.data.targets)) if units == "auto" else units)


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes a run needs beyond an idle trainer, by what they grow with.

    Attributes
    ----------
    data, weights, batch : int
        With the rows, the weights, the batch size.
    block : int
        Rows that are validated at a time; not at the same time as `batch`.
    rest : int
        With the layers.
    """

    data: int
    weights: int
    batch: int
    block: int
    rest: int

    @property
    def total(self) -> int:
        """All that is needed at the same time."""
        return self.data + self.weights + max(self.batch, self.block) + self.rest


def memory_need(run: RunSpec, size: RunSize, *, probed: bool = False) -> MemoryNeed:
    """Return what `run` needs at its peak; more if its layers are measured.

    Above 400 MB it is between 0.9 and 1.6 times what was measured (``python -m benchmarks.memory``). With N rows, F
    features, O outputs and W weights:

    - *data*: 200 bytes per row; while rows are prepared 40 bytes per cell; after that, if that is more, N·(F + O)
      numbers as they were prepared, as tensors and as they are predicted on, and 48 bytes per output to judge.
    - *weights*: W numbers for the weights, their start values and their gradients, twice for each number the optimizer
      keeps (it is written beside the old one), and once for the best weights early stopping keeps; while layers are
      measured, seven times for snapshots and what is made of them, and then the optimizer's numbers count once.
    - *batch*: for each of its rows what a layer passes on, before and after the activation, is kept for the way back,
      with batch normalisation and dropout what they made of it too; on the way back the gradients of two layers live,
      and those of a whole row of equal layers.
    - *block*: at most 8192 rows in two neighbouring layers.
    - *rest*: what compiling leaves behind, whichever compiler it is in the end.
    """
    rows, hidden = size.rows + size.validation_rows, run.model.hidden
    widths = [size.features, *(layer.units for layer in hidden), size.outputs]
    pair = max(a + b for a, b in itertools.pairwise(widths))
    kept = [layer.units * (2 + 2 * run.model.batch_normalization + bool(layer.dropout)) for layer in hidden]
    preparing = _CELL_BYTES * rows * size.features
    training = _NUMBER * (3 * rows * (size.features + size.outputs) + 4 * max(size.rows, ORDER_CELLS))
    kept += [layer.units + layer.units // 2 for row in _rows_of_equal(run) for layer in row]
    return MemoryNeed(
        data=_ROW_BYTES * rows + max(preparing, training + _OUTPUT_BYTES * rows * size.outputs),
        weights=_NUMBER * _copies(run.training, probed) * sum(a * b + b for a, b in itertools.pairwise(widths)),
        batch=_NUMBER * min(run.training.batch_size, size.rows) * (widths[0] + sum(kept) + widths[-1] + pair),
        block=_NUMBER * min(BLOCK_ROWS, rows) * pair,
        rest=_COMPILER_BYTES + _LAYER_BYTES * len(widths),
    )


def _rows_of_equal(run: RunSpec) -> Iterator[list[LayerSpec]]:
    """Yield the hidden layers that are computed in one loop (`core.training.weights`)."""
    if run.model.batch_normalization:
        return
    for kind, row in itertools.groupby(run.model.hidden, lambda layer: (layer.units, str(layer.activation))):
        layers = list(row)
        dropped = any(layer.dropout for layer in layers)
        if kind[0] ** 2 <= LARGEST_JOINED and len(layers) > FEWEST_IN_A_ROW and not dropped:
            yield layers


def _copies(training: TrainingSpec, probed: bool) -> int:
    slots = OPTIMIZERS[training.optimizer].slots
    return 3 + (max(2 * slots, 7 + slots) if probed else 2 * slots) + (training.early_stopping is not None)


def check_memory(run: RunSpec, size: RunSize, allowed: int, *, probed: bool = False) -> None:
    """Refuse a run that needs more than `allowed` bytes beyond an idle trainer.

    Raises
    ------
    InputRefused
        Where the most is needed; the sentence says how much, what is allowed and what would fit.
    """
    need = memory_need(run, size, probed=probed)
    if need.total > allowed:
        where, change = _what_fits(run, size, need, allowed, _copies(run.training, probed))
        raise InputRefused(
            said(
                "{where}: a run needs about {need!n} of memory; allowed: {allowed!n}, {change!t}.",
                where=where,
                need=memory_text(need.total),
                allowed=memory_text(max(0, allowed)),
                change=change,
            ),
            where,
        )


def prepared_within(run: RunSpec, preparation: Preparation, allowed: int, *, probed: bool = False) -> Prepared:
    """Return the arrays of `run`.

    Raises
    ------
    InputRefused
        If they cannot be made, or the run needs more than `allowed` bytes beyond an idle trainer.
    """
    prepared = preparation.of(run)
    check_memory(run, RunSize.of(prepared), allowed, probed=probed)
    return prepared


def run_allowance(process_mb: int | None = None) -> int:
    """Return the bytes a run may need in a process of so many MB in all; by default, of all that the machine grants."""
    return (memory_bytes() if process_mb is None else process_mb * 2**20) - IDLE_BYTES


def _what_fits(run: RunSpec, size: RunSize, need: MemoryNeed, allowed: int, copies: int) -> tuple[str, str]:
    """Return the setting that needs most and whose change alone is enough, and that change; else the layers."""
    left = allowed - need.rest
    batch, rows = min(run.training.batch_size, size.rows), size.rows + size.validation_rows
    weights = need.weights // (_NUMBER * copies)
    ways = [
        (
            need.batch,
            left - need.data - need.weights,
            batch,
            "training.batch_size",
            template("with a batch size of {count:,}"),
        ),
        (
            need.weights,
            left - need.data - max(need.batch, need.block),
            weights,
            "model.layers",
            template("with {count:,} weights"),
        ),
        (
            need.data,
            left - need.weights - max(need.batch, need.block),
            rows,
            "data.rows",
            template("with {count:,} rows"),
        ),
    ]
    for part, share, count, where, words in sorted(ways, reverse=True):
        least = need.block if part == need.batch else 0
        if share > least and (fits := count * share // part):
            return where, said(words, count=_rounded_down(fits))
    return "model.layers", said("with fewer layers and units")


def _rounded_down(count: int) -> int:
    """Return `count` in two digits."""
    unit = 10 ** max(0, len(str(count)) - 2)
    return int(count // unit * unit)


def memory_text(count: int) -> str:
    """Return a number of bytes as ``350 MB`` or ``6.9 GB``."""
    return f"{count / 1e6:,.0f} MB" if count < 1e9 else f"{count / 1e9:,.1f} GB"
