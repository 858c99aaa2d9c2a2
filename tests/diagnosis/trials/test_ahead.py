"""What is expected is trained behind what is asked for, once, and changes nothing of what comes of it."""

import threading
from functools import partial

from core.diagnosis.trials.ahead import Ahead
from core.errors import InputRefused, WorkFailed
from core.spec import load_spec
from core.training.result import Result

RUNS = load_spec({"data": {"source": "sample:iris", "target": "species"}, "seeds": 6}).runs()


def result_of(run):
    return Result.from_dict({"variant": {}, "seed": run.training.seed, "state": "done", "history": {"loss": [1.0]}})


def seeds(results):
    return [result.seed for result in results]


class Crew:
    """Begins what it is told to and trains it when somebody waits."""

    def __init__(self, refuses=()):
        self.begun, self.trained, self.refuses = [], [], refuses

    def __call__(self, runs, *, probed=False):
        return self.begin(runs, probed=probed)()

    def begin(self, runs, *, probed=False, spare=False):
        if spare and runs[0].training.seed in self.refuses:
            raise InputRefused("the queue is full")
        self.begun.append((seeds_of(runs), spare))
        return partial(self.results, runs)

    def results(self, runs):
        self.trained += seeds_of(runs)
        return [result_of(run) for run in runs]


def seeds_of(runs):
    return [run.training.seed for run in runs]


def test_what_is_expected_begins_behind_what_is_asked_for():
    crew = Crew()
    ahead = Ahead(crew, 2)
    ahead.expect(RUNS[3:5])
    assert crew.begun == []
    assert seeds(ahead(RUNS[:2])) == [0, 1]
    assert crew.begun == [([0, 1], False), ([3], True), ([4], True)]
    assert crew.trained == [0, 1]


def test_what_is_expected_now_begins_at_once():
    crew = Crew()
    Ahead(crew, 2).expect(RUNS[3:4], now=True)
    assert crew.begun == [([3], True)]


def test_what_was_expected_is_not_trained_again_and_comes_in_its_place():
    crew = Crew()
    ahead = Ahead(crew, 2)
    ahead.expect(RUNS[3:4], now=True)
    ahead.expect(RUNS[3:4], now=True)
    assert seeds(ahead([RUNS[0], RUNS[3], RUNS[1]])) == [0, 3, 1]
    assert sorted(crew.trained) == [0, 1, 3]


def test_what_is_asked_for_before_it_has_begun_is_not_begun_for_nobody():
    crew = Crew()
    ahead = Ahead(crew, 2)
    ahead.expect(RUNS[:2])
    ahead(RUNS[:1])
    assert crew.begun == [([0], False), ([1], True)]


def test_where_one_run_is_trained_at_a_time_nothing_is_trained_ahead():
    crew = Crew()
    ahead = Ahead(crew, 1)
    ahead.expect(RUNS[3:5], now=True)
    ahead(RUNS[:1])
    assert crew.begun == [([0], False)]


def test_what_a_full_queue_refuses_is_asked_for_when_it_is_wanted():
    crew = Crew(refuses={3})
    ahead = Ahead(crew, 2)
    ahead.expect(RUNS[3:5], now=True)
    assert seeds(ahead(RUNS[3:5])) == [3, 4]
    assert crew.begun == [([4], True), ([3], False)]


def test_what_was_lost_is_trained_again():
    class Losing(Crew):
        def begin(self, runs, *, probed=False, spare=False):
            wait = super().begin(runs, probed=probed, spare=spare)
            return self.lose if spare else wait

        def lose(self):
            raise WorkFailed("a trial was cancelled")

    crew = Losing()
    ahead = Ahead(crew, 2)
    ahead.expect(RUNS[3:4], now=True)
    assert seeds(ahead(RUNS[3:4])) == [3]
    assert crew.begun == [([3], True), ([3], False)]


def test_a_runner_that_can_only_be_called_is_called_in_a_thread():
    threads = []

    def runner(runs, *, probed=False):
        threads.append(threading.current_thread())
        return [result_of(run) for run in runs]

    ahead = Ahead(runner, 2)
    ahead.expect(RUNS[3:4], now=True)
    assert seeds(ahead(RUNS[3:4])) == [3]
    assert len(threads) == 1
    assert threading.current_thread() not in threads
