"""Every field of the spec: change it, and exactly the keys that must change do, and what they stand for with them."""

from functools import cache

import pytest

from core.data.prepare.prepared import prepare
from core.data.source import load_table
from core.spec import Thing, load_spec
from core.spec.experiment import _SECTIONS
from core.spec.model import LayerSpec

CELLS = {
    "a": [1.0, 2.0, None, 4.0, 50.0, 6.0, 7.5, 8.0, 9.0, 11.0, 12.0, 13.0],
    "b": list("xyzxyzxyzxyx"),
    "c": [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, 8.0],
    "y": [0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0],
}
BASE = {
    "data": {"source": {"columns": CELLS}, "target": "y", "validation_fraction": 0.25},
    "model": {"layers": [4, {"units": 3}]},
    "training": {"optimizer": "sgd"},
}
RUN = load_spec(BASE).runs()[0]

TABLE, ARRAYS, PICTURE, STRUCTURE, LOSS_UNIT = Thing
NUMBERS = {ARRAYS, PICTURE}
SHAPES = {ARRAYS, PICTURE, STRUCTURE}
OUTPUT = {ARRAYS, STRUCTURE, LOSS_UNIT}

CHANGES = {
    "data.source": ({"columns": CELLS | {"d": CELLS["c"]}}, set(Thing)),
    "data.target": ("c", SHAPES | {LOSS_UNIT}),
    "data.features": (["a"], SHAPES),
    "data.task": ("regression", SHAPES | {LOSS_UNIT}),
    "data.rows": (10, SHAPES),
    "data.validation_fraction": (0.5, SHAPES),
    "data.split": ("in_order", SHAPES),
    "preprocessing.scaling": ("minmax", NUMBERS),
    "preprocessing.target_scaling": ("standard", NUMBERS | {LOSS_UNIT}),
    "preprocessing.missing": ("drop_columns", SHAPES),
    "preprocessing.encoding": ("ordinal", SHAPES),
    "preprocessing.outliers": ("clip", NUMBERS),
    "preprocessing.fit_on": ("all", NUMBERS),
    "model.layers": ([4, 4], {STRUCTURE}),
    "model.activation": ("tanh", {STRUCTURE}),
    "model.initializer": ("zeros", set()),
    "model.dropout": (0.5, {STRUCTURE}),
    "model.batch_normalization": (True, {STRUCTURE}),
    "model.l2": (0.1, {STRUCTURE, LOSS_UNIT}),
    "model.output_activation": ("tanh", {ARRAYS, STRUCTURE}),
    "model.output_units": (2, OUTPUT),
    "model.loss": ("hinge", OUTPUT),
    "training.optimizer": ("adam", {STRUCTURE}),
    "training.learning_rate": (0.5, set()),
    "training.momentum": (0.9, {STRUCTURE}),
    "training.nesterov": (True, {STRUCTURE}),
    "training.weight_decay": (0.1, {STRUCTURE}),
    "training.clip_norm": (1.0, {STRUCTURE}),
    "training.schedule": ("reduce_on_plateau", {STRUCTURE}),
    "training.batch_size": (4, {STRUCTURE}),
    "training.epochs": (7, set()),
    "training.shuffle": (False, set()),
    "training.early_stopping": ({"patience": 3}, {STRUCTURE}),
    "training.class_weight": ("balanced", OUTPUT),
    "training.seed": (5, NUMBERS),
}
"""Field → a value that matters on these rows, and the keys that must change with it."""

OF_LAYERS = {
    "units": (5, {STRUCTURE}),
    "activation": ("tanh", {STRUCTURE}),
    "dropout": (0.5, {STRUCTURE}),
    "initializer": ("zeros", set()),
}


def changed_keys(run):
    return {thing for thing in Thing if run.key(thing) != RUN.key(thing)}


def test_no_field_is_forgotten():
    assert set(CHANGES) == {f"{name}.{field}" for name, kind in _SECTIONS.items() for field in kind.model_fields}
    assert set(OF_LAYERS) == set(LayerSpec.model_fields)


@pytest.mark.parametrize("path", CHANGES)
def test_a_field_changes_exactly_the_keys_of_what_it_touches(path):
    value, wanted = CHANGES[path]
    assert changed_keys(RUN.changed({path: value})) == wanted


@pytest.mark.parametrize("field", OF_LAYERS)
def test_a_field_of_a_layer_touches_what_that_of_the_model_does(field):
    value, wanted = OF_LAYERS[field]
    assert changed_keys(RUN.changed({"model.layers": [4, {"units": 3} | {field: value}]})) == wanted


@pytest.mark.parametrize(
    "change",
    [
        {"model.layers": [{"units": 4, "activation": "relu", "dropout": 0.0}, 3]},
        {"training.schedule": {"name": "cosine", "alpha": 0.5}},
        {"training.schedule": "step"},
    ],
)
def test_the_same_said_otherwise_is_the_same(change):
    assert changed_keys(RUN.changed(change)) == set()


def test_files_of_the_same_name_in_two_folders_are_two_tables(tmp_path):
    spec = {"data": {"source": "file:a.csv", "target": "y"}}
    run = load_spec(spec).runs()[0]
    assert run.at(tmp_path).key(TABLE) != run.key(TABLE)
    assert run.at(tmp_path).key(STRUCTURE) == run.key(STRUCTURE)


def test_an_inline_table_is_identified_by_its_cells_in_their_order():
    turned = {"columns": dict(reversed(CELLS.items()))}
    assert TABLE in changed_keys(RUN.changed({"data.source": turned}))
    assert changed_keys(load_spec(BASE).runs()[0]) == set()


@cache
def arrays(path):
    run = RUN if path is None else RUN.changed({path: CHANGES[path][0]})
    prepared = prepare(run, load_table(run.data))
    found = (prepared.x, prepared.y, prepared.x_val, prepared.y_val, prepared.sample_weight)
    words = (prepared.output_units, prepared.output_activation, prepared.loss, prepared.metric, prepared.features)
    return [None if array is None else (array.shape, array.tobytes()) for array in found], words


@pytest.mark.parametrize("path", CHANGES)
def test_arrays_change_with_their_key_and_never_without_it(path):
    # A constant target scaling of classes, and the like, may leave them as they are: a key may be too careful.
    if ARRAYS not in CHANGES[path][1]:
        assert arrays(path) == arrays(None)
    elif path != "preprocessing.target_scaling":
        assert arrays(path) != arrays(None)


@pytest.mark.parametrize("path", CHANGES)
def test_a_structure_changes_with_its_key_and_never_without_it(path):
    from core.training.structure import structure_of

    def structure(run):
        return structure_of(run, prepare(run, load_table(run.data)))

    changed = structure(RUN.changed({path: CHANGES[path][0]})) != structure(RUN)
    # Where a hint is too careful (other columns may give the same shape) a program is compiled twice, no more.
    assert not changed or STRUCTURE in CHANGES[path][1]
    if path.startswith(("model.", "training.")) and STRUCTURE in CHANGES[path][1]:
        assert changed
