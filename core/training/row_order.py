"""The order of the training rows in each epoch, which anyone can count."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from core.recent import Recent

_KEPT_BYTES: Final = 2**20
"""Of one seed, for its next runs."""
_ORDER_BYTES: Final = 200
"""What an order takes beside its row numbers."""


def row_order(seed: int, epoch: int, rows: int, *, shuffle: bool = True) -> npt.NDArray[np.int32]:
    """Return the order of the training rows in one epoch, counted from 0; int32 [rows].

    A permutation from numpy's counter-based Philox generator, keyed by seed and epoch (Salmon et al. 2011): a resumed
    run, an exported script and ``model.fit(x[order], y[order], shuffle=False)`` see the same batches.
    """
    return RowOrders(seed, rows, shuffle=shuffle).of(epoch)


def row_orders(seed: int, rows: int, *, shuffle: bool = True) -> RowOrders:
    """Return the orders of all epochs; runs that differ elsewhere share them."""
    return _orders.get((seed, rows, shuffle), lambda: RowOrders(seed, rows, shuffle=shuffle))


class RowOrders:
    """`row_order` of one seed; its generator is made once, because that takes longer than a short permutation."""

    def __init__(self, seed: int, rows: int, *, shuffle: bool) -> None:
        self._rows, self._shuffle = rows, shuffle
        self._generator = np.random.Generator(np.random.Philox(key=[seed, 0]))
        self._start = self._generator.bit_generator.state
        self._kept: dict[int, npt.NDArray[np.int32]] = {}
        self._most = _KEPT_BYTES // (4 * rows + _ORDER_BYTES)

    def of(self, epoch: int) -> npt.NDArray[np.int32]:
        """Return the order of one epoch, not to be written to."""
        epoch = epoch if self._shuffle else 0
        if (order := self._kept.get(epoch)) is None:
            order = self._drawn(epoch) if self._shuffle else np.arange(self._rows, dtype=np.int32)
            if len(self._kept) < self._most:
                self._kept[epoch] = order
        return order

    def _drawn(self, epoch: int) -> npt.NDArray[np.int32]:
        self._start["state"]["key"][1] = epoch
        self._generator.bit_generator.state = self._start
        return self._generator.permutation(self._rows).astype(np.int32)


_orders: Recent[tuple[int, int, bool], RowOrders] = Recent(16)
