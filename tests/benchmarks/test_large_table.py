"""The measure of large tables measures."""

from benchmarks.large_table import measure_large_table


def test_a_table_is_read_prepared_and_trained():
    found = measure_large_table(3000)
    assert found["rows"] == 3000
    assert 0.4 < found["file_mb"] < 0.7
    assert min(found["read_seconds"], found["prepare_seconds"], found["epoch_seconds"]) > 0
    assert 50 < found["reader_mb"] < 500
    assert found["foretold_mb"] > 100
    assert found["trainer_mb"] >= 0
