"""Columns that give the answer away are found, honest ones are left in peace."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data.samples import SAMPLES, sample_table
from core.data.table import read_table, table_of
from core.data.understand.leaks import CLASS_LIMIT, column_score, leak_suspects
from core.data.understand.task import detect_task

HERE = Path(__file__).parents[1]
RNG = np.random.Generator(np.random.Philox(5))
N = 300


@pytest.fixture(scope="module")
def titanic():
    return read_table((HERE / "titanic.csv").read_bytes(), "titanic.csv")


def suspects(table, target):
    return {leak.column: leak.reason for leak in leak_suspects(table, [target], detect_task(table, [target])[0])}


def made(**columns):
    noise = RNG.normal(size=N)
    return table_of(pd.DataFrame({"noise": noise} | columns))


def test_alive_is_survived_in_other_words_and_nothing_else_of_titanic_is_suspected(titanic):
    (leak,) = leak_suspects(titanic, ["survived"], "binary")
    assert (leak.column, leak.reason, leak.score) == ("alive", "copy", 1.0)
    assert "in other words" in leak.text


@pytest.mark.parametrize(
    ("target", "twin"), [("pclass", "class"), ("class", "pclass"), ("embarked", "embark_town"), ("alive", "survived")]
)
def test_a_relabelled_target_is_a_copy(titanic, target, twin):
    assert suspects(titanic, target)[twin] == "copy"


def test_a_word_that_determines_the_target_is_suspected_without_being_a_copy(titanic):
    assert suspects(titanic, "adult_male") == {"who": "answer"}


@pytest.mark.parametrize("name", SAMPLES)
def test_no_sample_is_suspected(name):
    assert suspects(sample_table(name), SAMPLES[name].target) == {}


def test_petals_come_close_and_are_not_suspected():
    iris = sample_table("iris")
    score = column_score(iris, iris.column("petal width"), "species", "multiclass")
    assert 0.9 < score < CLASS_LIMIT


@pytest.mark.parametrize("target", ["species", "sex", "body_mass_g"])
def test_penguins_are_not_suspected(target):
    penguins = read_table((HERE / "penguins.csv").read_bytes(), "penguins.csv")
    assert suspects(penguins, target) == {}


@pytest.mark.parametrize(
    "copied",
    [
        lambda y: y * 1.1,
        lambda y: -3 * y + 7,
        lambda y: y + 0.01 * RNG.normal(size=N),
        lambda y: np.round(y, 1),
        lambda y: np.exp(y / 2),
    ],
    ids=["other unit", "turned round", "noise", "rounded", "exponential"],
)
def test_a_number_under_another_scale_gives_the_target_away(copied):
    y = RNG.normal(size=N)
    assert set(suspects(made(copied=copied(y), y=y), "y")) == {"copied"}


def test_a_copy_is_certain_and_a_noisy_one_is_not():
    y = RNG.normal(size=N)
    exact, noisy = (leak_suspects(made(x=x, y=y), ["y"], "regression") for x in (2 * y, y + 0.05 * RNG.normal(size=N)))
    assert [leak.certain for leak in exact] == [True]
    assert [leak.certain for leak in noisy] == [False]


def test_a_number_that_separates_classes_is_certain_only_if_it_hardly_varies_within_them():
    label = RNG.integers(0, 3, N)
    for spread, certain in ((1.0, False), (0.1, True)):
        (leak,) = leak_suspects(made(x=label * 12 + spread * RNG.normal(size=N), label=label), ["label"], "multiclass")
        assert (leak.reason, leak.certain) == ("answer", certain)


@pytest.mark.parametrize("computed", [np.square, np.abs, lambda x: np.sin(3 * x)], ids=["square", "absolute", "sine"])
def test_a_target_that_does_not_tell_the_number_it_was_computed_from_is_no_certain_leak(computed):
    x = RNG.uniform(-2, 2, N)
    (leak,) = leak_suspects(made(x=x, y=computed(x)), ["y"], "regression")
    assert (leak.reason, leak.certain) == ("answer", False)


def test_a_heavy_tail_does_not_hide_a_copy():
    y = RNG.lognormal(0, 2, N)
    assert "euros" in suspects(made(euros=y * 0.9, y=y), "y")


def test_a_merely_strong_column_is_not_suspected():
    y = RNG.normal(size=N)
    assert suspects(made(x=y + 0.3 * RNG.normal(size=N), y=y), "y") == {}


def taxis(rows=6000, zones=203, boroughs=5, rng=RNG):
    """Rides between zones of a city, each zone in one borough; most rides go to few zones."""
    borough_of = rng.integers(0, boroughs, zones)
    often = 1 / np.arange(1, zones + 1)
    start, end = (rng.choice(zones, rows, p=often / often.sum()) for _ in range(2))
    end = np.where(rng.random(rows) < 0.3, start, end)
    name = np.array([f"zone {i}" for i in range(zones)])
    borough = np.array([f"borough {i}" for i in range(boroughs)])
    columns = {
        "distance": rng.gamma(2, 2, rows),
        "pickup_zone": name[start],
        "dropoff_zone": name[end],
        "dropoff_borough": borough[borough_of[end]],
    }
    return table_of(pd.DataFrame(columns))


def test_a_word_whose_every_value_goes_with_one_class_is_suspected():
    table = taxis()
    (leak,) = leak_suspects(table, ["dropoff_borough"], "multiclass")
    assert (leak.column, leak.reason, leak.score, leak.certain) == ("dropoff_zone", "answer", 1.0, True)


def test_codes_that_are_numbers_are_suspected_as_the_same_codes_in_words_are():
    frame = taxis(1500, rng=np.random.Generator(np.random.Philox(7))).frame
    words = table_of(frame)
    numbers = table_of(frame.assign(dropoff_zone=frame["dropoff_zone"].str.removeprefix("zone ").astype(int)))
    assert numbers.column("dropoff_zone").kind == "number"
    for table in (words, numbers):
        (leak,) = leak_suspects(table, ["dropoff_borough"], "multiclass")
        assert (leak.column, leak.reason, leak.score) == ("dropoff_zone", "answer", 1.0)


def test_whole_numbers_that_repeat_or_hardly_do_are_not_suspected_for_it():
    rng = np.random.Generator(np.random.Philox(8))
    label = rng.integers(0, 2, N)
    count, once = rng.poisson(4, N) + label, rng.permutation(N)
    assert suspects(made(count=count, once=once, label=label), "label") == {}
    # Twice each and always alike, as the visitors below: too few to be a code.
    assert suspects(made(visitor=rng.permutation(N // 2).repeat(2), label=label[: N // 2].repeat(2)), "label") == {}


def test_a_word_that_nearly_always_goes_with_one_class_is_no_certain_leak():
    frame = taxis().frame.copy()
    frame.loc[:59, "dropoff_borough"] = "borough 9"
    assert not any(leak.certain for leak in leak_suspects(table_of(frame), ["dropoff_borough"], "multiclass"))


def test_words_that_hardly_repeat_determine_nothing():
    visitor = [f"visitor {i // 2}" for i in range(N)]
    frame = made(visitor=RNG.permutation(visitor), label=np.where(np.arange(N) < 9, "yes", "no"))
    assert suspects(frame, "label") == {}
    # Twice each and always alike: whoever knows the half of it knows nothing of a new visitor.
    twice = made(visitor=visitor, label=RNG.integers(0, 2, N // 2).repeat(2))
    assert suspects(twice, "label") == {}


def test_hundreds_of_classes_take_no_longer_than_two():
    rows = 5000
    frame = pd.DataFrame({f"x{i}": RNG.normal(size=rows) for i in range(10)}).assign(
        few=RNG.integers(0, 2, rows).astype(str), many=[f"c{i}" for i in RNG.integers(0, 1000, rows)]
    )
    table = table_of(frame)
    few, many = (min(_seconds(table, target) for _ in range(3)) for target in ("few", "many"))
    assert many < 5 * few


def _seconds(table, target):
    start = time.process_time()
    assert leak_suspects(table, [target], "multiclass") == ()
    return time.process_time() - start


def test_what_is_missing_may_tell_too():
    died = RNG.random(N) < 0.4
    lifeboat = [None if lost else "boat" for lost in died]
    assert suspects(made(lifeboat=lifeboat, died=died), "died") == {"lifeboat": "answer"}


def test_a_row_number_of_a_sorted_file_is_suspected_and_that_of_a_shuffled_one_is_not():
    numbers = np.arange(1, N + 1)
    label = np.where(numbers + 60 * RNG.normal(size=N) > N / 2, "late", "early")
    assert suspects(made(id=numbers, label=label), "label") == {"id": "identifier"}
    assert suspects(made(id=numbers, label=RNG.permutation(label)), "label") == {}


def test_random_ids_know_nothing():
    ids = [f"id{i}" for i in range(N)]
    label = RNG.integers(0, 2, N)
    table = made(ids=ids, label=label)
    assert suspects(table, "label") == {}
    assert column_score(table, table.column("ids"), "label", "binary") <= 0.0


def test_a_rare_class_is_not_given_away_by_guessing():
    label = np.zeros(N, int)
    label[:3] = 1
    assert suspects(made(x=RNG.normal(size=N), label=label), "label") == {}


def test_a_single_input_may_explain_its_target():
    x = np.arange(100.0)
    assert suspects(table_of(pd.DataFrame({"x": x, "y": 2 * x + 1})), "y") == {}


def test_few_rows_raise_no_suspicion():
    table = table_of(pd.DataFrame({"a": [1000, 2000, 3000, 4000], "b": [1, 0, 1, 0], "y": [1, 2, 3, 4]}))
    assert suspects(table, "y") == {}


def test_several_targets_are_each_looked_at():
    u, v = RNG.normal(size=N), RNG.normal(size=N)
    leaks = leak_suspects(made(copy=v * 2, u=u, v=v), ["u", "v"], "regression")
    assert [(leak.column, leak.target) for leak in leaks] == [("copy", "v")]


def test_infinite_and_huge_numbers_do_not_break_the_score():
    x = RNG.normal(size=N)
    x[:4] = [np.inf, -np.inf, np.nan, 1e308]
    assert suspects(made(x=x, y=RNG.normal(size=N)), "y") == {}
