import pytest

from core.spec import load_spec
from core.training.structure import structure_key

RUN = load_spec({"data": {"source": "sample:iris", "target": "species"}}).runs()[0]


@pytest.mark.parametrize(
    "change",
    [
        {"training.seed": 3},
        {"training.learning_rate": 0.5},
        {"training.epochs": 7},
        {"preprocessing.scaling": "none"},
        {"model.initializer": "zeros"},
        {"model.layers": [{"units": 10, "initializer": "zeros", "activation": "relu"}]},
    ],
)
def test_numbers_do_not_change_the_structure(change: dict[str, object]) -> None:
    assert structure_key(RUN.changed(change)) == structure_key(RUN)


@pytest.mark.parametrize(
    "change",
    [
        {"model.layers": [10, 10]},
        {"model.activation": "tanh"},
        {"training.optimizer": "sgd"},
        {"training.batch_size": 8},
        {"training.momentum": 0.9},
        {"training.early_stopping": {}},
        {"data.rows": 50},
        {"data.source": "sample:wine"},
        {"preprocessing.encoding": "ordinal"},
    ],
)
def test_shapes_and_kinds_change_the_structure(change: dict[str, object]) -> None:
    assert structure_key(RUN.changed(change)) != structure_key(RUN)


def test_values_of_an_inline_table_do_not_matter() -> None:
    def key(values: list[int]) -> str:
        source = {"columns": {"x": values, "y": values}}
        return structure_key(load_spec({"data": {"source": source, "target": "y"}}).runs()[0])

    assert key([1, 2, 3]) == key([4, 5, 6])
    assert key([1, 2, 3]) != key([1, 2, 3, 4])
