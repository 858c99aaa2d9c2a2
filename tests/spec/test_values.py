"""Frozen values: what a copy with other values keeps, and what it has to work out again."""

from functools import cached_property

import pytest

from core.errors import InputRefused
from core.spec import load_spec
from core.spec.values import Value

SPEC = load_spec({"data": {"source": {"columns": {"a": [1, 2, 3], "b": [1, 0, 1]}}, "target": "b"}})


def kinds(kind=Value):
    return [kind, *(inner for below in kind.__subclasses__() for inner in kinds(below))]


def caches(kind):
    return [name for base in kind.__mro__ for name, part in vars(base).items() if isinstance(part, cached_property)]


@pytest.mark.parametrize("kind", [kind for kind in kinds() if kind.model_fields], ids=lambda kind: kind.__name__)
def test_a_copy_with_another_value_keeps_nothing_that_was_worked_out(kind):
    value = kind.model_construct()
    worked_out = dict.fromkeys(caches(kind), "of the old values")
    vars(value).update(worked_out)
    field = next(iter(kind.model_fields))
    copied = vars(value.model_copy(update={field: "other"}))
    assert copied[field] == "other"
    assert not worked_out.keys() & copied.keys()
    assert worked_out.items() <= vars(value).items()
    assert worked_out.items() <= vars(value.model_copy()).items()


def test_there_are_values_that_work_something_out():
    assert {kind.__name__ for kind in kinds() if caches(kind)} >= {"DataSpec", "InlineData", "ModelSpec"}


def test_a_run_with_another_target_is_another_run():
    run = SPEC.runs()[0]
    before = run.hash()
    other = run.model_copy(update={"data": run.data.model_copy(update={"target": "a"})})
    assert other.hash() == run.changed({"data.target": "a"}).hash() != before
    assert run.hash() == before


def test_an_experiment_with_other_data_has_other_runs():
    data = SPEC.data.model_copy(update={"target": "a"})
    assert [run.data.target for run in SPEC.model_copy(update={"data": data}).runs()] == ["a"]
    assert [run.data.target for run in SPEC.runs()] == ["b"]


@pytest.mark.parametrize("digits", [309, 5000])
@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("training.learning_rate", "training.learning_rate: "),
        ("training.epochs", "training.epochs: "),
        ("training.schedule", "training.schedule.alpha: "),
        ("model.dropout", "model.dropout: "),
        ("model.layers", "model.layers.0: "),
        ("model.initializer", "model.initializer: "),
        ("data.source", "data.source.columns: "),
        ("data.rows", "data.rows: "),
    ],
)
def test_a_number_no_float_holds_is_refused_in_a_short_sentence_wherever_it_stands(path, where, digits):
    number = 10**digits
    value = {
        "training.schedule": {"name": "cosine", "alpha": number},
        "model.layers": [number],
        "model.initializer": {"name": "random_normal", "stddev": number},
        "data.source": {"columns": {"a": [1, 2, -number], "b": [1, 0, 1]}},
    }.get(path, number)
    section, _, field = path.partition(".")
    spec = {"data": {"source": "sample:iris", "target": "b"}}
    spec.setdefault(section, {})[field] = value
    with pytest.raises(InputRefused) as refusal:
        load_spec(spec)
    assert str(refusal.value).startswith(where)
    assert len(str(refusal.value)) < 200
    varied = {"data": {"source": "sample:iris", "target": "b"}, "vary": {path: [value]}}
    with pytest.raises(InputRefused) as refusal:
        load_spec(varied)
    assert len(str(refusal.value)) < 200
