"""How fast, against plain ``model.fit`` in the same run: ratios, because machines differ and are shared."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from core.data.prepare.prepared import Prepared, prepare
from core.data.source import load_table
from core.spec import RunSpec, load_spec
from core.training.backend import keras
from core.training.epochs import forget_programs
from core.training.model import build_loss, build_model, build_optimizer
from core.training.order import row_order
from core.training.run import train_run

_NOISE: Final = {"preprocessing": {"scaling": "none"}}
_FOUR_ROWS: Final = {"columns": {"x": [1000, 2000, 3000, 4000], "y": [1, 2, 3, 4]}}
_FRIEDMAN: Final = "sample:friedman?noise=1&n="


@dataclass(frozen=True)
class Case:
    """One line of the benchmark: a spec, and how many epochs plain Keras is given for time and for sameness."""

    name: str
    spec: dict[str, Any]
    fit_epochs: int
    same_epochs: int = 20


CASES: Final = (
    Case(
        "example 1: scaling, 4 rows",
        {"data": {"source": _FOUR_ROWS, "target": "y", "validation_fraction": 0}},
        100,
    ),
    Case(
        "example 2: activation, 100 rows",
        {"data": {"source": "sample:noise_labels", "target": "label", "validation_fraction": 0}, **_NOISE},
        100,
    ),
    Case(
        "example 3: learning rate, 100 rows",
        {"data": {"source": "sample:noise_targets", "target": "y", "validation_fraction": 0}, **_NOISE},
        100,
    ),
    Case(
        "1 000 rows × batch 32 × 32-32",
        {
            "data": {"source": f"{_FRIEDMAN}1000", "target": "y", "validation_fraction": 0},
            "model": {"layers": [32, 32]},
        },
        20,
    ),
    Case(
        "100 000 rows × batch 256 × 64",
        {
            "data": {"source": f"{_FRIEDMAN}100000", "target": "y", "validation_fraction": 0},
            "model": {"layers": [64]},
            "training": {"batch_size": 256, "epochs": 20},
        },
        4,
        2,
    ),
    Case(
        "100 000 rows × batch 32 × 32-32",
        {
            "data": {"source": f"{_FRIEDMAN}100000", "target": "y", "validation_fraction": 0},
            "model": {"layers": [32, 32]},
            "training": {"epochs": 5},
        },
        2,
        1,
    ),
)


@dataclass(frozen=True)
class Measured:
    """One case, measured.

    Attributes
    ----------
    epochs : int
        Of the lab's run.
    lab_cold, lab_warm : float
        Seconds for the whole run, first and further times in this process (the best of 3 to 20).
    lab_probed : float
        As `lab_warm`, measuring the layers along the way; taken in turns with it.
    fit_cold : float
        Seconds `model.fit` takes for as many epochs, building and tracing included.
    fit_epoch : float
        Seconds of one further epoch of `model.fit`.
    deviation : float
        Largest relative difference between the two loss histories, over the epochs both trained.
    """

    name: str
    epochs: int
    compiler: str
    lab_cold: float
    lab_warm: float
    lab_probed: float
    fit_cold: float
    fit_epoch: float
    deviation: float

    @property
    def cold_ratio(self) -> float:
        """How many times faster the first run is."""
        return self.fit_cold / self.lab_cold

    @property
    def warm_ratio(self) -> float:
        """How many times faster a further run is, epoch against epoch."""
        return self.fit_epoch * self.epochs / self.lab_warm

    @property
    def telemetry_cost(self) -> float:
        """What measuring the layers adds to the time of a further run, as a share of it."""
        return self.lab_probed / self.lab_warm - 1

    def as_dict(self) -> dict[str, Any]:
        """Return every figure, the ratios among them."""
        ratios = {name: getattr(self, name) for name in ("cold_ratio", "warm_ratio", "telemetry_cost")}
        return asdict(self) | ratios


def measure(case: Case) -> Measured:
    """Train `case` with the lab, cold and warm, and with plain Keras."""
    run = load_spec(case.spec).runs()[0]
    prepared = prepare(run, load_table(run.data))
    forget_programs()
    begin = time.perf_counter()
    result = train_run(run, prepared)
    lab_cold = time.perf_counter() - begin
    train_run(run, prepared, probed=True)
    count = int(np.clip(2 / _lab_seconds(run, prepared, probed=False), 3, 20))
    turns = [[_lab_seconds(run, prepared, probed=probed) for probed in (False, True)] for _ in range(count)]
    lab_warm, lab_probed = (min(seconds) for seconds in zip(*turns, strict=True))
    epochs = run.training.epochs
    fit_first, fit_epoch = _fit_seconds(run, prepared, case.fit_epochs)
    losses = plain_history(run.changed({"training.epochs": min(epochs, case.same_epochs)}), prepared)["loss"]
    mine = np.array(result.history["loss"][: len(losses)], float)
    return Measured(
        name=case.name,
        epochs=epochs,
        compiler=result.telemetry["compiler"],
        lab_cold=lab_cold,
        lab_warm=lab_warm,
        lab_probed=lab_probed,
        fit_cold=fit_first + fit_epoch * (epochs - 1),
        fit_epoch=fit_epoch,
        deviation=float(np.max(np.abs(mine - losses) / np.maximum(np.abs(losses), 1e-12))),
    )


def plain_history(run: RunSpec, prepared: Prepared) -> dict[str, list[float]]:
    """Return what ``model.fit`` gives for `run`: real Keras, the same first weights and row order, nothing of the lab.

    Callbacks and schedules are left out; the tests add what they need.
    """
    model = _plain_model(run, prepared)
    held_out = (prepared.x_val, prepared.y_val) if len(prepared.x_val) else None
    history: dict[str, list[float]] = {}
    for epoch in range(run.training.epochs):
        order = row_order(run.training.seed, epoch, len(prepared.x), shuffle=run.training.shuffle)
        weight = None if prepared.sample_weight is None else prepared.sample_weight[order]
        trained = model.fit(
            prepared.x[order],
            prepared.y[order],
            sample_weight=weight,
            batch_size=run.training.batch_size,
            shuffle=False,
            validation_data=held_out,
            verbose=0,
        )
        for name, values in trained.history.items():
            history.setdefault(name, []).extend(values)
    return history


def benchmark() -> Iterator[Measured]:
    """Measure every case, one after the other."""
    return map(measure, CASES)


def _plain_model(run: RunSpec, prepared: Prepared) -> Any:
    keras.utils.set_random_seed(run.training.seed)
    model = build_model(run.model, prepared)
    metric = keras.metrics.BinaryAccuracy(name="accuracy") if prepared.task == "multilabel" else prepared.metric
    model.compile(optimizer=build_optimizer(run.training), loss=build_loss(prepared.loss), metrics=[metric])
    return model


def _fit_seconds(run: RunSpec, prepared: Prepared, epochs: int) -> tuple[float, float]:
    """Return the seconds to the end of the first epoch of one ``model.fit``, and the mean of the further ones."""
    marks = [time.perf_counter()]
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda _epoch, _logs: marks.append(time.perf_counter()))
    _plain_model(run, prepared).fit(
        prepared.x, prepared.y, batch_size=run.training.batch_size, epochs=epochs, verbose=0, callbacks=[clock]
    )
    return marks[1] - marks[0], (marks[-1] - marks[1]) / (epochs - 1)


def _lab_seconds(run: RunSpec, prepared: Prepared, *, probed: bool) -> float:
    begin = time.perf_counter()
    train_run(run, prepared, probed=probed)
    return time.perf_counter() - begin
