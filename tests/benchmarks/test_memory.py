"""What a run needs is foretold and measured in a process of its own."""

from benchmarks.memory import cases, measured_apart


def test_what_was_foretold_is_set_beside_what_it_took():
    one = measured_apart("20 layers of 3, XLA")
    assert one.name in cases()
    assert 50 < one.actual < 500
    assert one.ratio == one.estimate / one.actual
    assert not one.ratio < 0.8
