"""A row of equal dense layers as one loop: it is traced and compiled as one layer, however deep the network is.

The gradient is written out. Automatic differentiation of a loop would keep every tensor in it; what is kept here is the
sums before each activation, and the loop back computes only what the layer before it waits for. The gradients of all
kernels are one product behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.training.backend import tf


def equal_layers(x: Any, kernels: Any, biases: Any, activation: Callable[[Any], Any]) -> Any:
    """Return what the last of a row of dense layers makes of `x`, with its gradient for all three.

    Parameters
    ----------
    x : float32 tensor of shape (rows, units)
        Both known when the graph is traced.
    kernels, biases : float32 tensors of shapes (layers, units, units) and (layers, units)
        In the order in which the layers follow each other.
    activation : callable
        That of each layer.
    """
    layers = biases.shape[0]

    def forward(i: Any, inputs: Any, before: Any) -> Any:
        sums = tf.matmul(inputs, kernels[i]) + biases[i]
        return i + 1, activation(sums), before.write(i, sums)

    def array() -> Any:
        return tf.TensorArray(tf.float32, layers, element_shape=x.shape)

    @tf.custom_gradient
    def row(x: Any, _kernels: Any, _biases: Any) -> Any:
        _, outputs, before = tf.while_loop(
            lambda i, *_: i < layers, forward, (0, x, array()), maximum_iterations=layers
        )
        sums = before.stack()

        def gradients(outer: Any) -> Any:
            def backward(i: Any, outer: Any, of_sums: Any) -> Any:
                with tf.GradientTape() as tape:
                    tape.watch(before := sums[i])
                    outputs = activation(before)
                of_these = tape.gradient(outputs, before, output_gradients=outer)
                return i - 1, tf.matmul(of_these, kernels[i], transpose_b=True), of_sums.write(i, of_these)

            _, inner, of_sums = tf.while_loop(
                lambda i, *_: i >= 0, backward, (layers - 1, outer, array()), maximum_iterations=layers
            )
            of_sums = of_sums.stack()
            inputs = tf.concat([x[None], activation(sums[:-1])], 0)
            return inner, tf.matmul(inputs, of_sums, transpose_a=True), tf.reduce_sum(of_sums, 1)

        return outputs, gradients

    return row(x, kernels, biases)
