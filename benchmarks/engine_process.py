"""An engine trains in a child process of its own, started as the lab's trainers are: one thread, the same arithmetic.

Engines in one process would meet each other's threads, allocators and flags.
"""

from __future__ import annotations

import json
import math
import queue
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, Self

import psutil

from core.child import Child, Voice, Words
from core.errors import WorkFailed
from core.jobs.children.keeper import lab_child
from core.settings import Settings
from core.spec import RunSpec

_PATIENCE: Final = 600.0
_QUIET_SECONDS, _QUIET_SHARE = 0.25, 0.04

Losses = Sequence[float]


@dataclass(frozen=True)
class Trained:
    """What one training was: its seconds from call to losses, those to its first loss, and the loss of each epoch."""

    seconds: float
    first_point: float
    losses: tuple[float, ...]


class EngineChild(Protocol):
    """What a child does: it is made for one run, then trains it as often as it is asked."""

    def train(self, epochs: int, seed: int) -> tuple[Losses, float]:
        """Train from the first weights; return the losses and when the first was known (`time.perf_counter`)."""
        ...


class EngineProcess:
    """A child process with one engine, seen from whoever measures it; to be closed.

    Parameters
    ----------
    name : str
        The module below `benchmarks` is ``{name}_engine``.
    folder : Path
        Its log and the compiler's cache: an empty folder is a cold cache.

    Raises
    ------
    WorkFailed
        Here and later, when the process is gone, or an engine cannot do what it is asked.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self._name = name
        self._words: queue.SimpleQueue[Words | None] = queue.SimpleQueue()
        self._child: Child = lab_child(
            Settings(data=folder), [f"benchmarks.{name}_engine"], name, lambda _child, words: self._words.put(words)
        )
        self._hear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()

    def load(self, run: RunSpec, problem: Path | None = None) -> None:
        """Make ready for `run`, compiling nothing; engines beside Keras take it from the file `problem`."""
        self._ask(load=run.model_dump(mode="json"), problem=str(problem or ""))

    def train(self, epochs: int, seed: int = 0) -> Trained:
        """Train what was loaded for so many epochs; another seed means other random numbers, not other work."""
        told = self._ask(train=epochs, seed=seed)
        losses = tuple(math.nan if loss is None else loss for loss in told["losses"])
        return Trained(told["seconds"], told["first_point"], losses)

    def settle(self) -> None:
        """Wait until it uses no processor: what an engine does behind its answers must not be measured as theirs."""
        deadline = time.monotonic() + _PATIENCE
        before = self._spent()
        while time.monotonic() < deadline:
            time.sleep(_QUIET_SECONDS)
            now = self._spent()
            if 0 <= now - before <= _QUIET_SECONDS * _QUIET_SHARE:
                return
            before = now

    def _spent(self) -> float:
        try:
            process = psutil.Process(self._child.pid)
            return sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)))
        except psutil.NoSuchProcess:
            return 0.0

    def _ask(self, **order: Any) -> Words:
        self._child.send(**order)
        return self._hear()

    def _hear(self) -> Words:
        try:
            words = self._words.get(timeout=_PATIENCE)
        except queue.Empty:
            raise WorkFailed(f"The engine {self._name} was silent for {_PATIENCE:.0f} seconds.") from None
        if words is None:
            raise WorkFailed(f"The engine {self._name} ended ({self._child.ended}).")
        if "error" in words:
            raise WorkFailed(f"The engine {self._name} failed: {words['error']}")
        return words


def serve(make: Callable[[RunSpec, Path], EngineChild]) -> None:
    """Be the child: make what is to be loaded, train it, until stdin ends."""
    voice = Voice()
    voice.say(ready=True)
    engine: EngineChild | None = None
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if "load" in order:
                engine = make(RunSpec.model_validate(order["load"]), Path(order["problem"]))
                voice.say(loaded=True)
            elif engine is not None:
                begin = time.perf_counter()
                losses, first = engine.train(order["train"], order["seed"])
                seconds = time.perf_counter() - begin
                told = [float(loss) if loss is not None and math.isfinite(loss) else None for loss in losses]
                voice.say(seconds=seconds, first_point=first - begin, losses=told)
        except Exception as error:  # whatever an engine's library raises, the measuring process is to hear of it
            voice.say(error=f"{type(error).__name__}: {error}"[:300])
            raise
