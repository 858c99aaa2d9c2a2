"""The weights of a model as an optimizer sees them: many small ones of one shape are one variable.

A deep, narrow network has dozens of them, and each costs the tracing of an optimizer's update and kernels of its own.
The model keeps its own variables: it is lent slices of the stacks while an epoch is computed, and given back their
values at the end. Equal layers that follow each other are computed in one loop.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from core.training.backend import keras, tf
from core.training.equal_layers import equal_layers
from core.training.model import layer_outputs

_FEWEST: Final = 4
_FEWEST_IN_A_ROW: Final = 10
"""Layers: a loop trains a third slower than its layers one by one, and fewer are soon compiled."""

_LARGEST: Final = 4096
"""Numbers in a variable: the slices of larger ones would be copied in each step, for longer than a stack saves."""


class Weights:
    """The trainable variables of `model`, stacked where that pays.

    Parameters
    ----------
    apart : bool
        Whether the optimizer treats each variable as a whole; then none are stacked.

    Attributes
    ----------
    parameters : list of keras.Variable
        What an optimizer is to train.
    """

    def __init__(self, model: Any, *, apart: bool) -> None:
        self._model = model
        shapes: dict[tuple[int, ...], list[Any]] = {}
        for variable in model.trainable_variables:
            shapes.setdefault(tuple(variable.shape), []).append(variable)
        self._stacks: list[tuple[Any, Sequence[Any]]] = [
            (keras.Variable(np.zeros((len(members), *shape), np.float32), name="stack"), members)
            for shape, members in shapes.items()
            if not apart and len(members) >= _FEWEST and np.prod(shape) <= _LARGEST
        ]
        stacked = {id(member) for _, members in self._stacks for member in members}
        self._alone = [variable for variable in model.trainable_variables if id(variable) not in stacked]
        self.parameters = self._alone + [stack for stack, _ in self._stacks]
        self._steps = list(self._steps_of(model.layers))

    def outputs(self, x: Any, *, training: bool) -> Any:
        """Return the outputs of the model, which is `lent` its weights, for the rows of `x`."""
        for step in self._steps:
            x = step(x, training)
        return x

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let the model compute with the stacks; what else it changes meanwhile, it keeps."""
        if not self._stacks:
            yield
            return
        # Keras's penalties know no other values here than those that are lent.
        values = [(variable, tf.convert_to_tensor(variable.value)) for variable in self._alone]
        for stack, members in self._stacks:
            values += zip(members, tf.unstack(stack.value), strict=True)
        with keras.StatelessScope(state_mapping=values) as scope:
            yield
        for variable in self._model.non_trainable_variables:
            if (value := scope.get_current_value(variable)) is not None:
                variable.assign(value)

    def _steps_of(self, layers: Sequence[Any]) -> Iterator[Callable[[Any, bool], Any]]:
        """Yield what is to be computed one after the other: a layer, or a row of equal ones."""
        place = {id(member): (stack, i) for stack, members in self._stacks for i, member in enumerate(members)}
        for _, group in itertools.groupby(layers, lambda layer: _kind(layer, place)):
            row = list(group)
            if len(row) < _FEWEST_IN_A_ROW:
                yield from (_one(layer) for layer in row)
                continue
            kernels, biases = (
                (stack, slice(first, first + len(row)))
                for stack, first in (place[id(row[0].kernel)], place[id(row[0].bias)])
            )
            yield _several(row[0].activation, kernels, biases)

    def take(self) -> None:
        """Copy the model's own variables into the stacks."""
        for stack, members in self._stacks:
            stack.assign(tf.stack([member.value for member in members]))

    def give_back(self) -> None:
        """Copy the stacks into the model's own variables."""
        for stack, members in self._stacks:
            for member, value in zip(members, tf.unstack(stack.value), strict=True):
                member.assign(value)


def _kind(layer: Any, stacked: Container[int]) -> Any:
    """Return what two layers have in common that can be computed in one loop; each other layer is of its own kind."""
    if not isinstance(layer, keras.layers.Dense) or layer.kernel.shape[0] != layer.units:
        return id(layer)
    if not layer.use_bias or id(layer.kernel) not in stacked or id(layer.bias) not in stacked:
        return id(layer)
    return layer.units, layer.activation


def _one(layer: Any) -> Callable[[Any, bool], Any]:
    return lambda x, training: layer_outputs(layer, x, training=training)


def _several(activation: Any, kernels: tuple[Any, slice], biases: tuple[Any, slice]) -> Callable[[Any, bool], Any]:
    def call(x: Any, _training: bool) -> Any:
        of_kernels, of_biases = (tf.convert_to_tensor(stack.value)[where] for stack, where in (kernels, biases))
        return equal_layers(x, of_kernels, of_biases, activation)

    return call
