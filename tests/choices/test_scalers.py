"""What every scaler of inputs or of a target must do, whichever is added."""

import numpy as np
import pytest

from core.choices.scalers import SCALERS, TARGET_SCALERS
from core.data.prepare.targets import fit_target_scale

X = np.random.Generator(np.random.Philox(0)).normal(3, 2, (40, 3))
Y = np.random.Generator(np.random.Philox(0)).normal([10, -300], [2, 50], (30, 2))
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


@pytest.mark.parametrize("kind", TARGET_SCALERS)
def test_the_way_back_ends_where_the_way_began_for_targets_far_outside_too(kind):
    scale = fit_target_scale(kind, Y)
    beyond = np.concatenate((Y, [[-1e6, 1e6], [1e6, -1e6]]))
    np.testing.assert_allclose(scale(scale.scale(beyond)), beyond, rtol=1e-9)


@pytest.mark.parametrize("kind", TARGET_SCALERS)
def test_a_larger_target_is_a_larger_number_and_only_none_leaves_it_alone(kind):
    scaled = fit_target_scale(kind, Y).scale(Y)
    assert (np.argsort(scaled, axis=0) == np.argsort(Y, axis=0)).all()
    assert np.array_equal(scaled, Y) == (kind == "none")


@pytest.mark.parametrize("kind", TARGET_SCALERS)
@pytest.mark.parametrize("value", [0.0, 1e9 + 0.1])
def test_a_constant_target_is_not_divided_by_rounding(kind, value):
    scale = fit_target_scale(kind, np.full((5, 1), value))
    assert abs(scale.scale(np.array([[value + 1]])) - scale.scale(np.array([[value]]))) <= 1
