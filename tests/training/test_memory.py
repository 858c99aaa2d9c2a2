"""What a run will need grows with what it is made of, and what is too large is refused with what would fit."""

import re

import pytest

from core.errors import InputRefused
from core.spec import load_spec
from core.training.memory import RunSize, check_memory, memory_need, memory_text, run_allowance

TABLE = RunSize(rows=80_000, validation_rows=20_000, features=10, outputs=1)
GB = 10**9


def run_of(layers=(16,), batch_size=32, **sections):
    model, training = {"layers": list(layers)}, {"batch_size": batch_size}
    merged = {"model": model | sections.get("model", {}), "training": training | sections.get("training", {})}
    return load_spec({"data": {"source": "sample:friedman", "target": "y"}} | merged).runs()[0]


def refusal_of(run, size, allowed):
    with pytest.raises(InputRefused) as caught:
        check_memory(run, size, allowed)
    return caught.value


def test_a_large_batch_of_wide_layers_needs_gigabytes_and_a_small_one_does_not():
    large, small = (memory_need(run_of([8192, 1024], size), TABLE) for size in (80_000, 32))
    # The activations of both layers alone: 9216 numbers of 4 bytes for each row of the batch.
    assert large.total > 80_000 * 9216 * 4
    assert small.total < 0.1 * large.total


def test_a_batch_is_no_larger_than_the_table():
    assert memory_need(run_of(batch_size=1_000_000), TABLE) == memory_need(run_of(batch_size=80_000), TABLE)


@pytest.mark.parametrize(
    ("part", "more"),
    [
        ("weights", {"training": {"optimizer": "adam"}}),
        ("weights", {"training": {"early_stopping": {}, "optimizer": "sgd"}}),
        ("batch", {"model": {"dropout": 0.5}, "training": {"optimizer": "sgd"}}),
        ("batch", {"model": {"batch_normalization": True}, "training": {"optimizer": "sgd"}}),
    ],
)
def test_what_has_to_be_kept_is_counted(part, more):
    plain = memory_need(run_of([256], training={"optimizer": "sgd"}), TABLE)
    other = memory_need(run_of([256], **more), TABLE)
    assert getattr(other, part) > getattr(plain, part)
    rest = {"data", "weights", "batch", "block", "rest"} - {part}
    assert all(getattr(other, name) == getattr(plain, name) for name in rest)


def test_ten_times_the_rows_need_ten_times_the_data_and_no_more_weights():
    large, small = (memory_need(run_of(), RunSize(rows, 0, 20, 1)) for rows in (10_000_000, 1_000_000))
    assert large.data == pytest.approx(10 * small.data, rel=0.01)
    assert large.weights == small.weights


def test_what_fits_is_not_refused():
    check_memory(run_of(), TABLE, memory_need(run_of(), TABLE).total)


@pytest.mark.parametrize(
    ("run", "size", "where", "path"),
    [
        (run_of([8192, 1024], 80_000), TABLE, "training.batch_size", "with a batch size of {}"),
        (run_of([16], 32), RunSize(8_000_000, 0, 20, 1), "data.rows", "with {} rows"),
    ],
)
def test_a_refusal_names_a_number_that_fits(run, size, where, path):
    refusal = refusal_of(run, size, GB)
    found = re.fullmatch(
        rf"{where}: a run needs about [\d.]+ GB of memory; allowed: 1\.0 GB, {path.format('([0-9,]+)')}\.", str(refusal)
    )
    assert found is not None, str(refusal)
    assert refusal.where == where
    number = int(found[1].replace(",", ""))
    fits, twice = (
        (run.changed({where: count}), RunSize.expected(run.changed({where: count}), 100_000, 10))
        if where != "data.rows"
        else (run, RunSize(count, 0, 20, 1))
        for count in (number, 2 * number)
    )
    check_memory(*fits, GB)
    assert refusal_of(*twice, GB).where == where


def test_too_many_weights_are_refused_with_how_many_fit():
    refusal = refusal_of(run_of([8192, 2000, 1000]), TABLE, GB)
    assert re.search(r"^model.layers: .* allowed: 1\.0 GB, with 1\d,000,000 weights\.$", str(refusal))


def test_where_nothing_alone_is_enough_a_smaller_network_is_asked_for():
    assert str(refusal_of(run_of([8192, 1024], 80_000), TABLE, GB // 10)).endswith("with fewer layers and units.")
    assert "allowed: 0 MB" in str(refusal_of(run_of(), TABLE, -GB))


def test_the_size_to_expect_follows_from_spec_and_table():
    run = run_of().changed({"data.rows": 1000, "data.validation_fraction": 0.25})
    assert RunSize.expected(run, 5000, 7) == RunSize(750, 250, 7, 1)
    assert RunSize.expected(run, 500, 7, outputs=3) == RunSize(375, 125, 7, 3)
    assert RunSize.expected(run.changed({"model.output_units": 5}), 500, 7, outputs=3).outputs == 5


def test_a_process_of_its_own_is_allowed_what_an_idle_trainer_leaves():
    assert run_allowance(1000) - run_allowance(600) == 400 * 2**20
    assert 0 < run_allowance(600) < 600 * 2**20
    assert run_allowance() > run_allowance(600)


def test_memory_is_said_in_two_units():
    assert [memory_text(count) for count in (350_400_000, 999_000_000, 6_940_000_000)] == ["350 MB", "999 MB", "6.9 GB"]
