"""The order of the training rows in every epoch; it follows from seed and epoch alone, so anyone can replay it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def row_order(seed: int, epoch: int, rows: int, *, shuffle: bool = True) -> npt.NDArray[np.int32]:
    """Return the order of the training rows in one epoch, counted from 0; int32 [rows].

    A permutation from numpy's counter-based Philox generator, keyed by seed and epoch (Salmon et al. 2011): a resumed
    run, an exported script and ``model.fit(x[order], y[order], shuffle=False)`` see the same batches.
    """
    if not shuffle:
        return np.arange(rows, dtype=np.int32)
    generator = np.random.Generator(np.random.Philox(key=[seed, epoch]))
    return generator.permutation(rows).astype(np.int32)
