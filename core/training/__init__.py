"""From prepared arrays to a history: real Keras, one compiled epoch; the only place that imports TensorFlow."""
