"""A crew: the same results whoever trains, structures dealt out once, and a lost helper loses nothing."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.data.prepare.cache import Preparation
from core.errors import WorkFailed
from core.spec import load_spec
from core.training.crew import Crew, _Trainer
from core.training.result import Result
from core.training.structure import structure_key

IRIS = load_spec(
    {
        "data": {"source": "sample:iris", "target": "species"},
        "training": {"epochs": 3},
        "vary": {"model.activation": ["relu", "tanh", "elu"]},
        "seeds": 2,
    }
).runs()


def histories(results):
    return [result.history for result in results]


def owners(crew):
    """Who has compiled which structure."""
    return dict(crew._known)


@pytest.fixture(scope="module")
def alone():
    with Crew(Preparation(), helpers=0) as crew:
        return crew(IRIS)


@pytest.fixture(scope="module")
def pair():
    """This process and one helper, ready."""
    with Crew(Preparation(), helpers=1) as crew:
        crew.start(wait=True)
        yield crew


def test_results_come_in_the_order_of_the_runs(alone):
    assert [result.variant for result in alone] == [run.variant for run in IRIS]
    assert [result.seed for result in alone] == [run.training.seed for run in IRIS]


def test_a_helper_trains_the_same_histories(alone, pair):
    assert histories(pair(IRIS)) == histories(alone)
    assert set(owners(pair).values()) == {pair._here, *pair._helpers}
    assert len(pair._helpers) == 1


def test_a_structure_belongs_to_one_of_the_crew(pair):
    pair(IRIS)
    before = owners(pair)
    pair(IRIS)
    assert owners(pair) == before


def test_what_is_new_goes_to_who_has_trained_least(pair):
    deep = IRIS[0].changed({"model.layers": [4] * 3})
    wide = IRIS[0].changed({"model.layers": [9]})
    pair._here.seconds, pair._helpers[0].seconds = 9.0, 1.0
    pair([deep])
    assert owners(pair)[structure_key(deep)] is pair._helpers[0]
    pair._here.seconds, pair._helpers[0].seconds = 1.0, 9.0
    pair([wide])
    assert owners(pair)[structure_key(wide)] is pair._here


def test_the_first_of_two_that_are_new_goes_to_who_has_trained_least(pair):
    first, second = (IRIS[0].changed({"model.layers": [units]}) for units in (11, 12))
    pair._here.seconds, pair._helpers[0].seconds = 1.0, 9.0
    pair([first, second])
    assert owners(pair)[structure_key(first)] is pair._here
    assert owners(pair)[structure_key(second)] is pair._helpers[0]
    first, second = (IRIS[0].changed({"model.layers": [units]}) for units in (13, 14))
    pair._here.seconds, pair._helpers[0].seconds = 9.0, 1.0
    pair([first, second])
    assert owners(pair)[structure_key(first)] is pair._helpers[0]
    assert owners(pair)[structure_key(second)] is pair._here


def both_halves(crew):
    """What the crew answers two threads that ask at the same time."""
    with ThreadPoolExecutor(2) as askers:
        halves = [askers.submit(crew, IRIS[:3]), askers.submit(crew, IRIS[3:])]
        return [history for half in halves for history in histories(half.result())]


def test_two_who_ask_at_the_same_time_get_what_each_asked_for(alone, pair):
    assert both_halves(pair) == histories(alone)


def test_a_table_in_the_spec_is_sent_to_a_helper_once(alone, pair, monkeypatch):
    pair([IRIS[0].changed({"data.rows": 100})])
    sent = []
    helper = pair._helpers[0]
    send = helper._child.send

    def noted(**order):
        sent.append(order)
        send(**order)

    monkeypatch.setattr(helper._child, "send", noted)
    assert histories(pair(IRIS)) == histories(alone)
    assert len(sent) > 1
    assert sum("data" in order for order in sent) <= 1
    assert not any("data" in order["run"] for order in sent)


def test_what_is_spare_is_trained_behind_what_somebody_waits_for(monkeypatch):
    trained, go = [], threading.Event()

    def train(run, *_):
        assert go.wait(20)
        trained.append(run.training.seed)
        return Result.refused(run, "not really")

    monkeypatch.setattr("core.training.crew.train_here", train)
    runs = [IRIS[0].changed({"training.seed": seed}) for seed in range(4)]
    with Crew(Preparation(), helpers=0) as crew:
        first = crew.begin(runs[:1])
        spare = [crew.begin([run], spare=True) for run in runs[1:3]]
        last = crew.begin(runs[3:])
        go.set()
        assert [result.seed for result in first() + last()] == [0, 3]
        assert [result.seed for wait in spare for result in wait()] == [1, 2]
    assert trained == [0, 3, 1, 2]


def test_closing_leaves_nothing_in_training(monkeypatch):
    begun = threading.Event()

    def train(run, _preparation, _probed, should_stop):
        begun.set()
        while not should_stop():
            pass
        return Result.refused(run, "stopped")

    monkeypatch.setattr("core.training.crew.train_here", train)
    with Crew(Preparation(), helpers=0) as crew:
        begin = crew.begin(IRIS[:1], spare=True)
        waiting = crew.begin(IRIS[1:], spare=True)
        assert begun.wait(20)
    assert [result.error for result in begin()] == ["stopped"]
    assert waiting() == []


def test_a_helper_that_dies_loses_no_run(alone, pair):
    pair(IRIS)
    os.kill(pair._helpers[0]._child.pid, signal.SIGKILL)
    assert histories(pair(IRIS)) == histories(alone)
    assert pair._helpers == []
    assert set(owners(pair).values()) == {pair._here}


def test_a_helper_that_is_gone_is_gone_for_all_who_ask(alone):
    with Crew(Preparation(), helpers=1) as crew:
        crew.start(wait=True)
        os.kill(crew._helpers[0]._child.pid, signal.SIGKILL)
        assert both_halves(crew) == histories(alone)
        assert crew._helpers == []


def test_a_crew_that_is_closed_begins_nothing_more(alone):
    crew = Crew(Preparation(), helpers=0)
    with crew:
        pass
    assert crew(IRIS[:1]) == []
    with crew:
        assert histories(crew(IRIS[:1])) == histories(alone[:1])


def test_a_crew_that_is_entered_again_trains_what_a_helper_knew(alone):
    crew = Crew(Preparation(), helpers=1)
    for _ in range(2):
        with crew:
            crew.start(wait=True)
            crew._here.seconds = 9.0  # so that what is new goes to the helper
            assert histories(crew(IRIS[:1])) == histories(alone[:1])


def test_helpers_that_come_later_take_part(monkeypatch):
    go = threading.Event()

    def train(run, *_):
        assert go.wait(60)
        return Result.refused(run, "here")

    monkeypatch.setattr("core.training.crew.train_here", train)
    with Crew(Preparation(), helpers=1) as crew:
        first = crew.begin(IRIS[:1])
        second = crew.begin([IRIS[0].changed({"model.layers": [17]})])
        crew.start()
        (trained,) = second()
        go.set()
        assert trained.state == "done"
        assert [result.error for result in first()] == ["here"]


class Doomed(_Trainer):
    """Dies of whatever it is to train."""

    def __init__(self):
        super().__init__()
        self.ready.set()

    def train(self, run, probed):
        raise WorkFailed("A helper ended while it trained.")

    def close(self):
        pass


def test_a_run_that_ends_two_helpers_is_given_up_and_spares_this_process(monkeypatch):
    trained = []
    monkeypatch.setattr("core.training.crew._Helper", Doomed)
    monkeypatch.setattr("core.training.crew.train_here", lambda run, *_: trained.append(run))
    with Crew(Preparation(), helpers=2) as crew:
        crew.start()
        crew._here.seconds = 9.0
        with pytest.raises(WorkFailed, match="A helper ended"):
            crew(IRIS[:1])
    assert trained == []


def test_what_this_process_cannot_do_is_raised_and_not_tried_for_ever(monkeypatch):
    def gone(*_):
        raise WorkFailed("not here")

    monkeypatch.setattr("core.training.crew.train_here", gone)
    with Crew(Preparation(), helpers=0) as crew, pytest.raises(WorkFailed, match="not here"):
        crew(IRIS)


def test_light_work_calls_no_helper():
    import core.training.backend  # noqa: F401 - where TensorFlow is to be loaded, all work is heavy

    with Crew(Preparation(), helpers=1) as crew:
        crew.call_helpers(IRIS[0])
        assert crew._helpers == []


def test_data_that_is_refused_calls_no_helper_and_is_told_where_it_is_asked_for():
    import core.training.backend  # noqa: F401 - where TensorFlow is to be loaded, all work is heavy

    run = load_spec({"data": {"source": "sample:iris", "target": "colour"}}).runs()[0]
    with Crew(Preparation(), helpers=1) as crew:
        crew.call_helpers(run)
        assert crew._helpers == []


def test_data_that_is_refused_is_a_failed_result():
    run = load_spec({"data": {"source": "sample:iris", "target": "colour"}}).runs()[0]
    with Crew(Preparation(), helpers=0) as crew:
        (result,) = crew([run])
    assert result.state == "failed"
    assert "colour" in str(result.error)
