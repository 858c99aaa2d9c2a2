"""Causes suspected from a training log alone, such as Keras's CSVLogger writes: curves, no data, nothing to try."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from core.data.kinds import as_float
from core.data.table import Table
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import Evidence, Suspect
from core.diagnosis.evidence.limits import CLIMBED, FLAT, JUMPS, STILL_FALLING, turned
from core.diagnosis.evidence.signals import falling, oscillation, rise, times, turn, until_broken
from core.diagnosis.report import MOST_CAUSES, Finding, public_variant
from core.errors import InputRefused
from core.sentence import said

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "loss": ("loss", "train_loss", "training_loss", "train/loss"),
    "val_loss": ("val_loss", "validation_loss", "valid_loss", "eval_loss", "test_loss", "val/loss"),
    "learning_rate": ("learning_rate", "lr"),
    "epoch": ("epoch",),
}
"""What programs call the columns; compared in small letters, with ``_`` for blanks and hyphens."""
_FEWEST: Final = 3
"""Epochs; of fewer no curve can be read."""
_MOST_CLASSES: Final = 1000
_GUESSES: Final = 2e-3
"""How near a loss comes to ln(classes), relative to it, to be called guessing."""
_FEW_EPOCHS: Final = 100
"""Fewer than the lab trains by default: that there are too few is the likelier."""
_NEARLY_ZERO: Final = 1e-6
"""A loss that real data hardly ever allow on rows held out."""
_RATE_IS_ZERO: Final = 0.1
"""Share of the epochs; a schedule may well end at a rate of 0."""


@dataclass(frozen=True)
class Log:
    """The curves of one training, one value per epoch; empty where the log has none. NaN is kept: it is an event."""

    loss: np.ndarray
    val_loss: np.ndarray
    learning_rate: np.ndarray
    epoch: np.ndarray
    """What the program calls each epoch."""

    def at(self, place: int) -> int:
        """Return the number of an epoch, as the log itself counts or else from 1."""
        return int(self.epoch[place]) if len(self.epoch) and np.isfinite(self.epoch[place]) else place + 1

    @property
    def finite_loss(self) -> np.ndarray:
        """The training loss up to where it stops being a number."""
        return until_broken(self.loss)


def _log_of(table: Table) -> Log:
    columns = {re.sub(r"[\s-]+", "_", column.name.strip().lower()): column.name for column in table.columns}
    found = {}
    for curve, names in _NAMES.items():
        name = next((columns[name] for name in names if name in columns), None)
        found[curve] = _numbers(table, name) if name is not None else np.array([])
    if not len(found["loss"]):
        allowed = ", ".join(_NAMES["loss"])
        raise InputRefused(
            said("The log has no column of training losses; allowed: one called {names}.", names=allowed), "log"
        )
    log = _whole(Log(**found))
    if len(log.loss) < _FEWEST:
        raise InputRefused(
            said("The log has {count} epochs; allowed: at least {fewest}.", count=len(log.loss), fewest=_FEWEST),
            "log",
        )
    return log


def _whole(log: Log) -> Log:
    """Return `log` with one row for each epoch, where a program writes a row for training and one for validation.

    Lightning does so, and Hugging Face adds a last row with neither. A blank cell reads as NaN: a row whose training
    loss is none, while a later one is a number again, is a gap in the log and no event.
    """
    curves = {name: np.array(values) for name, values in vars(log).items() if len(values)}
    kept: list[int] = []
    for row in range(len(log.loss)):
        last = kept[-1] if kept else None
        if last is None or not _completes(curves, last, row):
            kept.append(row)
            continue
        for values in curves.values():
            if np.isfinite(values[row]):
                values[last] = values[row]
    finite = np.flatnonzero(np.isfinite(curves["loss"]))
    rows = [row for row in kept if not np.isnan(curves["loss"][row]) or not finite.size or row > finite[-1]]
    return Log(**{name: values[rows] if name in curves else values for name, values in (vars(log) | curves).items()})


def _completes(curves: Mapping[str, np.ndarray], last: int, row: int) -> bool:
    """Whether a row says of the epoch of the one before what that does not, or nothing."""
    if "epoch" in curves and np.isfinite(curves["epoch"][row]) and curves["epoch"][row] != curves["epoch"][last]:
        return False
    known = [{name for name in ("loss", "val_loss") if name in curves and np.isfinite(curves[name][i])}
             for i in (last, row)]  # fmt: skip
    if "epoch" not in curves and not known[1]:
        return False
    return bool(known[0]) and not known[0] & known[1]


def _numbers(table: Table, name: str) -> np.ndarray:
    series = table.frame[name]
    if series.dtype == "str":
        # A log that ends in "nan" or "inf" is read as text where every other cell is one too.
        return np.array([_number(cell) for cell in series])
    return as_float(series)


def _number(cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return math.nan


def _non_finite(log: Log) -> Iterator[tuple[str, Evidence]]:
    bad = np.flatnonzero(~np.isfinite(log.loss))
    if not bad.size:
        return
    text = said("the loss is not a number from epoch {epoch} on", epoch=log.at(bad[0]))
    if np.isfinite(log.loss[bad[0] :]).any():
        text = said("the loss is not a number in epoch {epoch}", epoch=log.at(bad[0]))
    if bad[0] == 0:
        yield "invalid_values", Evidence(0.7, text)
    yield "learning_rate_too_high", Evidence(0.6, text)
    yield "exploding_gradients", Evidence(0.4, text)


def _all_zero(log: Log) -> Iterator[tuple[str, Evidence]]:
    if not log.loss.any():
        yield "loss_mismatch", Evidence(0.9, said("the loss is exactly 0 in every epoch: it cannot see the errors"))


def _climbing(log: Log) -> Iterator[tuple[str, Evidence]]:
    climbed = rise(log.finite_loss)
    if climbed is not None and climbed > CLIMBED:
        text = said("the loss climbed by {times!n} times its first value", times=times(climbed))
        yield "learning_rate_too_high", Evidence(min(0.8, 0.4 + climbed), text)


def _jumping(log: Log) -> Iterator[tuple[str, Evidence]]:
    jumps = oscillation(log.finite_loss)
    if jumps is not None and jumps > JUMPS:
        text = said("the loss jumps by {share:.0%} of its level from epoch to epoch", share=jumps)
        yield "learning_rate_too_high", Evidence(0.6, text)
        yield "batch_size_unsuitable", Evidence(0.3, text)


def _standing(log: Log) -> Iterator[tuple[str, Evidence]]:
    curve = log.finite_loss
    if len(curve) < _FEWEST or not curve.any() or np.ptp(curve) > FLAT * abs(float(np.median(curve))):
        return
    value = float(np.median(curve))
    classes = round(math.exp(value)) if value < math.log(_MOST_CLASSES) else 0
    guess = classes >= 2 and math.isclose(value, math.log(classes), rel_tol=_GUESSES)
    text = said("the loss stands still at {value:.4g}", value=value)
    if guess:
        text = said(
            "the loss stands still at {value:.4g} = ln {classes}: guessing among {classes}",
            value=value,
            classes=classes,
        )
    for cause, strength in _STANDS_STILL.items():
        yield cause, Evidence(strength, text)


_STANDS_STILL: Final = {
    "learning_rate_too_low": 0.45, "vanishing_gradients": 0.45, "dying_relu": 0.4, "poor_initialization": 0.4,
    "no_signal": 0.4, "output_activation_mismatch": 0.35, "inputs_unscaled": 0.35,
}  # fmt: skip


def _still_falling(log: Log) -> Iterator[tuple[str, Evidence]]:
    if next(_parting(log), None):
        return  # more of it would do more harm
    share = falling(log.finite_loss) if np.isfinite(log.loss).all() else None
    if share is not None and share > STILL_FALLING:
        text = said("{share:.0%} of the loss's fall came in the last fifth of the epochs", share=share)
        yield "learning_rate_too_low", Evidence(0.5, text)
        yield "too_few_updates", Evidence(0.5 if len(log.loss) < _FEW_EPOCHS else 0.35, text)


def _parting(log: Log) -> Iterator[tuple[str, Evidence]]:
    places, curve = np.flatnonzero(np.isfinite(log.val_loss)), log.finite_loss
    held_out = log.val_loss[places]
    risen, place = turn(held_out)
    if risen is None or len(held_out) < _FEWEST or not len(curve):
        return
    best = int(places[held_out.argmin()])
    if turned(risen, place) and curve[-1] < curve[min(best, len(curve) - 1)]:
        text = said(
            "the validation loss was lowest at epoch {epoch} and is {times:.2g} times that at the end",
            epoch=log.at(best),
            times=risen,
        )
        yield "overfitting", Evidence(min(0.9, 0.4 + 0.3 * risen), text)


def _too_good(log: Log) -> Iterator[tuple[str, Evidence]]:
    held_out, curve = log.val_loss[np.isfinite(log.val_loss)], log.finite_loss
    if len(held_out) and len(curve) and 0 <= held_out[-1] < _NEARLY_ZERO and curve[-1] < _NEARLY_ZERO:
        yield "leakage", Evidence(0.4, said("both losses end at nearly 0, which real data hardly ever allow"))


def _no_rate(log: Log) -> Iterator[tuple[str, Evidence]]:
    if len(log.learning_rate) and (log.learning_rate == 0).mean() > _RATE_IS_ZERO:
        share = (log.learning_rate == 0).mean()
        yield (
            "learning_rate_too_low",
            Evidence(0.9, said("the learning rate is 0 in {share:.0%} of the epochs", share=share)),
        )


_RULES: Final[tuple[Callable[[Log], Iterator[tuple[str, Evidence]]], ...]] = (
    _non_finite, _all_zero, _climbing, _jumping, _standing, _still_falling, _parting, _too_good, _no_rate,
)  # fmt: skip
_LEAST: Final = 0.4
"""Where nothing is more suspicious than this, nothing is named."""
_UNTRIED: Final = 0.5
"""How much of a suspicion is left as confidence where nothing can be tried."""


def diagnose_log(table: Table) -> dict[str, Any]:
    """Return what `core.diagnose` returns, from a log alone: no cause is proven, so none has a fix.

    *Faulty* is only a loss that is not a number, or 0 in every epoch; everything else is *undecided*, for harm is shown
    by a repair, and nothing can be tried.

    Parameters
    ----------
    table : Table
        One row per epoch; a column ``loss`` and, if the program wrote them, ``val_loss`` and ``learning_rate``.

    Raises
    ------
    InputRefused
        If there is no column of losses, or it has fewer than three rows.
    """
    log = _log_of(table)
    evidence: dict[str, list[Evidence]] = {}
    for rule in _RULES:
        for cause, piece in rule(log):
            evidence.setdefault(cause, []).append(piece)
    found = [Suspect(CAUSES[cause], tuple(pieces)) for cause, pieces in evidence.items()]
    found.sort(key=lambda suspect: -suspect.strength)
    named = found[:MOST_CAUSES] if found and found[0].strength >= _LEAST else []
    causes = [Finding(one, None, _UNTRIED * one.strength).as_dict(rank) for rank, one in enumerate(named, 1)]
    why = said("a log holds neither the data nor the network, so nothing could be tried")
    told = {suspect.cause.id for suspect in named}
    gaps = [{"cause": cause, "why": why} for cause in CAUSES if cause not in told]
    known: dict[str, Any] = {"causes": causes, "not_checked": gaps}
    if not np.isfinite(log.loss).all() or not log.loss.any():
        return {"variants": [public_variant({}, "faulty", **known)], "spec_hash": None}
    missing = (
        said("These curves look odd, but nothing could be tried: the program and its data would decide it.")
        if causes
        else said("Nothing in these curves is odd, but how low the loss could be only the data can tell.")
    )
    return {"variants": [public_variant({}, "undecided", why=missing, **known)], "spec_hash": None}
