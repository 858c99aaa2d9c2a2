"""What every scaler must do, whichever is added."""

import numpy as np
import pytest

from core.choices.scalers import SCALERS

X = np.random.Generator(np.random.Philox(0)).normal(3, 2, (40, 3))
BUILT = [scaler for scaler in SCALERS.values() if scaler.build]


@pytest.mark.parametrize("scaler", BUILT, ids=lambda scaler: scaler.name)
@pytest.mark.parametrize("rows", [1, 40])
def test_a_scaler_gives_as_many_finite_numbers_as_it_gets_on_any_number_of_rows(scaler, rows):
    scaled = scaler.build(rows).fit(X[:rows]).transform(X)
    assert scaled.shape == X.shape
    assert np.isfinite(scaled).all()


@pytest.mark.parametrize("scaler", [s for s in BUILT if not s.by_row], ids=lambda scaler: scaler.name)
def test_missing_values_pass_a_scaler_of_columns_and_change_no_other(scaler):
    holed = X.copy()
    holed[::5, 1] = np.nan
    scaled = scaler.build(len(X)).fit(holed).transform(holed)
    assert (np.isnan(scaled) == np.isnan(holed)).all()
    np.testing.assert_array_equal(scaled[:, [0, 2]], scaler.build(len(X)).fit(X).transform(X)[:, [0, 2]])


@pytest.mark.parametrize("scaler", [s for s in BUILT if s.by_row], ids=lambda scaler: scaler.name)
def test_a_scaler_by_row_is_blind_to_all_other_rows(scaler):
    one, other = (scaler.build(20).fit(rows).transform(X[:3]) for rows in (X[:20], 9 * X[20:]))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(one[:1], scaler.build(1).fit_transform(X[:1]))
    assert not np.array_equal(one, X[:3])
