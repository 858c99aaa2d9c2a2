"""A few are let in at a time, in turn, and nobody waits for ever."""

import threading
import time

import pytest

from core.ui.gate import Gate

PATIENCE_SECONDS = 30


class Crowd:
    """People who come to a gate one after the other, each of whom stays inside until told to leave."""

    def __init__(self, gate):
        self.gate = gate
        self.entered, self.most = [], 0
        self.leave, self.threads = {}, []
        self.inside = set()
        self.news = threading.Condition()

    def come(self, name, *, known=False):
        self.leave[name] = threading.Event()
        thread = threading.Thread(target=self._visit, args=(name, known), daemon=True)
        self.threads.append(thread)
        thread.start()
        until(lambda: name in self.entered or present(self.gate) == len(self.threads))

    def _visit(self, name, known):
        with self.gate.place(known=known):
            with self.news:
                self.entered.append(name)
                self.inside.add(name)
                self.most = max(self.most, len(self.inside))
                self.news.notify_all()
            self.leave[name].wait(PATIENCE_SECONDS)
            with self.news:
                self.inside.discard(name)

    def wait_for(self, count):
        with self.news:
            assert self.news.wait_for(lambda: len(self.entered) >= count, PATIENCE_SECONDS), self.entered

    def leave_in_turn(self):
        """Whoever is inside longest leaves once every place is taken, until everybody was inside."""
        for place in range(len(self.threads)):
            self.wait_for(min(place + self.gate._places, len(self.threads)))
            self.leave[self.entered[place]].set()
        for thread in self.threads:
            thread.join(PATIENCE_SECONDS)
        return self.entered


def waiting(gate):
    return sum(map(len, gate._lanes))


def present(gate):
    with gate._lock:
        return waiting(gate) + len(gate._inside)


def until(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline


def test_a_few_are_inside_at_a_time_and_all_come_in_in_order_of_arrival():
    crowd = Crowd(Gate(2, PATIENCE_SECONDS))
    for name in range(12):
        crowd.come(name)
    crowd.wait_for(2)
    assert crowd.entered == [0, 1]
    assert waiting(crowd.gate) == 10
    assert crowd.leave_in_turn() == list(range(12))
    assert crowd.most == 2
    assert waiting(crowd.gate) == 0


def test_who_is_here_already_does_not_wait_behind_a_crowd_nor_keep_it_out():
    crowd = Crowd(Gate(1, PATIENCE_SECONDS))
    for name in ("first", "new 1", "new 2", "new 3"):
        crowd.come(name)
    for name in ("known 1", "known 2", "known 3"):
        crowd.come(name, known=True)
    assert crowd.leave_in_turn() == ["first", "known 1", "new 1", "known 2", "new 2", "known 3", "new 3"]


@pytest.mark.parametrize("end", [ValueError, BaseException])
def test_a_place_is_given_back_however_a_page_ends(end):
    gate = Gate(1, PATIENCE_SECONDS)
    for _ in range(3):
        with pytest.raises(end), gate.place(known=False):  # the second would wait if the first were still counted
            raise end
    assert waiting(gate) == 0


def test_who_stays_inside_for_too_long_keeps_nobody_out():
    crowd = Crowd(Gate(1, 0.05))
    crowd.come("stuck")
    crowd.come("next")
    crowd.wait_for(2)
    assert not crowd.leave["stuck"].is_set()
    crowd.leave_in_turn()
    with crowd.gate.place(known=False):  # what was let in beside it is not let in a second time
        pass
    assert waiting(crowd.gate) == 0
