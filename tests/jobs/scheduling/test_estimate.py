from core.jobs.scheduling.estimate import TRACE_SECONDS, XLA_SECONDS, estimate_seconds
from tests.jobs.conftest import fake_spec


def test_ten_times_the_epochs_take_about_ten_times_the_training() -> None:
    short, long = (estimate_seconds(fake_spec(32, epochs).runs(), 100_000, 20, 1) for epochs in (100, 1000))
    assert 8 < long / short < 10


def test_one_structure_is_traced_once() -> None:
    one, ten = (estimate_seconds(fake_spec(32, 1, seeds=seeds).runs(), 100, 4, 1) for seeds in (1, 10))
    assert ten - one < TRACE_SECONDS * 2


def test_more_slots_are_never_slower_and_never_faster_than_one_run() -> None:
    spec = fake_spec(32, 1000, vary={"model.layers": [[8], [16], [32]]})
    seconds = [estimate_seconds(spec.runs(), 1000, 10, slots) for slots in (1, 2, 4, 64)]
    assert seconds == sorted(seconds, reverse=True)
    assert seconds[-1] >= estimate_seconds(spec.runs()[-1:], 1000, 10, 64)


def test_a_short_run_never_waits_for_xla_and_a_long_one_is_carried_by_it() -> None:
    short, long, longer = (
        estimate_seconds(fake_spec(32, epochs).runs(), 1000, 10, 1) for epochs in (1, 10_000, 20_000)
    )
    assert short < XLA_SECONDS * 2
    # Once XLA has taken over, an epoch of 25 updates costs far less than as a graph, where one costs 0.15 ms.
    assert longer - long < 10_000 * 25 * 150e-6 / 3
