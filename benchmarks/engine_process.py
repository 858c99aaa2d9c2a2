"""An engine trains in a process of its own: in one, engines would meet each other's threads, allocators and flags."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.worker import Worker, serve
from core.child import Words
from core.spec import RunSpec

Losses = Sequence[float | None]


@dataclass(frozen=True)
class Trained:
    """What one training was: its seconds from call to losses, those to its first loss, and the loss of each epoch."""

    seconds: float
    first_point: float
    losses: tuple[float, ...]


class Engine(Protocol):
    """What a child does: it is made for one run, then trains it as often as it is asked."""

    def train(self, epochs: int, seed: int) -> tuple[Losses, float]:
        """Train from the first weights; return the losses and when the first was known (`time.perf_counter`)."""
        ...


class EngineProcess(Worker):
    """A child process with the engine of this name; the rest as for `Worker`."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(f"{name}_engine", folder)

    def load(self, run: RunSpec, problem: Path) -> None:
        """Make ready for `run`, compiling nothing; engines beside Keras take it from the file of its `Problem`."""
        self.ask(load=run.model_dump(mode="json"), problem=str(problem))

    def train(self, epochs: int, seed: int = 0) -> Trained:
        """Train what was loaded for so many epochs; another seed means other random numbers, not other work."""
        told = self.ask(train=epochs, seed=seed)
        losses = tuple(math.nan if loss is None else loss for loss in told["losses"])
        return Trained(told["seconds"], told["first_point"], losses)


def serve_engine(make: Callable[[RunSpec, Path], Engine]) -> None:
    """Be the child: make what is to be loaded, and train it."""
    engines: list[Engine] = []

    def answer(order: Words) -> Words:
        if "load" in order:
            engines[:] = [make(RunSpec.model_validate(order["load"]), Path(order["problem"]))]
            return {}
        begin = time.perf_counter()
        losses, first = engines[0].train(order["train"], order["seed"])
        seconds = time.perf_counter() - begin
        told = [float(loss) if loss is not None and math.isfinite(loss) else None for loss in losses]
        return {"seconds": seconds, "first_point": first - begin, "losses": told}

    serve(answer)
