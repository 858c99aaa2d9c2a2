"""What a table says of an entry is true of Keras itself; a new entry is held to it without a new test."""

import inspect

import keras
import numpy as np
import pytest

from core.choices.activations import ACTIVATIONS
from core.choices.choice import Choice, one_of, table
from core.choices.initializers import INITIALIZERS
from core.choices.losses import ALIASES, KERAS_EPSILON, LOSSES
from core.choices.optimizers import OPTIMIZERS
from core.errors import InputRefused
from core.spec import TrainingSpec, load_spec
from core.spec.schedules import SCHEDULES, RangeTest
from core.training.initial_weights import initializer
from core.training.model import build_loss, build_optimizer

TABLES = {"activations": ACTIVATIONS, "initializers": INITIALIZERS, "losses": LOSSES, "optimizers": OPTIMIZERS}
IRIS = {"data": {"source": "sample:iris", "target": "species"}}
WIDE = np.linspace(-150, 150, 3001, dtype=np.float32)[:, None]


@pytest.mark.parametrize("name", TABLES)
def test_every_entry_is_called_what_it_is_found_under_and_says_what_it_does(name):
    for key, entry in TABLES[name].items():
        assert entry.name == key
        assert entry.help.endswith((".", ")")), key
        assert len(entry.help) < 100, key


def test_a_name_that_is_not_in_the_table_is_refused_with_those_that_are():
    allowed = ", ".join(OPTIMIZERS)
    with pytest.raises(InputRefused, match=rf'training.optimizer: "sgdd" is not allowed; allowed: {allowed}\.$'):
        load_spec(IRIS | {"training": {"optimizer": "sgdd"}})
    known = one_of(table(Choice(name="a", help="A.")), "auto")
    assert [known.func(name) for name in ("a", "auto")] == ["a", "auto"]  # type: ignore[call-arg]
    with pytest.raises(ValueError, match=r"allowed: auto, a$"):
        known.func("b")  # type: ignore[call-arg]


def test_a_second_entry_of_one_name_is_an_error():
    with pytest.raises(ValueError, match=r"called a$"):
        table(*(Choice(name=name, help="Help.") for name in "aba"))
    assert list(table(*(Choice(name=name, help="Help.") for name in "ba"))) == ["b", "a"]


def test_no_activation_of_keras_is_forgotten():
    of_keras = {name for name, part in vars(keras.activations).items() if inspect.isfunction(part)}
    assert of_keras - {"get", "serialize", "deserialize"} == ACTIVATIONS.keys() | {"glu", "threshold"}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_outputs_keep_their_bounds_and_reach_for_them(name):
    entry = ACTIVATIONS[name]
    # The exponential overflows beyond; over units, the second one stands against the first.
    narrow = WIDE[np.abs(WIDE) < 80][:, None]
    x = np.concatenate((narrow, -narrow), axis=1) if "max" in name else narrow
    y = np.asarray(keras.activations.get(name)(x))
    low, high = entry.bounds
    assert low - 1e-6 <= y.min()
    assert y.max() <= high + 1e-6
    for bound, reached in ((low, y.min()), (high, y.max())):
        assert not np.isfinite(bound) or abs(reached - bound) < 0.05
        assert np.isfinite(bound) or abs(reached) > 5


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_units_die_only_where_all_that_is_negative_becomes_zero(name):
    below = np.asarray(keras.activations.get(name)(WIDE[WIDE < 0][:, None]))
    over_rows = "softmax" in name or "sparsemax" in name
    assert ACTIVATIONS[name].rectified == (bool((below == 0).all()) and not over_rows)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slopes_are_gone_beyond_the_flat_ends_and_nowhere_else_on_both_sides(name):
    if ACTIVATIONS[name].over_units or "max" in name:
        assert ACTIVATIONS[name].flat_beyond is None
        return
    y = np.asarray(keras.activations.get(name)(WIDE))[:, 0]
    slope = np.abs(np.gradient(y, WIDE[:, 0]))
    both_flat = slope[0] < 0.01 and slope[-1] < 0.01
    ends = ACTIVATIONS[name].flat_beyond
    assert (ends is not None) == (both_flat and not ACTIVATIONS[name].rectified)
    if ends is not None:
        assert np.median(slope[(y < ends[0]) | (y > ends[1])]) < 1e-3


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_single_output_that_is_always_one_is_said_to_be(name):
    single = np.asarray(keras.activations.get(name)(WIDE))
    assert ACTIVATIONS[name].over_units == np.allclose(single, 1, atol=1e-4)


def moved(optimizer, gradient):
    weight = keras.Variable(np.ones(3, np.float32))
    optimizer.build([weight])
    optimizer.apply([np.full(3, gradient, np.float32)], [weight])
    return float(np.abs(np.asarray(weight) - 1).max())


@pytest.mark.parametrize("name", [name for name, entry in OPTIMIZERS.items() if entry.unit_steps])
def test_a_step_of_unit_length_does_not_depend_on_the_gradient(name):
    steps = [moved(build_optimizer(TrainingSpec(optimizer=name, learning_rate=0.01)), size) for size in (1e-2, 1e3)]
    assert steps[0] == pytest.approx(steps[1], rel=0.02)
    assert 0.005 < steps[0] < 0.05


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_plain_gradient_descent_takes_steps_as_long_as_the_gradient(name):
    steps = [moved(build_optimizer(TrainingSpec(optimizer=name, learning_rate=0.01)), size) for size in (1.0, 10.0)]
    assert OPTIMIZERS[name].plain == (steps[1] == pytest.approx(10 * steps[0], rel=1e-4))
    assert not (OPTIMIZERS[name].plain and OPTIMIZERS[name].unit_steps)


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if not loss.sparse])
def test_a_loss_that_a_single_output_keeps_at_zero_is_said_to_be(name):
    target, output = np.array([[0], [1], [1]], np.float32), np.array([[0.2], [0.9], [0.4]], np.float32)
    assert LOSSES[name].over_units == (abs(float(build_loss(name)(target, output))) < 1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_takes_what_the_table_says_and_nothing_else(name):
    optimizer = build_optimizer(TrainingSpec(optimizer=name, momentum=0.5, nesterov=True))
    given = {"momentum", "nesterov"} & set(inspect.signature(type(optimizer)).parameters)
    assert given == set(OPTIMIZERS[name].takes)
    assert all(getattr(optimizer, setting) for setting in OPTIMIZERS[name].takes)


@pytest.mark.parametrize("name", [name for name, entry in INITIALIZERS.items() if name != "identity"])
def test_weights_spread_as_the_table_says(name):
    shape = (400, 300)
    glorot = np.sqrt(2 / sum(shape))
    spread = INITIALIZERS[name].spread({}, glorot)
    keras.utils.set_random_seed(0)
    if spread is None:
        assert not INITIALIZERS[name].parameters
        return
    weights = np.asarray(initializer(name)(shape))
    # Truncation at two deviations takes a tenth of the spread, orthogonal matrices are 1/sqrt(width) wide.
    assert weights.std() / glorot == pytest.approx(spread, rel=0.3, abs=1e-6)


def test_probabilities_are_cut_where_keras_cuts_them():
    assert keras.config.epsilon() == KERAS_EPSILON


def test_another_name_of_a_loss_is_the_same_loss():
    assert ALIASES["mean_squared_error"] == "mse"
    spec = load_spec(IRIS | {"model": {"loss": "mean_squared_error"}})
    assert spec.model.loss == "mse"
    assert not ALIASES.keys() & LOSSES.keys()


@pytest.mark.parametrize("name", [name for name, kind in SCHEDULES.items() if not kind.tries])
def test_a_schedule_starts_at_or_below_the_rate_and_stays_above_zero(name):
    schedule = SCHEDULES[name]()
    scales = [schedule.scale(epoch, 20) for epoch in range(20)]
    assert 0 < scales[0] <= 1
    assert all(0 < scale <= 1 for scale in scales)
    assert schedule.reacts == (schedule.callback("loss") is not None)
    assert (scales == [1.0] * 20) == (name in {"constant", "reduce_on_plateau"})


def test_a_range_test_climbs_by_the_same_factor_from_epoch_to_epoch():
    schedule = RangeTest(times=1e4)
    assert [schedule.scale(epoch, 5) for epoch in range(5)] == pytest.approx([1, 10, 100, 1000, 10000])
    assert schedule.scale(0, 1) == 1
    assert schedule.tries
    assert schedule.callback("loss") is None


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_keeps_as_many_numbers_per_weight_as_its_entry_says(name):
    optimizer = build_optimizer(TrainingSpec(optimizer=name, momentum=0.9 * ("momentum" in OPTIMIZERS[name].takes)))
    optimizer.build([keras.Variable(np.zeros((100, 100), np.float32))])
    kept = sum(int(np.prod(variable.shape)) for variable in optimizer.variables)
    # Adafactor keeps one more per row and per column; all keep a few that do not grow.
    assert kept // 10_000 == OPTIMIZERS[name].slots
    assert kept % 10_000 < 500
