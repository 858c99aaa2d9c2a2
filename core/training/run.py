"""One training: chunk by chunk from the first weights to a history, a skill and the event that ended it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.data.prepare.prepared import Prepared
from core.sentence import said
from core.spec import RunSpec
from core.training.backend import keras, tf
from core.training.baseline import baseline
from core.training.checkpoint import Checkpoint, Safe, training_name
from core.training.compiler import Compiler, only_urgent
from core.training.epochs import Program, program_for
from core.training.memory import OUT_OF_MEMORY
from core.training.model import build_callbacks, callback_state
from core.training.pictures.camera import Camera
from core.training.pictures.frame import OnFrame
from core.training.predictions import Scores, scores
from core.training.probe import Measurements
from core.training.result import Ending, History, OnPoints, Result, json_number
from core.training.row_order import row_orders
from core.training.structure import GRAPH_SECONDS
from core.training.telemetry import measured_epochs, telemetry

CHUNK_SECONDS: Final = 0.1
"""How long one compiled call should last: progress and cancel never wait longer than 0.25 s."""

_FIRST_BATCHES: Final = 64
_LOOK_SECONDS: Final = 0.2
_KEPT: Final = frozenset({"program", "history", "best", "measured", "pictured"})
"""The arrays of a checkpoint."""
_LOGGER: Final = logging.getLogger(__name__)

Curves = dict[str, list[float | None]]


def train_run(
    run: RunSpec,
    prepared: Prepared,
    on_points: OnPoints = lambda _first_epoch, _points: None,
    should_stop: Callable[[], bool] = lambda: False,
    *,
    probed: bool = False,
    likely: int = 0,
    on_frame: OnFrame | None = None,
    safe: Safe | None = None,
) -> Result:
    """Train `run` on `prepared` and return its result.

    Parameters
    ----------
    prepared : Prepared
        From `core.data.prepare.prepared.prepare` of the same run.
    on_points : callable
        Told the new epochs after each chunk.
    should_stop : callable
        Asked between chunks; True ends the run as ``cancelled`` with the history so far.
    probed : bool
        Measure layers and outputs along the way, into ``telemetry``.
    likely : int
        How many runs like it are likely to follow: what XLA saves, it saves in each.
    on_frame : callable, optional
        Told the pictures of the run (`core.training.pictures`), which are only made for who asks.
    safe : Safe, optional
        Keeps checkpoints, and has those of an earlier attempt: then the run goes on from there, and tells the epochs
        and pictures until then once more.

    Returns
    -------
    Result
        What Keras refuses to train comes back as ``failed``. Non-finite numbers are None.
    """
    try:
        with only_urgent():
            return _train(run, prepared, on_points, should_stop, probed, likely, on_frame, safe)
    except (MemoryError, tf.errors.ResourceExhaustedError):
        return Result.refused(run, OUT_OF_MEMORY)
    except (tf.errors.OpError, ValueError, TypeError) as error:
        # What the spec allows and Keras does not: a loss that cannot compare these outputs with these targets.
        _LOGGER.info("Keras refused a run", exc_info=True)
        reason = str(error).strip().partition("\n")[0][:200].rstrip(".")
        return Result.refused(
            run, said("Keras cannot train this combination of model, loss and target: {reason}.", reason=reason)
        )


def compile_run(run: RunSpec, prepared: Prepared, *, wait: bool = False) -> Callable[[float], bool]:
    """Make what `run` needs ready, training nothing: the graph now, XLA behind it, when no training goes on.

    What is returned waits so many seconds for XLA, and says whether nothing is left to wait for: what takes less time
    as a graph is none of XLA's work. With `wait` XLA is ready on return, whatever it is worth.
    """
    program = program_for(run, prepared)
    data = program.load(prepared)
    program.trace(data)
    least = _least_seconds_per_batch(run) * program.batches * run.training.epochs
    if not wait and not program.deserves_xla(least):
        return lambda _seconds: True
    program.compile_behind(data, at_leisure=not wait)
    if wait:
        program.wait_for_xla()
    return program.wait_for_xla


def _least_seconds_per_batch(run: RunSpec) -> float:
    """Return what a batch takes at least as a graph."""
    return GRAPH_SECONDS * (len(run.model.layers) + 1)


def _train(
    run: RunSpec,
    prepared: Prepared,
    on_points: OnPoints,
    should_stop: Callable[[], bool],
    probed: bool,
    likely: int,
    on_frame: OnFrame | None,
    safe: Safe | None,
) -> Result:
    begin = time.perf_counter()
    program = program_for(run, prepared)
    known = program.traced
    data = program.load(prepared)
    program.trace(data)
    camera = Camera(program, prepared, run.training.epochs, on_frame) if on_frame else None
    training = _Training(run, prepared, program, data, probed=probed, likely=likely, camera=camera, safe=safe)
    state = training.until_end(on_points, should_stop)
    inputs = [prepared.x, prepared.x_val, *([_mean_row(prepared)] if probed else [])]
    predicted, predicted_val, *blind = program.predict(*inputs)
    measured = training.measured()
    seconds = round(training.seconds_before + time.perf_counter() - begin, 4)
    fitted = scores(prepared, predicted)
    held_out = scores(prepared, predicted_val, validation=True) if len(predicted_val) else Scores()
    return Result(
        variant=run.variant,
        seed=run.training.seed,
        state=state,
        epochs=training.epoch,
        seconds=seconds,
        diverged_at=training.epoch if state == "diverged" else None,
        history=History.of(training.curves),
        baseline=baseline(prepared),
        skill=fitted.skill,
        val_skill=held_out.skill,
        parameters=program.model.count_params(),
        telemetry={
            "updates": training.epoch * -(-len(prepared.x) // program.structure.batch_size),
            "compiler": " then ".join(training.compilers),
            "compile_seconds": 0.0 if known else round(program.trace_seconds, 4),
            "warnings": list(program.warnings),
            **training.restored(),
            **measured,
            **_without_inputs(prepared, blind),
            "explained": fitted.explained,
            "val_explained": held_out.explained,
            "recall": fitted.recall,
            "val_recall": held_out.recall,
        },
    )


def _without_inputs(prepared: Prepared, predicted: Sequence[npt.NDArray[Any]]) -> dict[str, Any]:
    """Return what is explained if every row shows the mean of the inputs: nothing, where the network uses them."""
    if not predicted:
        return {}
    return {"without_inputs": scores(prepared, predicted[0].repeat(len(prepared.x), axis=0)).explained}


def _mean_row(prepared: Prepared) -> npt.NDArray[Any]:
    mean = np.nanmean(np.where(np.isfinite(prepared.x), prepared.x, np.nan), axis=0, keepdims=True)
    return np.asarray(np.nan_to_num(mean), np.float32)


class _Training:
    """The moving part of one run: where it is, and the history so far.

    Attributes
    ----------
    seconds_before : float
        What was trained in earlier attempts, and not lost, had taken.
    """

    def __init__(
        self,
        run: RunSpec,
        prepared: Prepared,
        program: Program,
        data: tuple[Any, ...],
        *,
        probed: bool,
        likely: int,
        camera: Camera | None,
        safe: Safe | None,
    ) -> None:
        self.run, self.program, self.data, self._probed, self._likely = run, program, data, probed, likely
        self._prepared, self._safe = prepared, safe
        self._begun, self.seconds_before = time.perf_counter(), 0.0
        self.epoch = 0
        metric = prepared.metric
        names = ["loss", metric, "val_loss", f"val_{metric}"][: 4 if len(prepared.x_val) else 2]
        self.curves: Curves = {name: [] for name in [*names, "learning_rate"]}
        self.compilers: list[Compiler] = []
        self._measurements: Measurements | None = None
        steps = -(-program.rows // program.structure.batch_size)
        self._measured = measured_epochs(run.training.epochs, steps) & probed
        self._camera = camera
        self._kept = self._measured if camera is None else self._measured | camera.planned
        self._orders = row_orders(run.training.seed, program.rows, shuffle=run.training.shuffle)
        self._batch = 0
        self._sums = np.zeros(2, np.float32)
        self._callbacks = keras.callbacks.CallbackList(build_callbacks(run), model=program.model)

    def until_end(self, on_points: OnPoints, should_stop: Callable[[], bool]) -> Ending:
        self._begin()
        self._resume(on_points)
        if self.program.compiles_as_traced:
            self._hurry(_least_seconds_per_batch(self.run))
        self._await_xla(should_stop)
        state: Ending = "done"
        while self.epoch < self.run.training.epochs and not self.program.model.stop_training:
            if should_stop():
                state = "cancelled"
                break
            self._keep()
            first = self.epoch + 1
            if points := self._advance():
                on_points(first, points)
                if points["loss"][-1] is None:
                    state = "diverged"
                    break
            if self._camera is not None:
                self._camera.look(self.epoch + round(self._batch / self.program.batches, 2))
            if self._batches_left:
                self._hurry(self.program.seconds_per_batch)
                self._await_xla(should_stop)
        self._end()
        return state

    def restored(self) -> dict[str, int]:
        """Return the epoch whose weights are those in the end, where early stopping went back to it."""
        stopping = self._stopping
        if stopping is None or stopping.best_weights is None or stopping.best_epoch + 1 == self.epoch:
            return {}
        return {"weights_of_epoch": stopping.best_epoch + 1}

    def measured(self) -> dict[str, Any]:
        """Return what the probe measured, if there was one."""
        if self._measurements is None:
            return {}
        return telemetry(self._measurements.by_epoch(), len(self.run.model.layers) + 1, self.run.training.clip_norm)

    def _begin(self) -> None:
        self.program.start(self.run)
        if self._probed:
            self._measurements = Measurements(self.program.probe, *self.data[:2])
            start = [self.program.snapshot()]
            self._measurements.take([0], start, start, 0)
        if self._camera is not None:
            self._camera.begin()
        if self._callbacks.callbacks:
            self.program.show_weights()
        self._callbacks.on_train_begin()

    @cached_property
    def _name(self) -> str:
        return training_name(self.run, self._prepared)

    def _fits(self, kept: Checkpoint) -> bool:
        whole = kept.arrays.keys() >= _KEPT and len(kept.arrays["history"][0]) == len(self.curves)
        return whole and kept.of == self._name and self.program.fits(kept.arrays["program"])

    def _keep(self) -> None:
        """Hand over where this training is, if it is time to; it has not ended."""
        if self._safe is not None and self._safe.due(self.program.state_bytes):
            self._safe.put(self._checkpoint())

    def _resume(self, on_points: OnPoints) -> None:
        """Go on from where an earlier attempt was, if there is one."""
        kept = None if self._safe is None else self._safe.newest(self._fits)
        if kept is not None:
            self._go_to(kept)
            if self.epoch:
                on_points(1, {name: list(values) for name, values in self.curves.items()})

    def _checkpoint(self) -> Checkpoint:
        stopping, camera = self._stopping, self._camera
        return Checkpoint(
            of=self._name,
            epoch=self.epoch,
            batch=self._batch,
            seconds=self.seconds_before + time.perf_counter() - self._begun,
            values={
                "compilers": self.compilers,
                "callbacks": [callback_state(callback) for callback in self._callbacks.callbacks],
                "updates": [] if camera is None else camera.updates,
            },
            arrays={
                "program": self.program.state(),
                "history": (np.array(list(self.curves.values()), np.float64), self._sums),
                "best": () if stopping is None else tuple(stopping.best_weights or ()),
                "measured": () if self._measurements is None else self._measurements.state(),
                "pictured": () if camera is None else camera.path,
            },
        )

    def _go_to(self, kept: Checkpoint) -> None:
        self.epoch, self._batch, self.seconds_before = kept.epoch, kept.batch, kept.seconds
        self.compilers = list(kept.values["compilers"])
        self.program.restore(kept.arrays["program"])
        history, self._sums = kept.arrays["history"]
        for name, values in zip(self.curves, history.tolist(), strict=True):
            self.curves[name] = [json_number(value) for value in values]
        for callback, state in zip(self._callbacks.callbacks, kept.values["callbacks"], strict=True):
            vars(callback).update(state)
        if self._stopping is not None and kept.arrays["best"]:
            self._stopping.best_weights = list(kept.arrays["best"])
        if self._measurements is not None and kept.arrays["measured"]:
            self._measurements.restore(*kept.arrays["measured"])
        if self._camera is not None and kept.arrays["pictured"]:
            self._camera.resume(kept.arrays["pictured"], kept.values["updates"], kept.seconds)

    def _end(self) -> None:
        if self._callbacks.callbacks:
            # Those of now: a run that is cancelled has trained on since its last epoch.
            self.program.show_weights()
            self._callbacks.on_train_end()
            self.program.take_weights()
        if self._camera is not None:
            self._camera.end(self.epoch, self.restored().get("weights_of_epoch"))

    def _advance(self) -> Curves | None:
        """Train one call's worth: some whole epochs, or a stretch of a long one. Return what epochs ended, if any."""
        program = self.program
        count, end = self._plan()
        epochs = range(self.epoch, self.epoch + count)
        rates = [self._learning_rate(epoch) for epoch in epochs]
        orders = [self._orders.of(epoch) for epoch in epochs]
        if self._batch == 0:
            self._callbacks.on_epoch_begin(self.epoch)
        wanted = self._kept[self.epoch : self.epoch + count] & (end >= program.batches)
        rows, kept, self._sums = program.advance(self.data, orders, rates, wanted, (self._batch, end), self._sums)
        if program.compiler not in self.compilers:
            self.compilers.append(program.compiler)
        if end < program.batches:
            self._batch = end
            return None
        steps = end - self._batch + bool(program.rows > program.batches * program.structure.batch_size)
        self._batch = 0
        points = self._record(rows, rates)
        # Behind those of an epoch that diverged there may be more.
        for place, before, after in zip(np.flatnonzero(wanted[: len(points["loss"])]), *kept, strict=False):
            epoch = epochs[place]
            if self._measurements is not None and self._measured[epoch]:
                self._measurements.take([epoch + 1], [before], [after], steps)
            if self._camera is not None and self._camera.planned[epoch]:
                self._camera.keep(epoch + 1, before, after, steps)
        return points

    def _hurry(self, seconds_per_batch: float) -> None:
        """Have XLA compile the rest, if what is left is worth it."""
        of_those_like_it = self._likely * self.run.training.epochs * self.program.batches
        if self.program.deserves_xla(seconds_per_batch * (self._batches_left + of_those_like_it)):
            self.program.compile_behind(self.data)

    def _await_xla(self, should_stop: Callable[[], bool]) -> None:
        """Leave the processor to XLA, where others like this run follow: nobody watches the curve of a trial."""
        seconds_per_batch = self.program.seconds_per_batch or _least_seconds_per_batch(self.run)
        seconds = seconds_per_batch * self._batches_left
        while self._likely and self.program.xla_is_nearer(seconds) and not should_stop():
            self.program.wait_for_xla(_LOOK_SECONDS)

    @property
    def _stopping(self) -> Any:
        """The callback that may go back to an earlier epoch, if there is one."""
        stopping = keras.callbacks.EarlyStopping
        return next((one for one in self._callbacks.callbacks if isinstance(one, stopping)), None)

    @property
    def _batches_left(self) -> int:
        epochs = 0 if self.program.model.stop_training else self.run.training.epochs - self.epoch
        return epochs * self.program.batches - self._batch

    def _plan(self) -> tuple[int, int]:
        """Return how many epochs the next call trains, and its last full batch: about `CHUNK_SECONDS` of work."""
        batches, left = self.program.batches, self.run.training.epochs - self.epoch
        affordable = _FIRST_BATCHES
        if seconds := self.program.seconds_per_batch:
            affordable = max(1, int(CHUNK_SECONDS / seconds))
        whole = min(affordable // max(1, batches), left, self.program.structure.epochs_per_call)
        if self._batch == 0 and whole >= 1:
            kept = np.cumsum(self._kept[self.epoch : self.epoch + whole])
            return max(1, int(np.searchsorted(kept, self.program.snapshots, side="right"))), batches
        return 1, min(batches, self._batch + affordable)

    def _learning_rate(self, epoch: int) -> float:
        if self.run.training.schedule.reacts:
            # Its callback lowers the optimizer's own rate, in float32; seven digits are what that holds.
            return float(f"{float(np.asarray(self.program.optimizer.learning_rate)):.7g}")
        training = self.run.training
        return training.learning_rate * training.schedule.scale(epoch, training.epochs)

    def _record(self, rows: npt.NDArray[Any], rates: list[float]) -> Curves:
        bad = np.flatnonzero(~np.isfinite(rows[:, 0]))
        kept = rows[: bad[0] + 1] if bad.size else rows
        names = [name for name in self.curves if name != "learning_rate"]
        points: Curves = {name: [json_number(value) for value in kept[:, i]] for i, name in enumerate(names)}
        points["learning_rate"] = [json_number(rate) for rate in rates[: len(kept)]]
        for name, values in points.items():
            self.curves[name] += values
        if self._callbacks.callbacks:
            self.program.show_weights()
            logs = {name: float(kept[-1, i]) for i, name in enumerate(names)}
            self._callbacks.on_epoch_end(self.epoch, logs)
        self.epoch += len(kept)
        return points
