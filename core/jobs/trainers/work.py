"""What a trainer does with a run: prepare its arrays, keep them for the next one, train with Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from core.spec import RunSpec
from core.training.result import OnPoints, Result

"""Called after every few epochs with the number of the first one, from 1, and what they came to."""


class Work(Protocol):
    """What a trainer needs to be given; made once per process, used by one thread."""

    def train(self, run: RunSpec, on_points: OnPoints, should_stop: Callable[[], bool], *, probed: bool) -> Result:
        """Train `run`; arguments and result as those of `core.training.run.train_run`."""

    def warm(self, run: RunSpec) -> None:
        """Compile what `run` needs, without training it."""


class KerasWork:
    """The work of `core.training`; making it imports TensorFlow.

    Parameters
    ----------
    dataset : callable
        Gives the bytes of an uploaded table by its SHA-256.
    """

    def __init__(self, dataset: Callable[[str], bytes]) -> None:
        from core.data.prepare.cache import Preparation
        from core.training.run import compile_run, train_run

        self._preparation = Preparation(dataset)
        self._train_run = train_run
        self._compile_run = compile_run

    def train(self, run: RunSpec, on_points: OnPoints, should_stop: Callable[[], bool], *, probed: bool) -> Result:
        """Train `run` on its prepared arrays."""
        return self._train_run(run, self._preparation.of(run), on_points, should_stop, probed=probed)

    def warm(self, run: RunSpec) -> None:
        """Compile what `run` needs."""
        self._compile_run(run, self._preparation.of(run))
