"""The weights of a model as an optimizer sees them: the small ones are one variable.

Each variable costs the tracing of an optimizer's update, kernels of its own to compile and their calls in each step.
The model keeps its variables: it is lent parts of the one while an epoch is computed, and given back its values when
someone asks. Equal layers that follow each other are computed in one loop.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from core.training.backend import keras, tf
from core.training.dropout import dropout_numbers, dropped
from core.training.equal_layers import equal_layers
from core.training.structure import FEWEST_IN_A_ROW, LARGEST_JOINED

_Step = Callable[[Any, bool, Mapping[int, Any]], Any]
"""Takes the rows, whether it is training, and what dropout layers have drawn."""


class Weights:
    """The trainable variables of `model`, the small ones in one.

    Parameters
    ----------
    apart : bool
        Whether the optimizer treats each variable as a whole; then all stay as they are.

    Attributes
    ----------
    parameters : list of keras.Variable
        What an optimizer is to train.
    size : int
        Numbers in a snapshot.
    drops : bool
        Whether there is dropout.
    """

    def __init__(self, model: Any, *, apart: bool) -> None:
        self._model = model
        small: dict[tuple[int, ...], list[Any]] = {}
        for variable in [] if apart else model.trainable_variables:
            if np.prod(variable.shape) <= LARGEST_JOINED:
                small.setdefault(tuple(variable.shape), []).append(variable)
        self._groups = list(small.values())
        self._shapes = [(len(members), *members[0].shape) for members in self._groups]
        self._members = [member for members in self._groups for member in members]
        joined = set(map(id, self._members))
        self._joined = keras.Variable(np.zeros(sum(map(_count, self._shapes)), np.float32), name="small")
        self._alone = [variable for variable in model.trainable_variables if id(variable) not in joined]
        self.parameters = self._alone + [self._joined] * bool(joined)
        self._stacks: list[Any] = []
        self._steps = list(self._steps_of(model.layers))
        self._dropouts = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
        self.drops = bool(self._dropouts)
        normalising = (layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
        statistics = [variable for layer in normalising for variable in layer.non_trainable_variables]
        self._whole = [*self._alone, *statistics]
        self._sizes = [_count(variable.shape) for variable in [self._joined, *self._whole]]
        self.size = sum(self._sizes)

    def outputs(self, x: Any, *, training: bool, under_xla: bool = False) -> Any:
        """Return the outputs of the model, which is `lent` its weights, for the rows of `x`.

        Where there is dropout, in training: the number of rows must be known, and whether XLA is to compile it.
        """
        numbers: dict[int, Any] = {}
        if training and self._dropouts:
            units = [layer.input.shape[1] for layer in self._dropouts]
            drawn = dropout_numbers(self._dropouts, x.shape[0], units, under_xla=under_xla)
            numbers = dict(zip(map(id, self._dropouts), drawn, strict=True))
        for step in self._steps:
            x = step(x, training, numbers)
        return x

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let the model compute with the parameters; what else it changes meanwhile, it keeps."""
        # Keras's penalties know no other values here than those that are lent.
        values = [(variable, tf.convert_to_tensor(variable.value)) for variable in self._alone]
        self._stacks = self._stacked(self._joined.value)
        for stack, members in zip(self._stacks, self._groups, strict=True):
            values += zip(members, tf.unstack(stack), strict=True)
        with keras.StatelessScope(state_mapping=values) as scope:
            yield
        self._stacks = []
        for variable in self._model.non_trainable_variables:
            if (value := scope.get_current_value(variable)) is not None:
                variable.assign(value)

    def take(self) -> None:
        """Copy the model's own variables into the parameters."""
        values = [tf.reshape(member.value, [-1]) for member in self._members]
        if values:
            self._joined.assign(tf.concat(values, 0))

    def parameters_from(self, values: Mapping[int, Any]) -> list[Any]:
        """Return the values of `parameters`, given arrays by the identity of the model's variable."""
        joined = [np.ravel(values[id(member)]) for member in self._members]
        return [values[id(variable)] for variable in self._alone] + ([np.concatenate(joined)] if joined else [])

    def give_back(self) -> None:
        """Copy the parameters into the model's own variables."""
        for stack, members in zip(self._stacked(self._joined.value), self._groups, strict=True):
            for member, value in zip(members, tf.unstack(stack), strict=True):
                member.assign(value)

    def snapshot(self) -> Any:
        """Return all weights, and the means and variances of batch normalisation, as float32 [size]."""
        return tf.concat([tf.reshape(variable.value, [-1]) for variable in [self._joined, *self._whole]], 0)

    def values_in(self, snapshots: Any) -> Callable[[Any], Any]:
        """Return what gives, for a variable of the model, its values in each of `snapshots`, float32 [n, size]."""
        joined, *whole = tf.split(snapshots, self._sizes, axis=1)
        values = {
            id(variable): tf.reshape(value, [-1, *variable.shape])
            for variable, value in zip(self._whole, whole, strict=True)
        }
        for stack, members in zip(self._stacked(joined, -1), self._groups, strict=True):
            values |= zip(map(id, members), tf.unstack(stack, axis=1), strict=True)
        return lambda variable: values[id(variable)]

    def place_of(self, variable: Any) -> slice:
        """Return where a snapshot has the values of a variable of the model."""
        begin = 0
        for other in [*self._members, *self._whole]:
            end = begin + _count(other.shape)
            if other is variable:
                return slice(begin, end)
            begin = end
        raise KeyError(variable.name)

    def _stacked(self, joined: Any, *leading: int) -> list[Any]:
        """Return those of one shape as one tensor each, [members, …], behind the leading axes `joined` has."""
        if not self._shapes:
            return []
        parts = tf.split(joined, list(map(_count, self._shapes)), axis=len(leading))
        return [tf.reshape(part, [*leading, *shape]) for part, shape in zip(parts, self._shapes, strict=True)]

    def _steps_of(self, layers: Sequence[Any]) -> Iterator[_Step]:
        """Yield what is to be computed one after the other: a layer, or a row of equal ones."""
        places = ((group, i) for group, members in enumerate(self._groups) for i in range(len(members)))
        place = {id(self._groups[group][i]): (group, i) for group, i in places}
        for _, group in itertools.groupby(layers, lambda layer: _kind(layer, place)):
            row = list(group)
            if len(row) < FEWEST_IN_A_ROW:
                yield from (_one(layer) for layer in row)
            else:
                yield self._several(row[0].activation, len(row), place[id(row[0].kernel)], place[id(row[0].bias)])

    def _several(self, activation: Any, count: int, kernels: tuple[int, int], biases: tuple[int, int]) -> _Step:
        def call(x: Any, _training: bool, _numbers: Mapping[int, Any]) -> Any:
            of_kernels, of_biases = (self._stacks[group][first : first + count] for group, first in (kernels, biases))
            return equal_layers(x, of_kernels, of_biases, activation)

        return call


def _count(shape: Sequence[int]) -> int:
    return int(np.prod(shape))


def _kind(layer: Any, joined: Container[int]) -> Any:
    """Return what two layers have in common that can be computed in one loop; each other layer is of its own kind."""
    if not isinstance(layer, keras.layers.Dense) or layer.kernel.shape[0] != layer.units:
        return id(layer)
    if not layer.use_bias or id(layer.kernel) not in joined or id(layer.bias) not in joined:
        return id(layer)
    return layer.units, layer.activation


def _one(layer: Any) -> _Step:
    if isinstance(layer, keras.layers.Dropout):
        return lambda x, training, numbers: dropped(x, numbers[id(layer)], layer.rate) if training else x
    if isinstance(layer, keras.layers.BatchNormalization):
        return lambda x, training, _numbers: layer(x, training=training)
    return lambda x, _training, _numbers: layer(x)
