"""What a repair costs."""

from core.diagnosis.cost import cost_of
from core.diagnosis.trials.trial import Trial
from tests.diagnosis.table import result_of


def results(updates, weights=10, seconds=0.1, **more):
    return tuple(result_of(0.5, telemetry={"updates": updates}, parameters=weights, seconds=seconds, **more)
                 for _ in range(3))  # fmt: skip


def test_steps_seconds_and_weights_are_those_that_were_measured():
    cost = cost_of(Trial("fit", {}, results(100), results(500, 24, 0.4)), None, alike=True)
    assert (cost.steps, cost.seconds, cost.weights) == ((100, 500), (0.1, 0.4), (10, 24))


def test_runs_that_were_looked_into_say_nothing_about_seconds():
    cost = cost_of(Trial("fit", {}, results(100), results(500)), None, alike=False)
    assert cost.seconds is None
    assert cost.steps == (100, 500)


def test_of_a_run_that_ended_early_the_planned_steps_count():
    broken = results(1, state="diverged")
    assert cost_of(Trial("fit", {}, broken, results(500)), (500, 500), alike=True).steps == (500, 500)
    unknown = cost_of(Trial("fit", {}, broken, results(500)), None, alike=True)
    assert unknown.steps is unknown.seconds is None
