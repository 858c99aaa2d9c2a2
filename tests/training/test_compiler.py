"""XLA behind a graph that is in use: who is compiled when, what a failure costs, and what is never touched."""

import math
import threading
import time

import pytest
import tensorflow as tf

from core.training import compiler
from core.training.compiler import Compiled
from core.training.structure import XLA_PER_TRACE


def counter():
    """Return a variable and a traced function that adds to it."""
    variable = tf.Variable(1.0)

    def add(amount):
        variable.assign_add(amount)
        return (variable.value() * 2,)

    signature = [tf.TensorSpec((), tf.float32)]
    return variable, tf.function(add, input_signature=signature, autograph=False).get_concrete_function()


def test_it_is_a_graph_until_xla_is_ready_and_gives_the_same():
    variable, traced = counter()
    function = Compiled(traced, 1.0)
    how, (first,) = function(tf.constant(1.0))
    assert (how, float(first)) == ("graph", 4.0)
    function.compile_behind((tf.constant(100.0),))
    function.wait()
    assert float(variable) == 2.0, "compiling calls the function, and never with the variables in use"
    how, (second,) = function(tf.constant(1.0))
    assert (how, float(second)) == ("xla", 6.0)
    assert float(variable) == 3.0


def test_what_xla_cannot_compile_stays_a_graph(caplog):
    words = tf.Variable("a")
    traced = tf.function(lambda: (tf.strings.join([words, words]),), autograph=False).get_concrete_function()
    function = Compiled(traced, 1.0)
    function.compile_behind(())
    function.wait()
    how, (joined,) = function()
    assert (how, joined.numpy()) == ("graph", b"aa")
    assert "stays a graph" in caplog.text


@pytest.fixture
def busy():
    """Keep the compiler's thread busy until the test lets it go."""
    began, go = threading.Event(), threading.Event()

    def work():
        began.set()
        go.wait(30)

    compiler._WORKSHOP.take(work, first=True)
    assert began.wait(30)
    yield go
    go.set()


def test_xla_is_nearer_than_the_end_of_a_long_graph_while_it_is_at_work(busy):
    _, traced = counter()
    function = Compiled(traced, trace_seconds=30.0)
    assert not function.nearer(1e9), "nothing is compiled: there is nothing to wait for"
    function.compile_behind((tf.constant(1.0),))
    assert not function.nearer(1e9), "it waits for its turn, for nobody knows how long"
    busy.set()
    while not function.wait(0.0):
        begun = function._begun < math.inf
        assert function.nearer(1e9) or not begun or function.wait(0.0)
        assert not function.nearer(0.001)
    assert not function.nearer(1e9)


def test_what_nothing_else_is_compiled_before_is_at_work_at_once(monkeypatch):
    monkeypatch.setattr(compiler, "_WORKSHOP", compiler._Workshop())
    _, traced = counter()
    function = Compiled(traced, trace_seconds=30.0)
    function.compile_behind((tf.constant(1.0),))
    assert function.nearer(1e9) or function.wait(0.0)
    assert function._begun < math.inf


def test_what_takes_far_longer_than_was_thought_is_not_waited_for(busy):
    _, traced = counter()
    function = Compiled(traced, trace_seconds=1.0)
    function._begun = time.perf_counter() - 2 * XLA_PER_TRACE - 1
    assert not function.nearer(1e9)


def test_what_a_run_waits_for_comes_before_what_is_compiled_at_leisure(busy, monkeypatch):
    order, whole = [], Compiled._compile

    def noted(function, *given):
        order.append(function)
        whole(function, *given)

    monkeypatch.setattr(Compiled, "_compile", noted)
    variables, traced = zip(*(counter() for _ in range(3)), strict=True)
    leisure, hurried, urgent = (Compiled(function, 1.0) for function in traced)
    for function, first in ((leisure, False), (hurried, False), (urgent, True), (hurried, True)):
        function.compile_behind((tf.constant(1.0),), first=first)
    busy.set()
    for function in (leisure, hurried, urgent):
        function.wait()
    assert order == [hurried, urgent, leisure]
    assert [float(variable) for variable in variables] == [1.0, 1.0, 1.0]


def test_xla_is_worth_its_time_once_the_graph_has_cost_as_much():
    _, traced = counter()
    function = Compiled(traced, 0.1)
    assert not function.deserves_xla(XLA_PER_TRACE * 0.09)
    assert function.deserves_xla(XLA_PER_TRACE * 0.11)
    free = Compiled(traced, 0.0)
    assert not free.deserves_xla()
    free(tf.constant(1.0))
    assert free.deserves_xla(), "what calls took counts"


def test_what_can_wait_waits_for_a_training_and_then_comes(monkeypatch):
    order = []

    def work(name, done):
        def note():
            order.append(name)
            done.set()

        return note

    urgent, leisure = threading.Event(), threading.Event()
    with compiler.only_urgent(), compiler.only_urgent():
        compiler._WORKSHOP.take(work("leisure", leisure), first=False)
        compiler._WORKSHOP.take(work("urgent", urgent), first=True)
        assert urgent.wait(30)
        assert not leisure.wait(0.2)
    assert leisure.wait(30)
    assert order == ["urgent", "leisure"]
