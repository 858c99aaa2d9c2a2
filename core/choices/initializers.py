"""The initializers: Keras's own, the parameters a spec may set, and how much of a signal their weights pass on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from core.choices.choice import Choice, table

Parameters = Mapping[str, Any]

_MODES: Final = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS: Final = ("truncated_normal", "untruncated_normal", "uniform")


def _equal(_parameters: Parameters, _usual: float) -> float:
    return 0.0


def _normal(parameters: Parameters, usual: float) -> float:
    return float(parameters.get("stddev", 0.05)) / usual


def _uniform(parameters: Parameters, usual: float) -> float:
    width = float(parameters.get("maxval", 0.05)) - float(parameters.get("minval", -0.05))
    return width / math.sqrt(12) / usual


def _gain(parameters: Parameters, _usual: float) -> float:
    return float(parameters.get("gain", 1.0))


@dataclass(frozen=True, kw_only=True)
class Initializer(Choice):
    """One initializer of Keras; its class there bears the same name in camel case."""

    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What a spec may set → the words allowed; none where it is a number."""
    spread: Callable[[Parameters, float], float | None] = lambda _parameters, _usual: None
    """(parameters, Glorot's standard deviation) → the standard deviation of the weights relative to that of Glorot &
    Bengio (2010); None where it is made for just that purpose."""
    offered: bool = True
    """Whether the lab offers it: it has to make sense without parameters, for any shape."""

    @property
    def keras(self) -> str:
        """The class in ``keras.initializers``."""
        return self.name.title().replace("_", "")


INITIALIZERS: Final[Mapping[str, Initializer]] = table(
    Initializer(name="glorot_uniform", words="Glorot uniform",
                help="Keeps signal and gradient (Glorot & Bengio 2010); Keras's default."),
    Initializer(name="glorot_normal", words="Glorot normal", help="As glorot_uniform, from a normal distribution."),
    Initializer(name="he_uniform", words="He uniform", help="Made for ReLU (He et al. 2015)."),
    Initializer(name="he_normal", words="He normal", help="As he_uniform, from a normal distribution."),
    Initializer(name="lecun_uniform", words="LeCun uniform", help="Made for SELU and tanh (LeCun et al. 1998)."),
    Initializer(name="lecun_normal", words="LeCun normal", help="As lecun_uniform, from a normal distribution."),
    Initializer(name="zeros", help="All weights 0: the units of a layer stay equal.", spread=_equal),
    Initializer(name="ones", help="All weights 1: the units of a layer stay equal.", spread=_equal),
    Initializer(name="constant", help="All weights one number.", parameters={"value": ()}, spread=_equal,
                offered=False),
    Initializer(name="identity", help="The identity matrix; for layers as wide as their input.",
                parameters={"gain": ()}, spread=_gain, offered=False),
    Initializer(name="orthogonal", help="A random rotation (Saxe et al. 2014).", parameters={"gain": ()}, spread=_gain),
    Initializer(name="random_normal", words="normal", help="A normal distribution of a fixed width.",
                parameters={"mean": (), "stddev": ()}, spread=_normal),
    Initializer(name="truncated_normal", help="As random_normal, without what is beyond two standard deviations.",
                parameters={"mean": (), "stddev": ()}, spread=_normal),
    Initializer(name="random_uniform", words="uniform", help="Evenly spread over a fixed range.",
                parameters={"minval": (), "maxval": ()}, spread=_uniform),
    Initializer(name="variance_scaling", help="Scaled by the width of the layer, as its parameters say.",
                parameters={"scale": (), "mode": _MODES, "distribution": _DISTRIBUTIONS},
                spread=lambda parameters, _usual: math.sqrt(float(parameters.get("scale", 1.0)))),
)  # fmt: skip
