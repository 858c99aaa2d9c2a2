"""A stack of dense layers: the names Keras has for their parts, and how they are put together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Discriminator, Field, StrictBool, Tag, field_validator

from core.spec.values import Count, Fraction, Number, Value

MAX_WEIGHTS: Final = 20_000_000
"""Between the hidden layers of one network: 80 MB, and three times that again with gradients and Adam."""

Activation = Literal[
    "linear", "relu", "leaky_relu", "relu6", "elu", "selu", "celu", "gelu", "silu", "swish", "mish", "sigmoid",
    "tanh", "softplus", "softsign", "softmax", "log_softmax", "log_sigmoid", "exponential", "hard_sigmoid",
    "hard_silu", "hard_swish", "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink", "squareplus",
    "sparse_plus", "sparse_sigmoid", "sparsemax",
]  # fmt: skip
"""Every Keras activation that keeps the width of its layer (``glu`` halves it; ``threshold`` needs numbers)."""

Loss = Literal[
    "mse", "mae", "mape", "msle", "huber", "log_cosh", "binary_crossentropy", "binary_focal_crossentropy",
    "categorical_crossentropy", "categorical_focal_crossentropy", "sparse_categorical_crossentropy", "hinge",
    "squared_hinge", "categorical_hinge", "kl_divergence", "poisson", "cosine_similarity",
]  # fmt: skip
"""Every Keras loss that is a mean over rows (``dice``, ``tversky``, ``circle`` and ``ctc`` are not)."""

LOSS_ALIASES: Final[Mapping[str, str]] = {
    "mean_squared_error": "mse", "mean_absolute_error": "mae", "mean_absolute_percentage_error": "mape",
    "mean_squared_logarithmic_error": "msle", "bce": "binary_crossentropy", "kld": "kl_divergence",
}  # fmt: skip

INITIALIZERS: Final[Mapping[str, tuple[str, ...]]] = {
    "glorot_uniform": (), "glorot_normal": (), "he_uniform": (), "he_normal": (), "lecun_uniform": (),
    "lecun_normal": (), "zeros": (), "ones": (), "constant": ("value",), "identity": ("gain",),
    "orthogonal": ("gain",), "random_normal": ("mean", "stddev"), "truncated_normal": ("mean", "stddev"),
    "random_uniform": ("minval", "maxval"), "variance_scaling": ("scale", "mode", "distribution"),
}  # fmt: skip
"""Keras initializer → the parameters a spec may set."""


def _check_initializer(value: Any) -> Any:
    """Refuse an initializer Keras does not have, or a parameter this one does not take."""
    if isinstance(value, str):
        value = {"name": value}
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        raise ValueError("an initializer is a name or an object with a name")
    name = value["name"]
    if name not in INITIALIZERS:
        raise ValueError(f"allowed: {', '.join(INITIALIZERS)}")
    for key, parameter in value.items():
        if key == "name":
            continue
        if key not in INITIALIZERS[name]:
            raise ValueError(f"{name} takes {', '.join(INITIALIZERS[name]) or 'no parameters'}, not {key}"[:200])
        if key == "mode" and parameter not in {"fan_in", "fan_out", "fan_avg"}:
            raise ValueError("mode: allowed: fan_in, fan_out, fan_avg")
        if key == "distribution" and parameter not in {"truncated_normal", "untruncated_normal", "uniform"}:
            raise ValueError("distribution: allowed: truncated_normal, untruncated_normal, uniform")
        if key not in {"mode", "distribution"} and (
            isinstance(parameter, bool)
            or not isinstance(parameter, int | float)
            or not math.isfinite(parameter)
            or abs(parameter) > 1e6
        ):
            raise ValueError(f"{key} needs a number between -1000000 and 1000000")
    numbers = {k: v if isinstance(v, str) else float(v) for k, v in value.items()}
    return name if len(numbers) == 1 else numbers


Initializer = Annotated[str | dict[str, str | float], BeforeValidator(_check_initializer)]
Units = Annotated[Count, Field(ge=1, le=8192)]


class LayerSpec(Value):
    """One hidden layer; what it leaves out comes from the model."""

    units: Units
    activation: Activation | None = None
    dropout: Fraction | None = None
    initializer: Initializer | None = None


Layer = Annotated[
    Annotated[Units, Tag("<units>")] | Annotated[LayerSpec, Tag("<layer>")],
    Discriminator(lambda v: "<layer>" if isinstance(v, Mapping | LayerSpec) else "<units>"),
]


def _loss_name(value: Any) -> Any:
    return LOSS_ALIASES.get(value, value) if isinstance(value, str) else value


class ModelSpec(Value):
    """A stack of dense layers."""

    layers: tuple[Layer, ...] = Field((10,), max_length=100)
    activation: Activation = "relu"
    initializer: Initializer = "glorot_uniform"
    dropout: Fraction = 0.0
    batch_normalization: StrictBool = False
    l2: Annotated[Number, Field(ge=0.0, le=1e6)] = 0.0
    output_activation: Literal["auto"] | Activation = "auto"
    output_units: Literal["auto"] | Units = "auto"
    loss: Annotated[Literal["auto"] | Loss, BeforeValidator(_loss_name)] = "auto"

    @field_validator("layers")
    @classmethod
    def _fits_into_memory(cls, layers: tuple[int | LayerSpec, ...]) -> tuple[int | LayerSpec, ...]:
        units = [layer.units if isinstance(layer, LayerSpec) else layer for layer in layers]
        weights = sum(a * b for a, b in itertools.pairwise(units))
        if weights > MAX_WEIGHTS:
            raise ValueError(f"{weights:,} weights between the layers are too many, allowed: at most {MAX_WEIGHTS:,}")
        return layers

    def hidden(self) -> tuple[LayerSpec, ...]:
        """The hidden layers with every default filled in."""
        layers = (layer if isinstance(layer, LayerSpec) else LayerSpec(units=layer) for layer in self.layers)
        return tuple(
            LayerSpec(
                units=layer.units,
                activation=layer.activation or self.activation,
                dropout=self.dropout if layer.dropout is None else layer.dropout,
                initializer=layer.initializer or self.initializer,
            )
            for layer in layers
        )
