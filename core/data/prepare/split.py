"""Which rows train and which validate, exactly as scikit-learn's own split has it, so that anyone can replay it."""

from __future__ import annotations

import math

import numpy as np

from core.errors import InputRefused
from core.sentence import said
from core.spec import RunSpec


def split(
    run: RunSpec, rows: int, classes: np.ndarray | None, groups: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Return the positions that train, those that validate, and notes.

    ``random`` is ``sklearn.model_selection.train_test_split(numpy.arange(rows), test_size=validation_fraction,
    random_state=training.seed)``; ``stratified`` the same with ``stratify``, or random where that cannot be;
    ``in_order`` the same with ``shuffle=False``: the last rows validate. Without validation rows the order stays.
    ``grouped`` is ``GroupShuffleSplit(n_splits=1, test_size=validation_fraction, random_state=training.seed)``, where
    rows of equal inputs are one group, numbered as they come: no row is validated by its copy.

    Parameters
    ----------
    classes : numpy.ndarray or None
        int64 [rows], the class of each row; None where the target is no single class.
    groups : numpy.ndarray, optional
        int64 [rows], the group of each row, from 0; for ``grouped`` alone.

    Raises
    ------
    InputRefused
        If no row would be left to train on.
    """
    from sklearn.model_selection import GroupShuffleSplit, train_test_split

    positions = np.arange(rows)
    fraction = run.data.validation_fraction
    if fraction == 0:
        return positions, positions[:0], ()
    # The same rounding as scikit-learn's, which takes at least one validation row.
    validation = math.ceil(fraction * rows)
    if validation >= rows:
        raise InputRefused(
            said(
                "data.validation_fraction: {fraction:g} of {rows} rows leaves none to train on; "
                "allowed: a smaller share, or 0.",
                fraction=fraction,
                rows=rows,
            ),
            "data.validation_fraction",
        )
    notes: tuple[str, ...] = ()
    stratify = None
    if groups is not None:
        several = groups.max() + 1
        if several > math.ceil(fraction * several):
            parts = GroupShuffleSplit(1, test_size=fraction, random_state=run.training.seed)
            train, held_out = next(parts.split(positions, groups=groups))
            return train, held_out, ()
        notes = (said("The split is random: there are too few different rows to keep copies together."),)
    if run.data.split == "stratified":
        if classes is None:
            notes = (said("The split is random: only single classes can be stratified."),)
        elif _can_stratify(classes, rows - validation, validation):
            stratify = classes
        else:
            notes = (said("The split is random: a class has too few rows to be stratified."),)
    shuffle = run.data.split != "in_order"
    train, held_out = train_test_split(
        positions,
        test_size=fraction,
        shuffle=shuffle,
        random_state=run.training.seed if shuffle else None,
        stratify=stratify,
    )
    return train, held_out, notes


def _can_stratify(classes: np.ndarray, train: int, validation: int) -> bool:
    counts = np.unique(classes, return_counts=True)[1]
    return bool(counts.min() >= 2 and min(train, validation) >= len(counts))
