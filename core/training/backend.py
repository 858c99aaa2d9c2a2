"""The only import of TensorFlow and Keras: quiet, on the TensorFlow backend, with the same arithmetic everywhere."""

from __future__ import annotations

import logging
import os
import sys

from core.training.arithmetic import ARITHMETIC

if "tensorflow" in sys.modules and os.environ.get("TF_ENABLE_ONEDNN_OPTS") != "0":
    logging.getLogger(__name__).warning(
        "TensorFlow was loaded before Loss Lab: histories may differ in their last digits, and a loss that is NaN may "
        "look sound. Import Loss Lab first, or set TF_ENABLE_ONEDNN_OPTS=0."
    )
os.environ.update(ARITHMETIC)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import tensorflow as tf

__all__ = ["keras", "tf"]
