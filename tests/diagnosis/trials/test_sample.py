"""The lighter version of a run: small tables as they are, large ones with as many steps as they had."""

from core.diagnosis.trials.sample import ROWS, UPDATES, lighter, on_all_rows
from core.training.structure import trained_rows, updates
from tests.diagnosis.table import run_of


def steps(run, rows):
    return updates(run, trained_rows(run, rows))


def test_a_small_table_is_taken_whole():
    assert lighter(run_of(), 9000) == {}
    assert lighter(run_of(data=DATA_OF_FEW), 1_000_000) == {}


def test_a_large_table_is_sampled_and_its_steps_are_kept():
    run = run_of(training={"epochs": 3})
    light = run.changed(lighter(run, 54_000))
    assert light.data.rows == ROWS
    assert abs(steps(light, 54_000) / steps(run, 54_000) - 1) < 0.02


def test_more_steps_than_it_takes_are_not_taken():
    run = run_of(training={"epochs": 100})
    light = run.changed(lighter(run, 1_000_000))
    assert UPDATES / 2 < steps(light, 1_000_000) <= 1.01 * UPDATES


def test_patience_is_as_long_in_steps():
    stopping = {"monitor": "val_loss", "patience": 10}
    run = run_of(training={"epochs": 30, "early_stopping": stopping})
    light = run.changed(lighter(run, 20_000))
    assert light.training.early_stopping.patience == round(10 * light.training.epochs / 30)
    eager = run_of(training={"epochs": 30, "early_stopping": stopping | {"patience": 0}})
    assert eager.changed(lighter(eager, 20_000)).training.early_stopping.patience == 0


DATA_OF_FEW = {"source": "sample:line", "target": "y", "rows": 500}


def test_what_is_enough_on_the_sample_is_as_many_steps_on_all_rows():
    run = run_of(training={"epochs": 3})
    light = run.changed(lighter(run, 54_000))
    change = {"training.epochs": 10 * light.training.epochs, "training.learning_rate": 0.1}
    told = on_all_rows(change, run, 54_000)
    assert told["training.learning_rate"] == 0.1
    assert abs(told["training.epochs"] - 30) <= 1
    assert on_all_rows({"training.learning_rate": 0.1}, run, 54_000) == {"training.learning_rate": 0.1}
