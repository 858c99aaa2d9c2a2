"""The only import of TensorFlow and Keras: quiet, on the TensorFlow backend, with the same arithmetic everywhere."""

from __future__ import annotations

import os

# oneDNN picks kernels by CPU type, and with them the last digits of every history.
for _name, _value in {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}.items():
    os.environ.setdefault(_name, _value)

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

__all__ = ["keras", "tf"]
