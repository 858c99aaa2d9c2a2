from core.jobs.scheduling.estimate import COMPILE_SECONDS, estimate_seconds
from tests.jobs.conftest import fake_spec


def test_ten_times_the_epochs_take_about_ten_times_the_training() -> None:
    short, long = (
        estimate_seconds(fake_spec(32, epochs).runs(), 10_000, 20, 1) - COMPILE_SECONDS[True] for epochs in (100, 1000)
    )
    assert 8 < long / short < 10


def test_one_structure_is_compiled_once() -> None:
    one, ten = (estimate_seconds(fake_spec(32, 1, seeds=seeds).runs(), 100, 4, 1) for seeds in (1, 10))
    assert ten - one < COMPILE_SECONDS[False]


def test_more_slots_are_never_slower_and_never_faster_than_one_run() -> None:
    spec = fake_spec(32, 1000, vary={"model.layers": [[8], [16], [32]]})
    seconds = [estimate_seconds(spec.runs(), 1000, 10, slots) for slots in (1, 2, 4, 64)]
    assert seconds == sorted(seconds, reverse=True)
    assert seconds[-1] > COMPILE_SECONDS[True]


def test_a_longer_run_may_be_the_faster_one_because_it_is_worth_compiling() -> None:
    graph, xla = (
        estimate_seconds(fake_spec(32, epochs).runs(), 1000, 10, 1) - compile_
        for epochs, compile_ in ((50, COMPILE_SECONDS[False]), (100, COMPILE_SECONDS[True]))
    )
    assert xla < graph
