"""Many epochs in one compiled call: the arithmetic of ``model.fit`` without its 50 ms of bookkeeping per epoch.

A `Program` is a real Keras model, optimizer, loss and metric, and one function that trains a chunk of epochs: a graph
as soon as it is traced, compiled by XLA behind it. Data, row order and learning rates are its arguments, so every seed,
learning rate, scaling and initializer of the same structure shares it.
"""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.choices.optimizers import OPTIMIZERS
from core.data.prepare.prepared import Prepared
from core.recent import Recent
from core.spec import RunSpec
from core.training.backend import keras, tf
from core.training.compiler import Compiled, Compiler
from core.training.initial_weights import drawn_variables, initial_weights
from core.training.model import build_loss, build_model, build_optimizer
from core.training.probe import Probe
from core.training.structure import BLOCK_ROWS, CACHED_PROGRAMS, SNAPSHOT_NUMBERS, Structure, metric_name, structure_of
from core.training.weights import Weights

Floats = npt.NDArray[np.float32]

_LARGEST_START: Final = 2**16
_START_BYTES: Final = 2**23
"""First weights that a structure keeps; those of a seed serve every variant."""

_NO_SNAPSHOTS: Final = np.empty((0, 0), np.float32)

_BATCH: Final = re.compile(r"(?<=\()\d+(?=, )")
"""The number of rows in a shape: Keras says the same of each batch it sees."""


class Program:
    """A compiled structure; `start` gives it the first weights of a run, `advance` trains.

    Attributes
    ----------
    model, optimizer : keras.Sequential, keras.Optimizer
        The real ones; callbacks may act on them between calls.
    probe : Probe
        What measures the model in snapshots of its weights.
    snapshots : int
        Epochs of one call whose weights can be kept; 0 where they are too large: such an epoch is a call of its own.
    show_weights, take_weights : callable
        Give the model's own variables the values that were trained, and back; callbacks look at them.
    batches : int
        Batches per epoch that are trained in one loop. A smaller last batch is among them, filled up with rows of no
        weight, so that one step is compiled and not two; batch normalisation would see those rows, and there it is a
        step of its own. Dropout draws for them what comes after the numbers of the others.
    state_bytes : int
        What `state` takes.
    trace_seconds : float
        What tracing took, once.
    seconds_per_batch : float
        What a batch took last, without what is compiled for it; 0 before the first.
    compiler : {"graph", "xla"}
        What the last `advance` ran in.
    warnings : tuple of str
        What Keras said of this structure.
    """

    def __init__(self, run: RunSpec, prepared: Prepared, structure: Structure) -> None:
        self.structure = structure
        self.rows = len(prepared.x)
        size = structure.batch_size
        hidden = run.model.hidden
        self._filled = bool(self.rows % size) and not run.model.batch_normalization
        self.batches = self.rows // size + self._filled
        self._order_width = self.batches * size if self._filled else self.rows
        self.model = build_model(run.model, prepared)
        self.optimizer = build_optimizer(run.training)
        self._weights = Weights(self.model, apart=OPTIMIZERS[run.training.optimizer].apart)
        self.optimizer.build(self._weights.parameters)
        self.metric = getattr(keras.metrics, metric_name(prepared))
        self._loss = build_loss(prepared.loss)
        self.model.compile(optimizer=self.optimizer, loss=self._loss)
        activations = [str(layer.activation) for layer in hidden] + [prepared.output_activation]
        self.probe = Probe(self.model, self._weights, activations, self._loss, self.rows)
        self.snapshots = min(SNAPSHOT_NUMBERS // self._weights.size, structure.epochs_per_call)
        self._optimizer_start = [(variable, _start_of(variable)) for variable in self.optimizer.variables]
        trained = set(map(id, self.model.trainable_variables))
        rest = [variable for variable in drawn_variables(self.model) if id(variable) not in trained]
        self._started = [*self._weights.parameters, *rest]
        self._changing = [*self._started, *self.optimizer.variables]
        self.state_bytes = int(_bytes_of([variable.value for variable in self._changing]))
        self._starts: Recent[tuple[Any, ...], list[Any]] = Recent(64, _START_BYTES, _bytes_of)
        self._validation_rows = len(prepared.x_val)
        self.trace_seconds = 0.0
        self.compiler: Compiler = "graph"
        self.warnings: tuple[str, ...] = ()
        self._function: Any = None  # Compiled, once traced
        inputs = tf.TensorSpec((None, prepared.x.shape[1]), tf.float32)
        self._predicting = tf.function(self._predicted, input_signature=[inputs], autograph=False)
        self.seconds_per_batch = 0.0
        self.show_weights = tf.function(self._weights.give_back, input_signature=[], autograph=False)
        self.take_weights = tf.function(self._weights.take, input_signature=[], autograph=False)

    @property
    def traced(self) -> bool:
        """Whether `trace` has been here."""
        return self._function is not None

    @property
    def compiles_as_traced(self) -> bool:
        """Whether XLA takes the graph as it is; else `compile_behind` traces once more."""
        return not self._weights.drops

    def load(self, prepared: Prepared) -> tuple[Any, ...]:
        """Return `prepared` as the tensors `advance` takes."""
        return _tensors.get(prepared, lambda: _as_tensors(prepared))

    def trace(self, data: tuple[Any, ...]) -> None:
        """Make the graph of an epoch for `data`, training nothing; a second call costs nothing."""
        if self.traced:
            return
        begin = time.perf_counter()
        idle = self._idle()
        signature = [tf.TensorSpec(array.shape, array.dtype) for array in (*data, *idle)]
        in_graph, for_xla = (partial(self._epochs, under_xla) for under_xla in (False, True))
        function = tf.function(in_graph, input_signature=signature, autograph=False)
        with _own_warnings() as said:
            traced = function.get_concrete_function()
        self.warnings = tuple(dict.fromkeys(_BATCH.sub("rows", text) for text in said))
        traced(*data, *map(tf.constant, idle))
        self.trace_seconds = time.perf_counter() - begin
        self._function = Compiled(traced, self.trace_seconds, None if self.compiles_as_traced else for_xla)

    def compile_behind(self, data: tuple[Any, ...], *, at_leisure: bool = False) -> None:
        """Have XLA compile the epoch, which was traced for `data`; it takes over once it is ready.

        What is wanted `at_leisure` lets the rest go first, and trainings too.
        """
        self._function.compile_behind((*data, *map(tf.constant, self._idle())), first=not at_leisure)

    def wait_for_xla(self, seconds: float | None = None) -> bool:
        """Wait until XLA is ready or has failed, or so long; return which."""
        return bool(self._function.wait(seconds))

    def xla_is_nearer(self, seconds: float) -> bool:
        """Whether XLA is at work, and sooner ready than a graph were done that takes so many `seconds`."""
        return bool(self._function.nearer(seconds))

    def deserves_xla(self, seconds: float) -> bool:
        """Whether XLA is worth its time for a training that takes `seconds` more as a graph."""
        return bool(self._function.deserves_xla(seconds))

    def start(self, run: RunSpec) -> None:
        """Give model and optimizer the state they have before the first batch of `run`."""
        initializers = [repr(layer.initializer or run.model.initializer) for layer in run.model.hidden]
        drawn = (run.training.seed, repr(run.model.initializer), *initializers)
        # One by one: a function for it would be traced for longer than it saves in many runs.
        for variable, value in zip(self._started, self._starts.get(drawn, lambda: self._draw(run)), strict=True):
            _assign(variable, value)
        for variable, start in self._optimizer_start:
            # Written out, one value for all would be held in the size of the weights.
            _assign(variable, start if start.shape == variable.shape else tf.fill(variable.shape, start))
        _assign(self.optimizer.learning_rate, tf.constant(run.training.learning_rate, tf.float32))
        self.model.stop_training = False

    def state(self) -> tuple[npt.NDArray[Any], ...]:
        """Return all that training changes: weights, means and variances, seeds of dropout, the optimizer's numbers."""
        return tuple(np.asarray(tf.convert_to_tensor(variable.value)) for variable in self._changing)

    def fits(self, state: Sequence[npt.NDArray[Any]]) -> bool:
        """Whether `state` has the shapes and types of this program's."""
        own = [(tuple(variable.shape), variable.dtype) for variable in self._changing]
        return own == [(array.shape, str(array.dtype)) for array in state]

    def restore(self, state: Sequence[npt.NDArray[Any]]) -> None:
        """Go back to a `state` that fits, of a run that was started."""
        for variable, value in zip(self._changing, state, strict=True):
            _assign(variable, tf.constant(value))

    def advance(
        self,
        data: tuple[Any, ...],
        orders: list[npt.NDArray[np.int32]],
        learning_rates: list[float],
        kept: npt.NDArray[np.bool_],
        batches: tuple[int, int],
        sums: Floats,
    ) -> tuple[Floats, tuple[Floats, Floats], Floats]:
        """Train whole epochs, or one stretch of a long one.

        Parameters
        ----------
        data : tuple of tensors
            From `load`.
        orders, learning_rates, kept
            One per epoch, at most `structure.epochs_per_call`: the order of the rows, int32 [rows]; the learning rate;
            whether the weights before and after it are kept, of at most `snapshots` epochs, or if it is the only one.
        batches : (int, int)
            The batches to train in each epoch, first and end; an end of `self.batches` ends the epoch.
        sums : float32 array of shape (2,)
            Loss and metric summed over the rows of the epoch's earlier stretches.

        Returns
        -------
        (history, (before, after), sums) : float32 of shapes (epochs, 4), (kept epochs, weights) twice and (2,)
            Columns of the history: loss, metric, validation loss, validation metric (NaN without validation rows).
        """
        count = len(orders)
        order, rates, places = self._no_epochs()
        order[:count, : self.rows] = orders
        if self._filled:
            # With a row of the same batch: a loss that overflows there must not come from elsewhere.
            order[:count, self.rows :] = order[:count, -self.structure.batch_size, None]
        rates[:count] = learning_rates
        if self.snapshots:
            places[:count][kept] = range(np.count_nonzero(kept))
        first = self.snapshot()[None] if kept.any() and not self.snapshots else _NO_SNAPSHOTS
        bounds = np.array((count, *batches), np.int32)
        begin = time.perf_counter()
        arguments = map(tf.constant, (order, rates, places, bounds, sums))
        self.compiler, (history, before, after, left) = self._function(*data, *arguments)
        losses = history.numpy()[:count]
        self.seconds_per_batch = (time.perf_counter() - begin) / (count * max(1, batches[1] - batches[0]))
        if not kept.any():
            return losses, (_NO_SNAPSHOTS, _NO_SNAPSHOTS), left.numpy()
        if not self.snapshots:
            return losses, (first, self.snapshot()[None]), left.numpy()
        taken = np.count_nonzero(kept)
        return losses, (np.asarray(before)[:taken], np.asarray(after)[:taken]), left.numpy()

    def predict(self, *inputs: Floats) -> list[Floats]:
        """Return the model's outputs for the rows of each of `inputs`, shapes (rows, outputs), block by block."""
        if sum(map(len, inputs)) <= BLOCK_ROWS:
            # All at once: a call costs as much as a hundred rows.
            together = self._outputs(np.concatenate(inputs))
            return np.split(together, np.cumsum([len(x) for x in inputs[:-1]]))
        return [np.concatenate([self._outputs(block) for block in _blocks(x)]) for x in inputs]

    def _draw(self, run: RunSpec) -> list[Any]:
        drawn = initial_weights(self.model, run.model, run.training.seed)
        values = dict(zip(map(id, drawn_variables(self.model)), drawn, strict=True))
        rest = (values[id(variable)] for variable in self._started[len(self._weights.parameters) :])
        return [tf.constant(value) for value in (*self._weights.parameters_from(values), *rest)]

    def snapshot(self) -> Floats:
        """Return the weights as they are, float32 [weights]."""
        return np.asarray(self._weights.snapshot())

    def _outputs(self, x: Floats) -> Floats:
        return np.asarray(self._predicting(tf.constant(x)))

    def _predicted(self, x: Any) -> Any:
        with self._weights.lent():
            return self._weights.outputs(x, training=False)

    def _no_epochs(self) -> tuple[npt.NDArray[np.int32], Floats, npt.NDArray[np.int32]]:
        """Return row orders, learning rates and places of snapshots for all epochs of a call, void."""
        count = self.structure.epochs_per_call
        return (
            np.zeros((count, self._order_width), np.int32),
            np.zeros(count, np.float32),
            np.full(count, -1, np.int32),
        )

    def _idle(self) -> tuple[npt.NDArray[Any], ...]:
        """Return arguments of `_epochs` behind the data that train nothing."""
        return *self._no_epochs(), np.zeros(3, np.int32), np.zeros(2, np.float32)

    def _epochs(self, under_xla: bool, *arguments: Any) -> tuple[Any, Any, Any, Any]:
        x, y, weight, x_val, y_val, order, rates, places, bounds, sums = arguments
        count, first, end = bounds[0], bounds[1], bounds[2]
        size = self.structure.batch_size
        last = max(0, self.rows - self.batches * size)

        def batch(epoch: Any, begin: Any, count: int, totals: Any) -> Any:
            rows = tf.slice(order, [epoch, begin], [1, count])[0]
            weights = tf.gather(weight, rows) if self.structure.weighted else None
            real = tf.cast(begin + tf.range(count) < self.rows, tf.float32) if self._filled else tf.ones(count)
            return totals + self._step(tf.gather(x, rows), tf.gather(y, rows), weights, real, under_xla=under_xla)

        def end_of_epoch(epoch: Any, totals: Any) -> Any:
            if last:
                totals = batch(epoch, self.batches * size, last, totals)
            return tf.concat([totals / self.rows, self._validate(x_val, y_val)], 0), tf.zeros(2)

        def keep(epoch: Any, snapshots: Any) -> Any:
            if not self.snapshots:
                return snapshots
            place = places[epoch]
            return tf.cond(place < 0, lambda: snapshots, lambda: snapshots.write(place, self._weights.snapshot()))

        def epoch_body(epoch: Any, history: Any, before: Any, after: Any, totals: Any) -> tuple[Any, ...]:
            self.optimizer.learning_rate.assign(rates[epoch])
            before = keep(epoch, before)
            _, totals = tf.while_loop(
                lambda b, _totals: b < end,
                lambda b, totals: (b + 1, batch(epoch, b * size, size, totals)),
                (first, totals),
            )
            row, totals = tf.cond(
                end >= self.batches, lambda: end_of_epoch(epoch, totals), lambda: (tf.zeros(4), totals)
            )
            history = tf.tensor_scatter_nd_update(history, [[epoch]], [row])
            return epoch + 1, history, before, keep(epoch, after), totals

        void = tf.TensorArray(tf.float32, self.snapshots, element_shape=(self._weights.size,))
        start = (0, tf.zeros((self.structure.epochs_per_call, 4)), void, void, sums)
        _, history, before, after, sums = tf.while_loop(lambda epoch, *_: epoch < count, epoch_body, start)
        return history, before.stack(), after.stack(), sums

    def _step(self, x: Any, y: Any, weight: Any, real: Any, *, under_xla: bool) -> Any:
        """Train one batch, of which `real` rows count 1 and the others 0.

        Return its loss and metric summed over rows, as Keras's trackers weight them.
        """
        parameters = self._weights.parameters
        count = tf.reduce_sum(real)
        if self._filled:
            # Keras divides by all rows of the batch; it is to be divided by the real ones.
            share = real * (x.shape[0] / count)
            weight = share if weight is None else weight * share
        with tf.GradientTape() as tape, self._weights.lent():
            predicted = self._weights.outputs(x, training=True, under_xla=under_xla)
            loss = self._loss(y, predicted, sample_weight=weight)
            if penalties := self.model.losses:
                loss += tf.add_n(penalties)
        gradients = tape.gradient(loss, [parameter.value for parameter in parameters])
        self.optimizer.apply(gradients, parameters)
        return tf.stack([loss * count, tf.reduce_sum(self._metric_of_rows(y, predicted) * real)])

    def _metric_of_rows(self, y: Any, predicted: Any) -> Any:
        """Return the metric of each row; Keras means over all labels where there are several."""
        return tf.reduce_mean(tf.reshape(self.metric(y, predicted), [y.shape[0], -1]), axis=1)

    def _validate(self, x: Any, y: Any) -> Any:
        rows = self._validation_rows
        if not rows:
            return tf.fill([2], np.float32(np.nan))
        size = min(rows, BLOCK_ROWS)

        def block(x: Any, y: Any) -> Any:
            with self._weights.lent():
                predicted = self._weights.outputs(x, training=False)
            return tf.stack([self._loss(y, predicted) * x.shape[0], tf.reduce_sum(self._metric_of_rows(y, predicted))])

        _, sums = tf.while_loop(
            lambda b, _sums: b < rows // size,
            lambda b, sums: (
                b + 1,
                sums
                + block(tf.slice(x, [b * size, 0], [size, x.shape[1]]), tf.slice(y, [b * size, 0], [size, y.shape[1]])),
            ),
            (0, tf.zeros(2)),
        )
        if rows % size:
            sums += block(x[rows // size * size :], y[rows // size * size :])
        with self._weights.lent():
            penalty = tf.add_n(self.model.losses) if self.model.losses else 0.0
        return sums / rows + tf.stack([penalty, 0.0])


def _blocks(x: Floats) -> list[Floats]:
    return [x[i : i + BLOCK_ROWS] for i in range(0, max(1, len(x)), BLOCK_ROWS)]


def _start_of(variable: Any) -> Any:
    """Return its values as a tensor; where there are many of one value, that alone."""
    values = variable.numpy()
    many = values.size > _LARGEST_START and (values == values.flat[0]).all()
    return tf.constant(values.flat[0] if many else values)


def _assign(variable: Any, value: Any) -> None:
    """Do what ``variable.assign`` does, without its looking for what `value` may be: a fifth of the time."""
    tf.raw_ops.AssignVariableOp(resource=variable.value.handle, value=value)


def _bytes_of(tensors: list[Any]) -> float:
    return float(sum(tensor.dtype.size * tensor.shape.num_elements() for tensor in tensors))


def _as_tensors(prepared: Prepared) -> tuple[Any, ...]:
    weight = np.ones(len(prepared.x), np.float32) if prepared.sample_weight is None else prepared.sample_weight
    return tuple(map(tf.constant, (prepared.x, prepared.y, weight, prepared.x_val, prepared.y_val)))


_tensors: Recent[Prepared, tuple[Any, ...]] = Recent(2)
_programs: Recent[Structure, Program] = Recent(CACHED_PROGRAMS)


def program_for(run: RunSpec, prepared: Prepared) -> Program:
    """Return the program of this structure, from the cache of this process where it is known."""
    structure = structure_of(run, prepared)
    return _programs.get(structure, lambda: Program(run, prepared, structure))


def forget_programs() -> None:
    """Empty the caches of this process."""
    _programs.clear()
    _tensors.clear()


@contextmanager
def _own_warnings() -> Iterator[list[str]]:
    """Collect what this thread is warned of; others may be at work in the same process."""
    said: list[str] = []
    me = threading.get_ident()
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        elsewhere = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *rest: Any, **more: Any) -> None:
            if threading.get_ident() != me:
                elsewhere(message, category, *rest, **more)
            elif issubclass(category, UserWarning):
                said.append(str(message))

        warnings.showwarning = show
        yield said
