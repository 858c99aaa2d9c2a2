"""How fast training is on this machine, against plain ``model.fit`` in the same process.

The ratios carry over to other machines, the seconds do not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

from core.data.prepare.prepared import Prepared, prepare
from core.data.source import load_table
from core.spec import RunSpec, load_spec
from core.training.backend import keras
from core.training.epochs import forget_programs
from core.training.model import build_loss, build_model, build_optimizer
from core.training.row_order import row_order
from core.training.run import compile_run, train_run

_T = TypeVar("_T")

_SAME_EPOCHS: Final = 20
"""Over at most this many epochs the two loss histories are compared."""


class Case(NamedTuple):
    """One line of the benchmark: a spec, and how many epochs `model.fit` is timed for (at least 2)."""

    name: str
    fit_epochs: int
    spec: Mapping[str, Any]


def _case(name: str, fit_epochs: int, source: Any, target: str = "y", **sections: Any) -> Case:
    data = {"source": source, "target": target, "validation_fraction": 0}
    return Case(name, fit_epochs, {"data": data, **sections})


_RAW: Final = {"scaling": "none"}
_FOUR_ROWS: Final = {"columns": {"x": [1000, 2000, 3000, 4000], "y": [1, 2, 3, 4]}}
_FRIEDMAN: Final = "sample:friedman?noise=1&n="

CASES: Final = (
    _case("example 1: scaling, 4 rows", 100, _FOUR_ROWS),
    _case("example 2: activation, 100 rows", 100, "sample:noise_labels", "label", preprocessing=_RAW),
    _case("example 3: learning rate, 100 rows", 100, "sample:noise_targets", preprocessing=_RAW),
    _case("1 000 rows × batch 32 × 32-32", 20, f"{_FRIEDMAN}1000", model={"layers": [32, 32]}),
    _case("100 000 rows × batch 256 × 64", 4, f"{_FRIEDMAN}100000", model={"layers": [64]},
          training={"batch_size": 256, "epochs": 20}),
    _case("100 000 rows × batch 32 × 32-32", 2, f"{_FRIEDMAN}100000", model={"layers": [32, 32]},
          training={"epochs": 5}),
)  # fmt: skip


def measure(case: Case) -> dict[str, Any]:
    """Train `case` with the lab, cold and warm, and with plain Keras.

    Returns
    -------
    dict
        ``name``, ``epochs`` and ``compiler`` of the lab's warm run. In seconds: ``lab_cold`` and ``lab_warm``, the
        whole run for the first time in this process and, compiled, for further ones (the fastest of 3 to 20);
        ``lab_probed``, as the latter, with measuring the layers; ``fit_cold``, as many epochs of ``model.fit``,
        building and tracing included; ``fit_epoch``, one further epoch of it. ``cold_ratio`` and ``warm_ratio``: how
        many times faster the lab is. ``telemetry_cost``: what measuring the layers adds, as a share. ``deviation``: the
        largest relative difference between the two loss histories, over at most 20 epochs.
    """
    run = load_spec(case.spec).runs()[0]
    prepared = prepare(run, load_table(run.data))
    forget_programs()
    plainly, probing = partial(train_run, run, prepared), partial(train_run, run, prepared, probed=True)
    lab_cold, _ = _timed(plainly)
    compile_run(run, prepared, wait=True)
    probing()
    seconds, result = _timed(plainly)
    count = int(np.clip(2 / seconds, 3, 20))
    # Taken in turns, so that a moment's load of the machine meets both.
    turns = [(_timed(plainly)[0], _timed(probing)[0]) for _ in range(count)]
    lab_warm, lab_probed = (min(seconds) for seconds in zip(*turns, strict=True))
    epochs = run.training.epochs
    fit_first, fit_epoch = _fit_seconds(run, prepared, case.fit_epochs)
    fit_cold = fit_first + fit_epoch * (epochs - 1)
    same = min(epochs, case.fit_epochs, _SAME_EPOCHS)
    theirs = np.array(plain_history(run.changed({"training.epochs": same}), prepared)["loss"])
    ours = np.array(result.history["loss"][:same], float)
    return {
        "name": case.name,
        "epochs": epochs,
        "compiler": result.telemetry["compiler"],
        "lab_cold": lab_cold,
        "lab_warm": lab_warm,
        "lab_probed": lab_probed,
        "fit_cold": fit_cold,
        "fit_epoch": fit_epoch,
        "cold_ratio": fit_cold / lab_cold,
        "warm_ratio": fit_epoch * epochs / lab_warm,
        "telemetry_cost": lab_probed / lab_warm - 1,
        "deviation": float(np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-12))),
    }


def plain_history(run: RunSpec, prepared: Prepared) -> dict[str, list[float]]:
    """Return what ``model.fit`` gives for `run`: real Keras, the same first weights and row order, nothing of the lab.

    A schedule sets the learning rate before each epoch; callbacks are left out, the tests add what they need.
    """
    model = plain_model(run, prepared)
    held_out = (prepared.x_val, prepared.y_val) if len(prepared.x_val) else None
    history: dict[str, list[float]] = {}
    training = run.training
    for epoch in range(training.epochs):
        order = row_order(training.seed, epoch, len(prepared.x), shuffle=training.shuffle)
        if not training.schedule.reacts:
            model.optimizer.learning_rate = training.learning_rate * training.schedule.scale(epoch, training.epochs)
        weight = None if prepared.sample_weight is None else prepared.sample_weight[order]
        trained = model.fit(
            prepared.x[order],
            prepared.y[order],
            sample_weight=weight,
            batch_size=training.batch_size,
            shuffle=False,
            validation_data=held_out,
            verbose=0,
        )
        for name, values in trained.history.items():
            history.setdefault(name, []).extend(values)
    return history


def plain_model(run: RunSpec, prepared: Prepared) -> Any:
    """Return the real Keras model of `run` with its first weights, compiled and with nothing of the lab."""
    keras.utils.set_random_seed(run.training.seed)
    model = build_model(run.model, prepared)
    metric = keras.metrics.BinaryAccuracy(name="accuracy") if prepared.task == "multilabel" else prepared.metric
    model.compile(optimizer=build_optimizer(run.training), loss=build_loss(prepared.loss), metrics=[metric])
    return model


def _fit_seconds(run: RunSpec, prepared: Prepared, epochs: int) -> tuple[float, float]:
    """Return the seconds to the end of the first epoch of one ``model.fit``, and the mean of the further ones."""
    marks = [time.perf_counter()]
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda _epoch, _logs: marks.append(time.perf_counter()))
    plain_model(run, prepared).fit(
        prepared.x, prepared.y, batch_size=run.training.batch_size, epochs=epochs, verbose=0, callbacks=[clock]
    )
    return marks[1] - marks[0], (marks[-1] - marks[1]) / (epochs - 1)


def _timed(work: Callable[[], _T]) -> tuple[float, _T]:
    begin = time.perf_counter()
    done = work()
    return time.perf_counter() - begin, done
