"""What happens inside a network, measured in snapshots of its weights on a fixed sample of training rows.

The compiled epoch only keeps the snapshots. They are measured between its calls, several at once, so that an epoch is
compiled as fast, and for as many runs, as if nothing were measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.choices.activations import ACTIVATIONS
from core.training.backend import keras, tf
from core.training.compiler import Compiled
from core.training.structure import SNAPSHOT_NUMBERS
from core.training.telemetry import OUTPUT, PER_LAYER
from core.training.weights import Weights

Floats = npt.NDArray[np.float32]

PROBE_ROWS: Final = 128
_AT_A_TIME: Final = 8
"""Snapshots measured in one call, which takes hardly longer than that of one where the network is small."""


def probe_rows(rows: int) -> npt.NDArray[np.int64]:
    """Return at most 128 positions spread evenly over `rows`, which may be sorted by class."""
    return np.unique(np.linspace(0, rows - 1, min(rows, PROBE_ROWS)).astype(np.int64))


class Probe:
    """Measures a model in snapshots of its weights; each measurement is a row of numbers.

    Attributes
    ----------
    width : int
        Numbers per measurement: one per layer for each of `PER_LAYER`, then those of `OUTPUT`, then the probe's loss
        without penalties, and with them.
    """

    def __init__(self, model: Any, weights: Weights, activations: Sequence[str], loss: Any, rows: int) -> None:
        self._model, self._weights, self._loss = model, weights, loss
        self._dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
        self.rows = probe_rows(rows)
        self.at_a_time = int(np.clip(SNAPSHOT_NUMBERS // weights.size, 1, _AT_A_TIME))
        self.width = len(PER_LAYER) * len(self._dense) + len(OUTPUT) + 2
        self._units = np.array([layer.units for layer in self._dense])
        self._first_units = np.cumsum(self._units) - self._units
        self._kernels = [weights.place_of(layer.kernel) for layer in self._dense]
        chosen = [ACTIVATIONS[name] for name in activations]
        ends = np.array([activation.flat_beyond or (-np.inf, np.inf) for activation in chosen], np.float32)
        self._low, self._high = np.repeat(ends, self._units, axis=0).T
        self._rectified = np.repeat([activation.rectified for activation in chosen], self._units)
        self._function: Any = None  # Compiled, once traced
        signature = [tf.TensorSpec((None, model.input_shape[1])), tf.TensorSpec((None, weights.size))]
        self._predicting = tf.function(self._predicted, input_signature=signature, autograph=False)

    def measure(self, x: Any, y: Any, before: Floats, after: Floats, steps: npt.NDArray[np.int64]) -> Floats:
        """Return a measurement of each of the snapshots `after`, so many training `steps` from those `before`.

        Parameters
        ----------
        x, y : float32 tensors
            Those of all training rows that are at `rows`.
        before, after : float32 arrays of shape (n, weights.size)
            From `Weights.snapshot`, n from 1 to `at_a_time`.
        steps : integers of shape (n,)

        Returns
        -------
        float32 array of shape (n, width)
        """
        count = len(after)
        # Filled up: what is traced without the number of snapshots takes twice as long.
        filled = after if count == self.at_a_time else np.resize(after, (self.at_a_time, after.shape[1]))
        found = self._call(x, y, tf.constant(filled))
        gradient, dead, flat, numbers = (tensor.numpy()[:count] for tensor in found)
        ratio = self.update_ratios(before, after, steps)
        return np.hstack([gradient, self._norms(after), ratio, self._shares(dead), self._shares(flat), numbers])

    def update_ratios(self, before: Floats, after: Floats, steps: npt.NDArray[np.int64]) -> Floats:
        """Return how far each layer's kernel has moved in a step, as a share of its norm, [n, layers]; as `measure`."""
        length, moved = self._norms(after), self._norms(after, before)
        with np.errstate(invalid="ignore"):
            ratio = np.divide(moved, length, out=np.zeros_like(moved), where=length != 0)
        return np.asarray(ratio / np.maximum(steps, 1).astype(np.float32)[:, None])

    @property
    def predicts(self) -> bool:
        """Whether `predict` has been here; its first call takes longer."""
        return bool(self._predicting.experimental_get_tracing_count())

    def predict(self, x: Floats, snapshots: Floats) -> Floats:
        """Return what the model, with the weights of each of `snapshots`, answers for the rows of `x`.

        Parameters
        ----------
        x : float32 array of shape (rows, features)
        snapshots : float32 array of shape (n, weights.size)
            From `Weights.snapshot`.

        Returns
        -------
        float32 array of shape (n, rows, outputs)
        """
        return np.asarray(self._predicting(tf.constant(x), tf.constant(snapshots)))

    def losses(self, x: Floats, y: Floats, weight: Floats, snapshots: Floats) -> Floats:
        """Return the training loss of each of `snapshots` on some rows, penalties included, float32 [n].

        Parameters
        ----------
        x, y : float32 arrays of shapes (rows, features) and (rows, outputs)
        weight : float32 array of shape (rows,)
            What each row counts.
        snapshots : float32 array of shape (n, weights.size)
        """
        outputs = self.predict(x, snapshots)
        by_row = self._loss.call(tf.broadcast_to(y, (len(snapshots), *y.shape)), tf.constant(outputs))
        kernels = map(self._weights.values_in(tf.constant(snapshots)), (layer.kernel for layer in self._dense))
        return np.asarray(tf.add_n([tf.reduce_mean(by_row * weight, axis=-1), *self._penalties(list(kernels))]))

    def inside(self, x: Floats, y: Floats, snapshots: Floats) -> tuple[list[Floats], list[Floats]]:
        """Return what each dense layer passes on, and the gradient of the loss by its kernel.

        Nothing is traced: a structure is looked into a few times, and tracing the gradients takes longer than that.

        Parameters
        ----------
        x, y, snapshots
            As in `losses`.

        Returns
        -------
        (outputs, gradients) : lists of float32 arrays of shapes (n, rows, units) and (n, inputs, units)
        """
        values = self._weights.values_in(tf.constant(snapshots))
        kernels = [values(layer.kernel) for layer in self._dense]
        with tf.GradientTape() as tape:
            tape.watch(kernels)
            outputs = self._outputs(tf.broadcast_to(x, (len(snapshots), *x.shape)), values, kernels)
            loss = tf.reduce_mean(self._loss.call(tf.broadcast_to(y, (len(snapshots), *y.shape)), outputs[-1]), axis=-1)
            penalised = tf.add_n([loss, *self._penalties(kernels)])
        return [np.asarray(output) for output in outputs], [np.asarray(g) for g in tape.gradient(penalised, kernels)]

    @property
    def layers(self) -> int:
        """How many dense layers there are, the output included."""
        return len(self._dense)

    @property
    def order(self) -> list[tuple[int, int]]:
        """Where a snapshot has each kernel, first number and end; optimizers differ in it."""
        return [(place.start, place.stop) for place in self._kernels]

    def _predicted(self, x: Any, snapshots: Any) -> Any:
        values = self._weights.values_in(snapshots)
        kernels = [values(layer.kernel) for layer in self._dense]
        shape = tf.concat([tf.shape(snapshots)[:1], tf.shape(x)], 0)
        return self._outputs(tf.broadcast_to(x, shape), values, kernels)[-1]

    def _call(self, *tensors: Any) -> Any:
        if self._function is None:
            begin = time.perf_counter()
            signature = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors]
            traced = tf.function(self._measured, input_signature=signature, autograph=False).get_concrete_function()
            self._function = Compiled(traced, time.perf_counter() - begin)
        elif self._function.deserves_xla():
            self._function.compile_behind(tensors)
        _, found = self._function(*tensors)
        return found

    def _norms(self, snapshots: Floats, before: Floats | None = None) -> Floats:
        """Return the norm of each layer's kernel, or of how far it has moved, [n, layers]."""
        norms = np.empty((len(snapshots), len(self._kernels)), np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            for i, place in enumerate(self._kernels):  # one at a time: each is copied
                kernel = snapshots[:, place] if before is None else snapshots[:, place] - before[:, place]
                norms[:, i] = np.sqrt(np.square(kernel).sum(axis=1))
        return norms

    def _shares(self, units: Floats) -> Floats:
        """Return the mean over the units of each layer, [n, layers]."""
        return np.asarray(np.add.reduceat(units, self._first_units, axis=1) / self._units, np.float32)

    def _measured(self, x: Any, y: Any, snapshots: Any) -> tuple[Any, ...]:
        """Return norms of the kernels' gradients, [n, layers]; units dead and flat, [n, units]; numbers."""
        values = self._weights.values_in(snapshots)
        kernels = [values(layer.kernel) for layer in self._dense]
        with tf.GradientTape() as tape:
            tape.watch(kernels)
            outputs = self._outputs(tf.broadcast_to(x, [self.at_a_time, *x.shape]), values, kernels)
            truth = tf.broadcast_to(y, [self.at_a_time, *y.shape])
            loss = tf.reduce_mean(self._loss.call(truth, outputs[-1]), axis=-1)
            penalised = tf.add_n([loss, *self._penalties(kernels)])
        gradients = tape.gradient(penalised, kernels)
        passed, last = tf.concat(outputs, -1), outputs[-1]
        dead = tf.reduce_all((passed <= 0) & self._rectified, axis=1)
        flat = tf.reduce_mean(tf.cast((passed < self._low) | (passed > self._high), tf.float32), axis=1)
        spread = tf.reduce_mean(tf.math.reduce_std(last, axis=1), axis=-1)
        numbers = [tf.reduce_mean(last, [1, 2]), spread, tf.reduce_min(last, [1, 2]), tf.reduce_max(last, [1, 2])]
        squares = tf.stack([tf.reduce_sum(gradient**2, [1, 2]) for gradient in gradients], axis=1)
        return tf.sqrt(squares), tf.cast(dead, tf.float32), flat, tf.stack([*numbers, loss, penalised], axis=1)

    def _outputs(self, x: Any, values: Callable[[Any], Any], kernels: Sequence[Any]) -> list[Any]:
        """Return what each dense layer passes on, [n, rows, units]; normalisation and activation may come after it."""
        outputs: list[Any] = []
        for layer in self._model.layers:
            if isinstance(layer, keras.layers.Dense):
                x = tf.matmul(x, kernels[len(outputs)])
                x = layer.activation(x + values(layer.bias)[:, None] if layer.use_bias else x)
                outputs.append(x)
            elif isinstance(layer, keras.layers.BatchNormalization):
                gamma, beta, mean, variance = (values(variable)[:, None] for variable in layer.variables)
                x = tf.nn.batch_normalization(x, mean, variance, beta, gamma, layer.epsilon)
            elif isinstance(layer, keras.layers.Activation):
                x = layer.activation(x)
            outputs[-1] = x
        return outputs

    def _penalties(self, kernels: Sequence[Any]) -> list[Any]:
        regularizers = [layer.kernel_regularizer for layer in self._dense]
        return [
            float(regularizer.l2) * tf.reduce_sum(kernel**2, [1, 2])
            for regularizer, kernel in zip(regularizers, kernels, strict=True)
            if regularizer is not None
        ]


class Measurements:
    """What was measured in one run so far.

    Parameters
    ----------
    x, y : float32 tensors
        All training rows.
    """

    def __init__(self, probe: Probe, x: Any, y: Any) -> None:
        self._probe = probe
        self._sample = [tf.gather(array, probe.rows) for array in (x, y)]
        self._waiting: list[tuple[int, int, Floats, Floats]] = []
        self._rows: dict[int, Floats] = {}

    def take(self, epochs: Iterable[int], before: Iterable[Floats], after: Iterable[Floats], steps: int) -> None:
        """Measure the weights after `epochs`, so many training `steps` from those before, now or later."""
        # Behind those of an epoch that diverged there may be more.
        for epoch, start, end in zip(epochs, before, after, strict=False):
            self._waiting.append((epoch, steps, start, end))
            if len(self._waiting) == self._probe.at_a_time:
                self._measure()

    def by_epoch(self) -> dict[int, Floats]:
        """Return a measurement, float32 [probe.width], for each epoch there was."""
        if self._waiting:
            self._measure()
        return self._rows

    def state(self) -> tuple[npt.NDArray[np.int64], Floats]:
        """Return the epochs that were measured, and what was, [epochs, probe.width]."""
        measured = self.by_epoch()
        return np.array(list(measured)), np.stack(list(measured.values()))

    def restore(self, epochs: npt.NDArray[np.int64], rows: Floats) -> None:
        """Go back to a `state`."""
        self._waiting.clear()
        self._rows = dict(zip(epochs.tolist(), rows, strict=True))

    def _measure(self) -> None:
        epochs, steps, before, after = zip(*self._waiting, strict=True)
        x, y = self._sample
        rows = self._probe.measure(x, y, _together(before), _together(after), np.array(steps))
        self._rows |= zip(epochs, rows, strict=True)
        self._waiting.clear()


def _together(snapshots: Sequence[Floats]) -> Floats:
    return snapshots[0][None] if len(snapshots) == 1 else np.stack(snapshots)
