"""What TensorFlow is told before it is loaded, so that the same run has the same history everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ARITHMETIC: Final[Mapping[str, str]] = {
    "KERAS_BACKEND": "tensorflow",
    # oneDNN picks kernels by CPU type, and with them the last digits of every history; and its ReLU makes NaN 0, so
    # that a run on missing values ends with a loss that looks sound.
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
"""Variables of the environment; they are read when TensorFlow is loaded, never later."""
