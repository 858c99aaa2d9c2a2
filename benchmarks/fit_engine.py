"""Plain ``model.fit`` as an engine: the same model and table, Keras's own order of rows."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.engine_process import Losses, serve_engine
from core.bench import plain_model
from core.data.prepare.cache import Preparation
from core.spec import RunSpec
from core.training.backend import keras


class FitEngine:
    """A model that is built and traced once; every training starts from its first weights."""

    def __init__(self, run: RunSpec, _problem: Path) -> None:
        self._prepared, self._batch_size = Preparation().of(run), run.training.batch_size
        self._model = plain_model(run, self._prepared)
        self._model.optimizer.build(self._model.trainable_variables)
        variables = [*self._model.variables, *self._model.optimizer.variables]
        self._start = [(variable, variable.numpy()) for variable in variables]

    def train(self, epochs: int, seed: int) -> tuple[Losses, float]:
        """Call ``fit`` for so many epochs."""
        keras.utils.set_random_seed(seed)
        for variable, value in self._start:
            variable.assign(value)
        firsts: list[float] = []
        clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda _epoch, _logs: firsts.append(time.perf_counter()))
        prepared = self._prepared
        fitted = self._model.fit(
            prepared.x, prepared.y, batch_size=self._batch_size, epochs=epochs, verbose=0, callbacks=[clock]
        )
        return fitted.history["loss"], firsts[0]


if __name__ == "__main__":
    serve_engine(FitEngine)
