"""Reading keeps its budget of time and memory beside pandas."""

from core.data.bench import generated_table, measure_reading, peak_growth


def test_the_measurement_measures():
    measured = measure_reading(rows=20_000)
    assert set(measured) == {"small", "small_after_large", "large", "fixed_megabytes", "child_seconds"}
    assert all(value > 0 for name in ("small", "small_after_large", "large") for value in measured[name].values())
    assert measured["large"]["megabytes"] > 1


def test_reading_takes_at_most_four_times_the_memory_of_the_file():
    content = generated_table(600_000)
    assert peak_growth(content) <= 4 * len(content)
