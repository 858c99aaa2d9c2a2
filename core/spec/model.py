"""A stack of dense layers: the names Keras has for their parts, and how they are put together."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Discriminator, Field, StrictBool, Tag, field_validator

from core.choices.activations import ACTIVATIONS
from core.choices.choice import one_of
from core.choices.initializers import INITIALIZERS
from core.choices.losses import ALIASES, LOSSES
from core.sentence import said
from core.spec.touches import Thing, touches
from core.spec.values import Count, Fraction, Number, Value

MAX_WEIGHTS: Final = 20_000_000
"""Between the hidden layers of one network: 80 MB, and three times that again with gradients and Adam."""
MAX_PARAMETER: Final = 1e6
"""Of an initializer, in either direction."""

ActivationName = Annotated[str, one_of(ACTIVATIONS)]

_COMPILED = touches(Thing.STRUCTURE)
MOST_LAYERS: Final = 100
_OUTPUT = touches(Thing.ARRAYS, Thing.STRUCTURE, Thing.LOSS_UNIT)


def _check_initializer(value: Any) -> Any:
    """Refuse an initializer Keras does not have, or a parameter this one does not take."""
    if isinstance(value, str):
        value = {"name": value}
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        raise ValueError(said("an initializer is a name or an object with a name"))
    name = value["name"]
    if name not in INITIALIZERS:
        raise ValueError(said("allowed: {allowed!t}", allowed=", ".join(INITIALIZERS)))
    taken = INITIALIZERS[name].parameters
    for key, parameter in value.items():
        if key == "name":
            continue
        if key not in taken:
            parameters = ", ".join(taken) or said("no parameters")
            raise ValueError(
                said("{name} takes {parameters!w}, not {key}", name=name, parameters=parameters, key=key)[:200]
            )
        if taken[key] and parameter not in taken[key]:
            raise ValueError(said("{key}: allowed: {names}", key=key, names=", ".join(taken[key])))
        if not taken[key] and not _is_moderate(parameter):
            raise ValueError(
                said(
                    "{key} needs a number between {low:.0f} and {high:.0f}",
                    key=key,
                    low=-MAX_PARAMETER,
                    high=MAX_PARAMETER,
                )
            )
    numbers = {k: v if isinstance(v, str) else float(v) for k, v in value.items()}
    return name if len(numbers) == 1 else numbers


def _is_moderate(parameter: Any) -> bool:
    number = isinstance(parameter, int | float) and not isinstance(parameter, bool)
    return number and abs(parameter) <= MAX_PARAMETER


InitializerSpec = Annotated[str | dict[str, str | float], BeforeValidator(_check_initializer)]
Units = Annotated[Count, Field(ge=1, le=8192)]


class LayerSpec(Value):
    """One hidden layer; what it leaves out comes from the model."""

    units: Annotated[Units, _COMPILED]
    activation: Annotated[ActivationName | None, _COMPILED] = None
    dropout: Annotated[Fraction | None, _COMPILED] = None
    initializer: InitializerSpec | None = None


Layer = Annotated[
    Annotated[Units, Tag("<units>")] | Annotated[LayerSpec, Tag("<layer>")],
    Discriminator(lambda v: "<layer>" if isinstance(v, Mapping | LayerSpec) else "<units>"),
]


def _loss_name(value: Any) -> Any:
    return ALIASES.get(value, value) if isinstance(value, str) else value


class ModelSpec(Value):
    """A stack of dense layers. Initial weights are numbers to a compiled epoch, so the initializer touches nothing."""

    layers: Annotated[tuple[Layer, ...], Field(max_length=MOST_LAYERS), _COMPILED] = (10,)
    activation: Annotated[ActivationName, _COMPILED] = "relu"
    initializer: InitializerSpec = "glorot_uniform"
    dropout: Annotated[Fraction, _COMPILED] = 0.0
    batch_normalization: Annotated[StrictBool, _COMPILED] = False
    l2: Annotated[Number, Field(ge=0.0, le=1e6), touches(Thing.STRUCTURE, Thing.LOSS_UNIT)] = 0.0
    output_activation: Annotated[str, one_of(ACTIVATIONS, "auto"), touches(Thing.ARRAYS, Thing.STRUCTURE)] = "auto"
    output_units: Annotated[Literal["auto"] | Units, _OUTPUT] = "auto"
    loss: Annotated[str, one_of(LOSSES, "auto"), BeforeValidator(_loss_name), _OUTPUT] = "auto"

    @field_validator("layers")
    @classmethod
    def _fits_into_memory(cls, layers: tuple[int | LayerSpec, ...]) -> tuple[int | LayerSpec, ...]:
        units = [layer.units if isinstance(layer, LayerSpec) else layer for layer in layers]
        weights = sum(a * b for a, b in itertools.pairwise(units))
        if weights > MAX_WEIGHTS:
            raise ValueError(
                said(
                    "{weights:,} weights between the layers are too many, allowed: at most {most:,}",
                    weights=weights,
                    most=MAX_WEIGHTS,
                )
            )
        return layers

    @cached_property
    def hidden(self) -> tuple[LayerSpec, ...]:
        """The hidden layers with every default filled in."""
        layers = (layer if isinstance(layer, LayerSpec) else LayerSpec(units=layer) for layer in self.layers)
        shared = {name: getattr(self, name) for name in ("activation", "dropout", "initializer")}
        return tuple(LayerSpec(**shared | layer.model_dump(exclude_none=True)) for layer in layers)

    @property
    def filled(self) -> ModelSpec:
        """The same model said in one way: what hidden layers take from it stands at the layers."""
        return self.model_copy(update={"layers": self.hidden, "activation": "relu", "dropout": 0.0})
