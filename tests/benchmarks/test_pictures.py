"""The measure of what pictures cost measures."""

from benchmarks.pictures import CASES, measure_pictures


def test_a_training_is_measured_with_and_without_pictures():
    found = measure_pictures(CASES["curve, a moment"] | {"training": {"epochs": 5}}, pairs=1)
    assert found["frames"] == 6
    assert min(found["seconds"], found["kb"]) > 0
    assert found["cost"] > -1
