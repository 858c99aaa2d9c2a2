"""XLA at work behind a function that is in use as a graph meanwhile, and takes over between two calls.

TensorFlow compiles without Python's lock, so a training goes on. The compiled code does not depend on which variables
it is called with: it is compiled with stand-ins, because a call writes the variables it was given back at its end, and
those of a training in progress must not be.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Final, Literal

from core.training.backend import tf
from core.training.structure import XLA_PER_TRACE

Compiler = Literal["graph", "xla"]

_LOGGER: Final = logging.getLogger(__name__)


class Compiled:
    """A traced function of tensors: a graph from the start, XLA once that has been asked for and is ready.

    Parameters
    ----------
    traced : tf.types.experimental.ConcreteFunction
        Its arguments are flat; its results are the same in either form, but for their last digits.
    trace_seconds : float
        What tracing it took.
    for_xla : callable, optional
        What XLA compiles in its place, where it needs other words for the same.
    """

    def __init__(self, traced: Any, trace_seconds: float, for_xla: Callable[..., Any] | None = None) -> None:
        self._graph = traced
        self._for_xla = for_xla or traced
        # What XLA compiles in place of the graph is traced by itself.
        self._worth = (XLA_PER_TRACE + (for_xla is not None)) * trace_seconds
        self._xla: Any = None
        self._work: Callable[[], None] | None = None
        self._done = threading.Event()
        self._graph_seconds = 0.0
        self._begun = math.inf

    def __call__(self, *tensors: Any) -> tuple[Compiler, Any]:
        """Return what it ran in and the results for `tensors`."""
        if (compiled := self._xla) is not None:
            return "xla", compiled(*tensors)
        begin = time.perf_counter()
        results = self._graph(*tensors)
        self._graph_seconds += time.perf_counter() - begin
        return "graph", results

    def deserves_xla(self, seconds: float = 0.0) -> bool:
        """Whether XLA is worth its time for calls that take `seconds` more as a graph.

        As with skis to rent or to buy (Karlin et al. 1988, "Competitive snoopy caching"): once what the graph has
        cost, and surely will, is what compiling costs.
        """
        return self._graph_seconds + seconds > self._worth

    def compile_behind(self, tensors: tuple[Any, ...], *, first: bool = True) -> None:
        """Have XLA compile it in a thread, `first` before whatever else waits for that; a second call only hurries.

        `tensors` are arguments for a call that computes little, and is made. If XLA fails, it stays a graph.
        """
        if self._work is not None:
            if first:
                _WORKSHOP.hurry(self._work)
            return
        # Traced here and not in the thread: TensorFlow numbers what it traces, and the compiler's cache goes by that.
        signature = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors]

        def traced(*arguments: Any) -> Any:
            return self._for_xla(*arguments)

        function = tf.function(traced, input_signature=signature, autograph=False, jit_compile=True)
        compiled = function.get_concrete_function()
        self._work = partial(self._compile, compiled, tensors)
        if _WORKSHOP.take(self._work, first):
            self._begun = time.perf_counter()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until XLA is ready or has failed, or so long; return which. Only after `compile_behind`."""
        return self._done.wait(seconds)

    def nearer(self, seconds: float) -> bool:
        """Whether XLA is at work, and sooner ready than a graph were done that takes so many `seconds`."""
        left = self._begun + self._worth - time.perf_counter()
        # What takes twice as long as was thought may take any time.
        return not self._done.is_set() and -self._worth < left < seconds

    def _compile(self, compiled: Any, tensors: tuple[Any, ...]) -> None:
        self._begun = time.perf_counter()
        try:
            stand_ins = {id(variable.handle): tf.Variable(tf.zeros_like(variable)) for variable in compiled.variables}
            handles = [
                stand_ins[id(captured)].handle if id(captured) in stand_ins else captured
                for captured in compiled.captured_inputs
            ]
            # The public call takes no other variables than those it was traced with.
            compiled._call_flat(list(tensors), captured_inputs=handles)  # noqa: SLF001
        except Exception:  # whatever XLA cannot do, the graph can
            _LOGGER.warning("XLA has failed; what it was to compile stays a graph", exc_info=True)
        else:
            self._xla = compiled
        self._done.set()


class _Workshop:
    """One thread that does one piece of work after the other, while there are any."""

    def __init__(self) -> None:
        self._urgent: deque[Callable[[], None]] = deque()
        self._leisure: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._open = False
        self._held = 0

    def take(self, work: Callable[[], None], first: bool) -> bool:
        """Take a piece of work, and return whether it is begun at once."""
        with self._lock:
            idle = not self._open
            if first:
                self._urgent.appendleft(work)
            else:
                self._leisure.append(work)
            self._begin()
            return idle and self._open

    def hurry(self, work: Callable[[], None]) -> None:
        """Let `work` be next, if it waits."""
        with self._lock:
            for waiting in (self._urgent, self._leisure):
                if work in waiting:
                    waiting.remove(work)
                    self._urgent.appendleft(work)
                    self._begin()
                    return

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Meanwhile begin nothing that may be done at leisure."""
        with self._lock:
            self._held += 1
        try:
            yield
        finally:
            with self._lock:
                self._held -= 1
                self._begin()

    def _next(self) -> deque[Callable[[], None]]:
        return self._urgent or (deque() if self._held else self._leisure)

    def _begin(self) -> None:
        if not self._open and self._next():
            self._open = True
            # No daemon: the interpreter waits for what is being compiled, or would end in the middle of it.
            threading.Thread(target=self._serve, name="compiler", daemon=False).start()

    def _serve(self) -> None:
        while True:
            with self._lock:
                waiting = self._next()
                if not waiting or not threading.main_thread().is_alive():
                    self._open = False
                    return
                work = waiting.popleft()
            work()


def only_urgent() -> AbstractContextManager[None]:
    """Return a context in which nothing is compiled but what somebody waits for: a training goes on."""
    return _WORKSHOP.hold()


_WORKSHOP: Final = _Workshop()
