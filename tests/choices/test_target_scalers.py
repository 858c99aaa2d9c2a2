"""What every scaling of a target must do, whichever is added."""

import numpy as np
import pytest

from core.choices.target_scalers import TARGET_SCALERS
from core.data.prepare.targets import fit_target_scale

Y = np.random.Generator(np.random.Philox(0)).normal([10, -300], [2, 50], (30, 2))


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
