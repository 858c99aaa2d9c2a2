"""A row of equal dense layers as one loop: it is traced and compiled as one layer, however deep the network is.

The gradient is written out, each layer computed again on the way back: that of a loop would keep every tensor in it.
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
    layers, units = biases.shape

    def layer(inputs: Any, kernel: Any, bias: Any) -> Any:
        return activation(tf.matmul(inputs, kernel) + bias)

    def forward(i: Any, inputs: Any, seen: Any) -> Any:
        return i + 1, layer(inputs, kernels[i], biases[i]), seen.write(i, inputs)

    @tf.custom_gradient
    def row(x: Any, _kernels: Any, _biases: Any) -> Any:
        start = tf.TensorArray(tf.float32, layers, element_shape=x.shape)
        _, outputs, seen = tf.while_loop(lambda i, *_: i < layers, forward, (0, x, start), maximum_iterations=layers)
        inputs_of = seen.stack()

        def gradients(outer: Any) -> Any:
            def backward(i: Any, outer: Any, of_kernels: Any, of_biases: Any) -> Any:
                arguments = inputs_of[i], kernels[i], biases[i]
                with tf.GradientTape() as tape:
                    tape.watch(arguments)
                    outputs = layer(*arguments)
                inner, of_kernel, of_bias = tape.gradient(outputs, arguments, output_gradients=outer)
                return i - 1, inner, of_kernels.write(i, of_kernel), of_biases.write(i, of_bias)

            shapes = (units, units), (units,)
            arrays = [tf.TensorArray(tf.float32, layers, element_shape=shape) for shape in shapes]
            _, inner, of_kernels, of_biases = tf.while_loop(
                lambda i, *_: i >= 0, backward, (layers - 1, outer, *arrays), maximum_iterations=layers
            )
            return inner, of_kernels.stack(), of_biases.stack()

        return outputs, gradients

    return row(x, kernels, biases)
