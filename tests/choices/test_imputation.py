"""What every way to treat missing values must do, whichever is added."""

import numpy as np
import pytest

from core.choices.imputation import IMPUTATIONS

X = np.array([[1.0, np.nan, 4.0], [2.0, np.nan, np.nan], [6.0, np.nan, 5.0], [3.0, 8.0, 4.0]])


@pytest.mark.parametrize("way", [w for w in IMPUTATIONS.values() if w.build], ids=lambda way: way.name)
def test_an_imputer_fills_every_gap_keeps_the_width_and_moves_no_value_it_knows(way):
    # The second column has no value among the fitted rows.
    filled = way.build().fit(X[:3]).transform(X)
    assert filled.shape == X.shape
    assert np.isfinite(filled).all()
    known = ~np.isnan(X) & [True, False, True]
    np.testing.assert_array_equal(filled[known], X[known])


@pytest.mark.parametrize("way", IMPUTATIONS.values(), ids=lambda way: way.name)
def test_a_gap_is_either_filled_dropped_or_kept(way):
    assert [bool(way.build), bool(way.drops), way.keeps].count(True) == 1
