"""What the trained runs of one spec say, over its seeds: curves, telemetry and skill as a few numbers.

Signals are relative (to the baseline, to the first loss, per step), because absolute limits alarm on healthy runs.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from core.data.understand.sentinels import Sentinel
from core.diagnosis.evidence import limits
from core.sentence import Sentence, said
from core.training.result import Result

_WORST: Final = -3.0
_OF_INPUTS: Final = 0.01
"""A network that loses less than this skill where every row shows the mean of the inputs does not use them."""
_AT_REST: Final = 1e-3
"""A loss that moves by less than this share of its level does not move."""
_TINY: Final = 1e-12
"""Keeps a division by a loss or gradient of 0 finite."""
_FEWEST_LATE: Final = 4
"""Epochs in the second half; fewer have no ups and downs to speak of."""
_FEWEST_STILL: Final = 3
"""Epochs in the second half; that two are alike may be chance."""
_PARTS: Final = 5
"""The end of a curve is its last fifth; one of fewer epochs has none."""
_WRITTEN_OUT: Final = 1e6
_FEWEST_LAYERS: Final = 3
"""Layers with weights; between the first and the last of two there is none for a gradient to pass."""


def explained(result: Result, *, held_out: bool) -> float | None:
    """Return the share of the target's variance a run explains, on the validation or the training rows.

    It is what simple models are judged by too (`evidence.simple_models`); results that do not tell it give the skill.
    """
    name, skill = ("val_explained", "val_skill") if held_out else ("explained", "skill")
    value: float | None = result.telemetry.get(name, getattr(result, skill))
    return value


def worth(skill: float | None) -> float:
    """Return `skill` where it is positive, and the half logarithm of how far below 0 it is else, down to -3.

    Below guessing a skill has no floor: without the logarithm one bad seed would outweigh all others. A run that
    diverged or predicts nothing finite is worth -3.
    """
    if skill is None:
        return _WORST
    return skill if skill >= 0 else max(_WORST, -math.log1p(-skill) / 2)


@dataclass(frozen=True)
class Signals:
    """Medians over the seeds, unless said otherwise; None where a number is unknown."""

    skill: tuple[float, ...]
    """`explained` of each seed, as `worth` has it."""
    val_skill: tuple[float, ...] = ()
    """The same on validation rows; empty without any."""
    failed: str | None = None
    """What Keras said where it refused the run."""
    diverged: float = 0.0
    """Share of seeds whose loss became NaN or infinite."""
    initial_loss: float | None = None
    """Loss before the first step, divided by the baseline's."""
    rise: float = 0.0
    """How far the loss climbed above its minimum later, divided by its first value; 0 for a falling curve."""
    kick: float = 1.0
    """Mean loss of the first epoch divided by the loss before the first step; above 1 the first steps do harm."""
    falling: float = 0.0
    """Share of the whole fall of the loss that happened in the last fifth of the epochs."""
    still: float = 0.0
    """Whether the loss stands still, as `still_from` has it: 1 where it does, 0 where it moves."""
    oscillation: float = 0.0
    """Mean up-and-down between neighbouring epochs of the second half, divided by the level there."""
    val_rise: float = 1.0
    """Last validation loss divided by its minimum."""
    best_at: float = 1.0
    """When the validation loss was lowest, as a share of the epochs."""
    updates: float = 1000.0
    """Optimizer steps taken."""
    gradient_ratio: float | None = None
    """Gradient norm of the first layer divided by the last one's, early in training."""
    gradient: float | None = None
    """Largest gradient norm seen."""
    dead: float = 0.0
    """Largest share of a hidden layer's units that are 0 for every row, at the end."""
    saturated: float = 0.0
    """Largest share of a hidden layer's values on the flat ends of its activation, at the end."""
    output_std: float | None = None
    """Spread of the outputs at the end."""
    penalty: float = 0.0
    """Share of the last loss that is not the data's."""
    stopped: float = 1.0
    """Epochs trained as a share of those asked for."""
    recall: tuple[float, ...] = ()
    """Lowest recall of any class per seed, on the validation rows where there are any."""
    constant: float | None = None
    """Where the loss stood in the second half, if it did not move there at all."""
    without_inputs: float | None = None
    """Skill that is left where every row shows the mean of the inputs."""
    clipped: float = 0.0
    """Share of the gradient that clipping cuts off, early in training."""
    rate_left: float = 1.0
    """Mean learning rate of the epochs, as a share of the one asked for: what a schedule leaves of it."""
    warnings: tuple[str, ...] = ()
    """What Keras said while the network was built."""
    few_rows: float | None = None
    """Skill on sixteen rows it was trained with alone; None where that was not tried."""
    rates: Mapping[float, float] = field(default_factory=dict)
    """Other learning rates → the validation skill the worst seed reaches with them; empty where none was tried."""

    @property
    def blind(self) -> bool:
        """Whether the network predicts the same for every row."""
        return self.without_inputs is not None and self.stuck and self.level - self.without_inputs < _OF_INPUTS

    @property
    def level(self) -> float:
        """The median skill: how good these runs are, on the rows they were trained with."""
        return statistics.median(self.skill)

    @property
    def val_level(self) -> float:
        """The median validation skill; the training skill without validation rows."""
        return statistics.median(self.val_skill or self.skill)

    @property
    def worst(self) -> float:
        """The quality of the seed that went worst: on the validation rows where there are any."""
        return min(self.val_skill or self.skill)

    @property
    def stuck(self) -> bool:
        """Whether the runs do no better than guessing."""
        return self.level < limits.STUCK

    @property
    def learnt_little(self) -> bool:
        """Whether the runs explain next to nothing of the rows they were trained with."""
        return self.level < limits.LEARNT_LITTLE

    @property
    def kicked(self) -> bool:
        """Whether the first steps did harm."""
        return self.kick > limits.KICKED

    @property
    def climbs(self) -> bool:
        """Whether the loss climbs again after its minimum."""
        return self.rise > limits.CLIMBED

    @property
    def jumps(self) -> bool:
        """Whether the loss goes up and down from epoch to epoch."""
        return self.oscillation > limits.JUMPS

    @property
    def unfinished(self) -> bool:
        """Whether the loss has not quite come to rest."""
        return self.falling > limits.UNFINISHED

    @property
    def still_falling(self) -> bool:
        """Whether the loss is in the middle of its fall."""
        return self.falling > limits.STILL_FALLING

    @property
    def stands_still(self) -> bool:
        """Whether the loss stands still in most seeds: what it falls there nobody sees."""
        return self.still > 1 / 2

    @property
    def turned(self) -> bool:
        """Whether the validation loss was lower before."""
        return limits.turned(self.val_rise, self.best_at)

    @property
    def gap(self) -> float:
        """How much more is explained of the training rows than of the validation rows."""
        return self.level - self.val_level


def observe(results: Sequence[Result], epochs: int) -> Signals:
    """Return the signals of the runs of one spec with several seeds, `epochs` epochs asked for."""
    alive = [r for r in results if r.state != "failed"]
    refusals = [str(r.error) for r in results if r.state == "failed"]
    if not alive:
        return Signals(skill=(_WORST,) * len(results), failed=refusals[0])

    validated = any(r.validated for r in alive)
    medians = {name: known_median(measure(r) for r in alive) for name, measure in _MEASURES.items()}
    known: dict[str, Any] = {name: value for name, value in medians.items() if value is not None}
    return Signals(
        skill=tuple(worth(explained(r, held_out=False)) for r in results),
        val_skill=tuple(worth(explained(r, held_out=True)) for r in results) if validated else (),
        failed=refusals[0] if refusals else None,
        diverged=sum(r.state == "diverged" for r in alive) / len(alive),
        stopped=statistics.median(r.epochs / epochs if r.state == "done" else 1.0 for r in alive),
        recall=tuple(r.least_recall or 0.0 for r in alive if r.telemetry.get("recall")),
        warnings=tuple(dict.fromkeys(text for r in alive for text in r.telemetry.get("warnings", ()))),
        **{"updates": 0.0} | known,
    )


def known_median(values: Iterable[float | None]) -> float | None:
    """Return the median of the numbers among `values`; None where there are none."""
    present = [value for value in values if value is not None]
    return statistics.median(present) if present else None


def median_of_most(values: Iterable[float | None]) -> float | None:
    """Return the median of the numbers among `values`; None where they are not most of them."""
    every = list(values)
    return known_median(every) if 2 * sum(value is None for value in every) < len(every) else None


def times(value: float) -> str:
    """Return a ratio in two digits, written out as far as a person reads it: ``3.4``, ``160``, ``1e+09``."""
    return f"{float(f'{value:.2g}'):,.0f}" if 10 <= value < _WRITTEN_OUT else f"{value:.2g}"


def written(value: float) -> str:
    """Return a number in three digits, written out as far as a person reads it: ``0.0312``, ``6,930``, ``1.2e+08``."""
    short = float(f"{value:.3g}")
    return f"{short:,.0f}" if 1000 <= abs(short) < _WRITTEN_OUT else f"{short:.3g}"


def stands_in(found: Sentinel) -> Sentence:
    """Return how often a number that may stand for "missing" is in its column."""
    return said("{column} is {value:g} in {count:d} rows", column=found.column, value=found.value, count=found.count)


def telling(result: Result) -> list[str]:
    """Return which measurements of the layers a person should look at, by the limits of the causes."""
    ratio, gradient = _gradient_ratio(result), _gradient(result) or 0.0
    even = ratio is None or limits.VANISHING <= ratio <= limits.EXPLODING
    steps = [statistics.median(values) for values in _layers(result, "update_ratio") if values]
    stands_out = {
        "gradient_norm": not even or gradient > limits.ENORMOUS_GRADIENT,
        "update_ratio": any(not limits.SHORT_STEP <= step <= limits.LONG_STEP for step in steps),
        "dead": (_worst_hidden(result, "dead") or 0.0) >= limits.MANY_DEAD,
        "saturated": (_worst_hidden(result, "saturated") or 0.0) > limits.SATURATED,
    }
    return [name for name, so in stands_out.items() if so]


def _ratio(value: float | None, base: float | None) -> float | None:
    return None if value is None or not base else value / base


def _end(values: Sequence[float | None]) -> float | None:
    return next((v for v in reversed(values) if v is not None), None)


def until_broken(curve: np.ndarray) -> np.ndarray:
    """Return `curve` up to where it stops being a number."""
    broken = np.flatnonzero(~np.isfinite(curve))
    return curve[: broken[0]] if len(broken) else curve


def rise(curve: np.ndarray) -> float | None:
    """Return how far `curve` climbed above its minimum later, divided by its first value."""
    if len(curve) < 2:
        return None
    lowest = int(curve.argmin())
    return float((curve[lowest:].max() - curve[lowest]) / max(abs(curve[0]), _TINY))


def falling(curve: np.ndarray) -> float | None:
    """Return which share of the whole fall of `curve` happened in its last fifth."""
    if len(curve) < _PARTS:
        return 1.0 if len(curve) > 0 and curve[-1] < curve[0] else None
    part = max(1, len(curve) // _PARTS)
    fall = curve[0] - curve[-part:].min()
    late = np.median(curve[-part - max(1, part // 2) : -part]) - np.median(curve[-max(1, part // 2) :])
    return float(np.clip(late / fall, 0, 1)) if fall > _AT_REST * abs(curve[0]) else 0.0


def still_from(curve: np.ndarray) -> int | None:
    """Return the epoch, from 1, from which `curve` stands still to its end; None where its second half moves.

    It is the one reading of what is flat: whatever it finds is not said to be still falling.
    """
    if len(curve) < _PARTS:
        return None
    moved = np.flatnonzero(np.abs(curve - curve[-1]) > limits.FLAT * abs(curve[-1]))
    still = int(moved[-1]) + 1 if len(moved) else 0
    return still + 1 if still <= len(curve) // 2 else None


def turn(curve: np.ndarray) -> tuple[float, float] | tuple[None, None]:
    """Return the end of `curve` in multiples of its minimum, and when that was, as a share of the epochs."""
    if len(curve) < 2 or curve.min() <= 0:
        return None, None
    return float(curve[-1] / curve.min()), (int(curve.argmin()) + 1) / len(curve)


def oscillation(curve: np.ndarray) -> float | None:
    """Return the mean up-and-down of neighbours in the second half of `curve`, divided by the level there."""
    late = curve[len(curve) // 2 :]
    if len(late) < _FEWEST_LATE:
        return None
    steps = np.diff(late)
    back = np.abs(steps).mean() - abs(steps.mean())
    return float(back / max(np.abs(late).mean(), _TINY))


def _constant(result: Result) -> float | None:
    curve = result.history.finite("loss")
    late = curve[len(curve) // 2 :]
    if len(late) < _FEWEST_STILL or np.ptp(late) > _AT_REST * max(abs(float(late.mean())), _TINY):
        return None
    return float(late.mean())


def _still(result: Result) -> float | None:
    curve = np.array(result.history.get("loss", ()), float)
    return float(still_from(until_broken(curve)) is not None) if len(curve) else None


def _layers(result: Result, name: str) -> list[list[float]]:
    return [[v for v in layer[name] if v is not None] for layer in result.telemetry.get("layers", [])]


def _early(values: Sequence[float]) -> float | None:
    return statistics.median(values[:10]) if values else None


def _gradient_ratio(result: Result) -> float | None:
    layers = _layers(result, "gradient_norm")
    if len(layers) < _FEWEST_LAYERS:
        return None
    first, last = _early(layers[0]), _early(layers[-1])
    return None if first is None or last is None else first / max(last, _TINY)


def _gradient(result: Result) -> float | None:
    return max((max(values) for values in _layers(result, "gradient_norm") if values), default=None)


def _worst_hidden(result: Result, name: str) -> float | None:
    ends = [_end(values) for values in _layers(result, name)[:-1]]
    return max((end for end in ends if end is not None), default=None)


def _penalty(result: Result) -> float | None:
    curve, data = result.history.finite("loss"), _end(result.telemetry.get("probe_loss", []))
    return None if not len(curve) or data is None or curve[-1] <= 0 else float(np.clip(1 - data / curve[-1], 0, 1))


def _rate_left(rates: Sequence[float | None]) -> float | None:
    known = [rate for rate in rates if rate is not None]
    return sum(known) / len(known) / max(*known, _TINY) if len(known) > 1 else None


def _kick(result: Result) -> float | None:
    first, second = [*result.history["loss"], None, None][:2]
    initial = result.telemetry.get("initial_loss")
    kick, seen = _ratio(first, initial), _ratio(next(iter(result.telemetry.get("probe_loss", [])), None), initial)
    # With dropout the loss of training is higher than that of the network it makes, in every epoch alike.
    lasting = first is not None and second is not None and second > first / 2
    return seen if lasting and seen is not None and seen < _NO_KICK else kick


_NO_KICK: Final = 1.5
"""Loss in use after the first epoch, in multiples of the untrained one, of which no step was too long."""

_MEASURES: Final[Mapping[str, Callable[[Result], float | None]]] = {
    "initial_loss": lambda r: _ratio(r.telemetry.get("initial_loss"), (r.baseline or {}).get("loss")),
    "rise": lambda r: rise(r.history.finite("loss")),
    "kick": _kick,
    "falling": lambda r: None if r.state == "diverged" else falling(r.history.finite("loss")),
    "still": _still,
    "oscillation": lambda r: oscillation(r.history.finite("loss")),
    "val_rise": lambda r: turn(r.history.finite("val_loss"))[0],
    "best_at": lambda r: turn(r.history.finite("val_loss"))[1],
    "updates": lambda r: r.telemetry.get("updates"),
    "gradient_ratio": _gradient_ratio,
    "gradient": _gradient,
    "dead": lambda r: _worst_hidden(r, "dead"),
    "saturated": lambda r: _worst_hidden(r, "saturated"),
    "output_std": lambda r: _end(r.telemetry.get("output", {}).get("std", [])),
    "penalty": _penalty,
    "constant": _constant,
    "without_inputs": lambda r: r.telemetry.get("without_inputs"),
    "rate_left": lambda r: _rate_left(r.history.get("learning_rate", ())),
    "clipped": lambda r: _early([v for v in r.telemetry.get("clipped") or () if v is not None]),
}
"""What is measured of one run, by the signal that is the median over the seeds."""
