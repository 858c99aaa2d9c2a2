"""The trainer: a child process that trains one run at a time and speaks JSON lines over its pipes.

Orders come on stdin: ``train`` (token, run, attempt, experiment, position, probed, pictured), ``stop`` (token),
``keep`` (token), ``warm`` (structure, run). Words go out on stdout: ``ready``, ``resumed`` (seconds trained before),
``points`` (first_epoch, last_epoch, history as text, overview), ``frame`` (epoch, passing, text), ``kept``, ``end``
(state, result, error), ``warmed`` (structure, known). The end of stdin is the end of the process, so that it never
outlives whoever started it.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from core.child import Voice
from core.collector import keep_what_lives
from core.errors import InputRefused, WorkFailed
from core.jobs.children.orders import Orders, begin_as_child
from core.jobs.memory import give_back, let_go_of_start, own_bytes
from core.jobs.storage.frames import encode_frame
from core.jobs.storage.history import encode_history, without_nan
from core.jobs.storage.overview import WHOLE, Overview
from core.jobs.storage.store import Store
from core.jobs.trainers.run_safe import RunSafe
from core.sentence import said
from core.settings import load_settings
from core.spec import RunSpec
from core.training.memory import OUT_OF_MEMORY
from core.training.pictures.frame import Frame
from core.training.result import Points

if TYPE_CHECKING:
    from core.jobs.trainers.work import KerasWork

_WORTH_TIDYING: Final = 32 * 2**20
_LOOK_SECONDS: Final = 0.05

DISPENSABLE: Final = 900
"""The first to go when memory runs out: its run is queued again, and it is the likeliest to have taken the memory."""

log = logging.getLogger("losslab.trainer")


@dataclass
class Trainer:
    """Carries out orders and says what happens."""

    store: Store
    work: KerasWork
    orders: Orders
    voice: Voice

    def __post_init__(self) -> None:
        self._tidied_bytes = own_bytes(os.getpid())

    def serve(self) -> None:
        """Carry out one order after the other, for ever."""
        self._say(event="ready")
        while True:
            order = self.orders.next()
            if order["cmd"] == "train":
                self._train(order)
            else:
                self._warm(order)

    def _train(self, order: dict[str, Any]) -> None:
        token: str = order["token"]
        reported = 0
        overview = Overview()

        def on_points(first_epoch: int, points: Points) -> None:
            nonlocal reported
            start = WHOLE + 1 - first_epoch
            if 0 < start < max(map(len, points.values())):  # so that whoever draws the start reads nothing else
                on_points(first_epoch, {name: values[:start] for name, values in points.items()})
                on_points(WHOLE + 1, {name: values[start:] for name, values in points.items()})
                return
            reported = first_epoch - 1 + max(map(len, points.values()))
            self._say(
                event="points", token=token, first_epoch=first_epoch, last_epoch=reported,
                history=encode_history(points), overview=overview.add(first_epoch, points),
            )  # fmt: skip

        def on_frame(frame: Frame) -> None:
            text = encode_frame(frame)
            self._say(event="frame", token=token, epoch=frame.epoch, passing=frame.passing, text=text)

        safe = RunSafe(
            self.store.checkpoints, order["run"], order["attempt"],
            asked=partial(self.orders.to_keep, token),
            on_resume=lambda kept: self._say(event="resumed", token=token, seconds=kept.seconds),
            on_asked=lambda: self._say(event="kept", token=token),
        )  # fmt: skip

        try:
            spec = self.store.run_specs(order["experiment"])[order["position"]]
            stopped = partial(self.orders.stopped, token)
            frames = on_frame if order["pictured"] else None
            result = self.work.train(spec, on_points, stopped, probed=order["probed"], on_frame=frames, safe=safe)
            # The epochs that the training itself did not report.
            rest = {name: values[reported:] for name, values in result.history.items()}
            if any(rest.values()):
                on_points(reported + 1, rest)
            self._tidy()
        except (InputRefused, WorkFailed) as failure:
            self._say(event="end", token=token, state="failed", error=str(failure))
        except MemoryError:
            log.exception("run %s:%s found no memory", order["experiment"], order["position"])
            self._say(event="end", token=token, state="failed", error=OUT_OF_MEMORY)
        except Exception as failure:  # whatever one run does, the next one must be served
            log.exception("run %s:%s failed", order["experiment"], order["position"])
            error = said("The training failed with {error}; the trainer's log says more.", error=type(failure).__name__)
            self._say(event="end", token=token, state="failed", error=error)
        else:
            # Without the history, which was told while it grew.
            ending = {name: value for name, value in result.as_dict().items() if name != "history"}
            self._say(event="end", token=token, state=result.state, result=without_nan(ending))

    def _warm(self, order: dict[str, Any]) -> None:
        known = False
        try:
            ready = self.work.warm(RunSpec.model_validate(order["run"]))
            known = True
            while not ready(_LOOK_SECONDS) and not self.orders.work_waits():
                pass
            self._tidy()
        except InputRefused as refusal:
            log.info("nothing is compiled ahead: %s", refusal)
        except Exception:  # a lost head start is worth a line in the log, no more
            log.exception("a structure could not be compiled ahead")
        self._say(event="warmed", structure=order["structure"], known=known)

    def _tidy(self) -> None:
        """Give back what compiling has left, a hundred MB after the first time, when it is worth the 20 ms."""
        if own_bytes(os.getpid()) - self._tidied_bytes > _WORTH_TIDYING:
            give_back()
            self._tidied_bytes = own_bytes(os.getpid())

    def _say(self, **words: Any) -> None:
        self.voice.say(**words, own=own_bytes(os.getpid()))


def main() -> None:
    """Serve until stdin ends; the one argument is ``module:name`` of what trains, such as `KerasWork`."""
    module, _, name = sys.argv[1].partition(":")
    orders, voice = begin_as_child(DISPENSABLE)
    store = Store(load_settings(), verify=False)
    work: KerasWork = getattr(importlib.import_module(module), name)(store.datasets.read, store.run_bytes)
    let_go_of_start()
    keep_what_lives()
    Trainer(store, work, orders, voice).serve()


if __name__ == "__main__":
    main()
