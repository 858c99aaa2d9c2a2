"""Work without TensorFlow, for trainers under test: the batch size picks what it does, the epochs for how long."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

import numpy as np

from core.errors import InputRefused
from core.spec import RunSpec
from core.training.checkpoint import Checkpoint, Safe
from core.training.pictures.frame import SCENE, Frame, OnFrame
from core.training.result import OnPoints, Result

(
    QUICK,
    SLOW,
    POISON,
    REFUSED,
    BROKEN,
    STUBBORN,
    CHATTY,
    DIVERGES,
    SICK,
    LINGERING,
    GREEDY,
    STARVED,
    STOPPED,
    PONDERING,
    DOOMED,
) = range(1, 16)
EPOCH_SECONDS = 0.01
CURE = 0.01
"""The learning rate at which a sick run learns; a lingering one is sick and takes a while besides."""
LINGER_SECONDS = 0.6
GREEDY_BYTES = 700_000_000
PONDER_SECONDS = 4.0
DOOM = 30
"""The epoch at which a doomed run kills its trainer, however often it comes there."""


def refuse(_on_points: OnPoints) -> None:
    raise InputRefused("data.target: there is no such column.", "data.target")


def fail(_on_points: OnPoints) -> None:
    raise ZeroDivisionError("secret of the machine")


def chat(_on_points: OnPoints) -> None:
    sys.stdout.write('{"event":"end"} stray words\n')
    sys.stdout.flush()


def hang(on_points: OnPoints) -> None:
    on_points(1, {"loss": [1.0]})
    time.sleep(600)


def stop(on_points: OnPoints) -> None:
    on_points(1, {"loss": [1.0]})
    os.kill(os.getpid(), signal.SIGSTOP)


def ponder(_on_points: OnPoints) -> None:
    time.sleep(PONDER_SECONDS)


def starve(_on_points: OnPoints) -> None:
    raise MemoryError("Unable to allocate 9. GiB for an array")


def take_memory(_on_points: OnPoints) -> None:
    taken = b"x" * GREEDY_BYTES
    time.sleep(600)
    del taken


MISCHIEF: dict[int, Callable[[OnPoints], None]] = {
    REFUSED: refuse,
    BROKEN: fail,
    CHATTY: chat,
    STUBBORN: hang,
    GREEDY: take_memory,
    STARVED: starve,
    STOPPED: stop,
    PONDERING: ponder,
}


def never_ready(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def resumed(safe: Safe, on_points: OnPoints) -> list[float | None]:
    """The losses so far, told once more."""
    kept = safe.newest(lambda _: True)
    losses: list[float | None] = [] if kept is None else kept.arrays["losses"][0].tolist()
    if losses:
        on_points(1, {"loss": losses})
    return losses


def keep(safe: Safe, losses: list[float | None]) -> None:
    if safe.due(8 * len(losses)):
        seconds = EPOCH_SECONDS * len(losses)
        safe.put(Checkpoint("", len(losses), 0, seconds, {}, {"losses": (np.array(losses, float),)}))


class FakeWork:
    def __init__(self, dataset: Callable[[str], bytes], _run_bytes: int) -> None:
        self._dataset = dataset

    def warm(self, run: RunSpec) -> Callable[[float], bool]:
        if run.training.batch_size == POISON:
            os.kill(os.getpid(), signal.SIGKILL)
        if run.training.batch_size == SLOW:
            return never_ready
        return lambda _seconds: True

    def train(
        self,
        run: RunSpec,
        on_points: OnPoints,
        should_stop: Callable[[], bool],
        *,
        probed: bool,
        on_frame: OnFrame | None = None,
        safe: Safe | None = None,
    ) -> Result:
        assert safe is not None
        kind, epochs = run.training.batch_size, run.training.epochs
        if isinstance(run.data.source, str) and run.data.source.startswith("dataset:"):
            self._dataset(run.data.source.removeprefix("dataset:"))
        if kind in MISCHIEF:
            MISCHIEF[kind](on_points)
        losses = resumed(safe, on_points)
        before = len(losses)
        state = "done"
        see = on_frame or (lambda _frame: None)
        see(Frame(SCENE, {"fake": {"of": kind}}))
        for epoch in range(before + 1, epochs + 1):
            if should_stop():
                state = "cancelled"
                break
            keep(safe, losses)
            losses.append(1.0 / epoch)
            if kind == DIVERGES and epoch == 3:
                losses[-1] = float("nan")
                state = "diverged"
                break
            if kind == LINGERING and epoch <= LINGER_SECONDS / EPOCH_SECONDS:
                time.sleep(EPOCH_SECONDS)
            if kind in {SLOW, DOOMED}:
                on_points(epoch, {"loss": losses[-1:]})
                see(Frame(epoch, {"fake": {"loss": losses[-1]}}, passing=True))
                time.sleep(EPOCH_SECONDS)
            if (kind, epoch) in {(POISON, 2), (DOOMED, DOOM)}:
                os.kill(os.getpid(), signal.SIGKILL)
        see(Frame(len(losses), {"fake": {"epochs": len(losses)}}))
        skill = (0.9 if run.training.learning_rate == CURE else -1.0) if kind in {SICK, LINGERING} else 0.5
        values = {
            "variant": run.variant, "seed": run.training.seed, "state": state, "epochs": len(losses), "seconds": 0.1,
            "error": None, "diverged_at": len(losses) if state == "diverged" else None, "history": {"loss": losses},
            "baseline": {"loss": 1.0, "what": "test"}, "skill": skill, "val_skill": float("nan"), "parameters": 7,
            "telemetry": {"pid": os.getpid(), "peak": float("inf"), "probed": probed, "before": before},
        }  # fmt: skip
        return Result.from_dict(values)
