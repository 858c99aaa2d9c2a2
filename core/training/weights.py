"""The weights of a model as an optimizer sees them: many small ones of one shape are one variable.

A deep, narrow network has dozens of them, and each costs the tracing of an optimizer's update and kernels of its own.
The model keeps its own variables: it is lent slices of the stacks while an epoch is computed, and given back their
values at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from core.training.backend import keras, tf

_FEWEST: Final = 4
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

    def take(self) -> None:
        """Copy the model's own variables into the stacks."""
        for stack, members in self._stacks:
            stack.assign(tf.stack([member.value for member in members]))

    def give_back(self) -> None:
        """Copy the stacks into the model's own variables."""
        for stack, members in self._stacks:
            for member, value in zip(members, tf.unstack(stack.value), strict=True):
                member.assign(value)
