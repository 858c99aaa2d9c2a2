"""The activations: all of Keras's but two (``glu`` halves the width of a layer; ``threshold`` has to be set)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.choices.choice import Choice, table


@dataclass(frozen=True, kw_only=True)
class Activation(Choice):
    """One activation of Keras, under Keras's own name."""

    bounds: tuple[float, float] = (-math.inf, math.inf)
    """No output lies below the first or above the second."""
    flat_beyond: tuple[float, float] | None = None
    """Outputs beyond which the slope has all but gone, on both sides; None where it stays on one side at least."""
    rectified: bool = False
    """Whether it is exactly 0 for all negative inputs, so that a unit can die."""
    usual: bool = True
    """Whether people put it behind hidden layers."""
    over_units: bool = False
    """Whether the outputs of one row share a sum of 1: a single output is always 1."""

    @property
    def probabilities(self) -> bool:
        """Whether outputs lie between 0 and 1."""
        return self.bounds == _SHARE


_POSITIVE: Final = (0.0, math.inf)
_NEGATIVE: Final = (-math.inf, 0.0)
_SHARE: Final = (0.0, 1.0)
_AROUND_ZERO: Final = (-1.0, 1.0)

ACTIVATIONS: Final[Mapping[str, Activation]] = table(
    Activation(name="relu", help="Cuts off what is negative.", bounds=_POSITIVE, rectified=True),
    Activation(name="tanh", help="An S from -1 to 1.", bounds=_AROUND_ZERO, flat_beyond=(-0.99, 0.99)),
    Activation(name="sigmoid", help="An S from 0 to 1.", bounds=_SHARE, flat_beyond=(0.01, 0.99)),
    Activation(name="linear", help="No bend: the layer stays linear.", usual=False),
    Activation(name="softmax", help="Shares that sum to 1: probabilities of classes.", bounds=_SHARE, usual=False,
               over_units=True),
    Activation(name="leaky_relu", help="ReLU that lets a fifth of the negative through."),
    Activation(name="relu6", help="ReLU, cut off above 6.", bounds=(0.0, 6.0), rectified=True),
    Activation(name="elu", help="ReLU with a smooth end at -1 (Clevert et al. 2016).",
               bounds=(-1.0, math.inf)),
    Activation(name="selu", help="ELU, scaled to keep the spread of the signal (Klambauer et al. 2017).",
               bounds=(-1.7581, math.inf)),
    Activation(name="celu", help="ELU with a continuous slope (Barron 2017).", bounds=(-1.0, math.inf)),
    Activation(name="gelu", help="A smooth ReLU, usual in transformers (Hendrycks & Gimpel 2016).",
               bounds=(-0.17, math.inf)),
    Activation(name="silu", help="A smooth ReLU: x times its sigmoid.", bounds=(-0.2785, math.inf)),
    Activation(name="swish", help="Another name for silu.", bounds=(-0.2785, math.inf)),
    Activation(name="mish", help="A smooth ReLU with a small dip (Misra 2019).", bounds=(-0.3089, math.inf)),
    Activation(name="softplus", help="A smooth ReLU, always above 0.", bounds=_POSITIVE),
    Activation(name="softsign", help="An S from -1 to 1 with slow ends.", bounds=_AROUND_ZERO,
               flat_beyond=(-0.99, 0.99)),
    Activation(name="log_softmax", help="The logarithm of softmax.", bounds=_NEGATIVE, usual=False),
    Activation(name="log_sigmoid", help="The logarithm of sigmoid.", bounds=_NEGATIVE, usual=False),
    Activation(name="exponential", help="e to the power of x: grows very fast.", bounds=_POSITIVE, usual=False),
    Activation(name="hard_sigmoid", help="Sigmoid made of straight lines.", bounds=_SHARE, flat_beyond=(0.01, 0.99)),
    Activation(name="hard_silu", help="SiLU made of straight lines and a parabola.", bounds=(-0.375, math.inf)),
    Activation(name="hard_swish", help="Another name for hard_silu.", bounds=(-0.375, math.inf)),
    Activation(name="hard_tanh", help="Tanh made of straight lines.", bounds=_AROUND_ZERO, flat_beyond=(-0.99, 0.99)),
    Activation(name="hard_shrink", help="Sets what is near 0 to 0.", usual=False),
    Activation(name="soft_shrink", help="Moves everything towards 0, up to 0.", usual=False),
    Activation(name="tanh_shrink", help="x minus its tanh.", usual=False),
    Activation(name="squareplus", help="A smooth ReLU made of a square root.", bounds=_POSITIVE),
    Activation(name="sparse_plus", help="A smooth ReLU that is exactly 0 from -1 down.", bounds=_POSITIVE),
    Activation(name="sparse_sigmoid", help="An S from 0 to 1 with flat ends.", bounds=_SHARE, flat_beyond=(0.01, 0.99)),
    Activation(name="sparsemax", help="Softmax that can be exactly 0 (Martins & Astudillo 2016).", bounds=_SHARE,
               usual=False, over_units=True),
)  # fmt: skip
