"""The losses: every one of Keras's that is a mean over rows (``dice``, ``tversky``, ``circle`` and ``ctc`` are not)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from core.choices.choice import Choice, table

KERAS_EPSILON: Final = 1e-7
"""Keras cuts probabilities here, so that a wrong prediction made with certainty costs -log(1e-7) = 16.12."""

Measures = Literal["distance", "relative distance", "probability", "margin", "rate", "direction"]


@dataclass(frozen=True, kw_only=True)
class Loss(Choice):
    """One loss of Keras."""

    keras: str
    """The class in ``keras.losses``."""
    measures: Measures
    """What of a prediction it judges: the distance to a number, that distance relative to the number, the probability
    given to a class, the margin to the other class, the rate of a count, or a direction."""
    aliases: tuple[str, ...] = ()
    """Other names Keras has for it."""
    sparse: bool = False
    """Whether it takes classes as indices."""
    over_units: bool = False
    """Whether it takes the outputs of one row as shares of their sum: over a single output it is always 0."""


LOSSES: Final[Mapping[str, Loss]] = table(
    Loss(name="mse", words="squared error",
         help="Mean squared error: large errors count most.", keras="MeanSquaredError",
         measures="distance", aliases=("mean_squared_error",)),
    Loss(name="mae", words="absolute error",
         help="Mean absolute error: every unit of error counts the same.", keras="MeanAbsoluteError",
         measures="distance", aliases=("mean_absolute_error",)),
    Loss(name="mape", words="percentage error",
         help="Error in percent of the target; breaks down near 0.", keras="MeanAbsolutePercentageError",
         measures="relative distance", aliases=("mean_absolute_percentage_error",)),
    Loss(name="msle", words="squared log error",
         help="Squared error of logarithms; for targets above 0.", keras="MeanSquaredLogarithmicError",
         measures="relative distance", aliases=("mean_squared_logarithmic_error",)),
    Loss(name="huber", words="Huber", help="Squared near 0, absolute beyond: outliers count less.", keras="Huber",
         measures="distance"),
    Loss(name="log_cosh", words="log-cosh", help="A smooth mean absolute error.", keras="LogCosh", measures="distance"),
    Loss(name="binary_crossentropy", words="binary cross-entropy",
         help="For yes or no, behind a sigmoid.", keras="BinaryCrossentropy",
         measures="probability", aliases=("bce",)),
    Loss(name="binary_focal_crossentropy", help="Binary cross-entropy that looks at the hard rows (Lin et al. 2017).",
         keras="BinaryFocalCrossentropy", measures="probability"),
    Loss(name="categorical_crossentropy", words="cross-entropy", help="For one of several classes, behind a softmax.",
         keras="CategoricalCrossentropy", measures="probability", over_units=True),
    Loss(name="categorical_focal_crossentropy", help="Categorical cross-entropy that looks at the hard rows.",
         keras="CategoricalFocalCrossentropy", measures="probability", over_units=True),
    Loss(name="sparse_categorical_crossentropy", help="Categorical cross-entropy of class numbers.",
         keras="SparseCategoricalCrossentropy", measures="probability", sparse=True),
    Loss(name="hinge", help="Asks for a margin between two classes, as a support vector machine does.", keras="Hinge",
         measures="margin"),
    Loss(name="squared_hinge", help="Hinge, squared.", keras="SquaredHinge", measures="margin"),
    Loss(name="categorical_hinge", help="Hinge for several classes.", keras="CategoricalHinge", measures="margin"),
    Loss(name="kl_divergence", words="KL divergence",
         help="How far a distribution is from another.", keras="KLDivergence",
         measures="probability", aliases=("kld",)),
    Loss(name="poisson", words="Poisson", help="For counts, behind an exponential.", keras="Poisson", measures="rate"),
    Loss(name="cosine_similarity", help="The angle between target and prediction.", keras="CosineSimilarity",
         measures="direction"),
)  # fmt: skip

ALIASES: Final[Mapping[str, str]] = {alias: loss.name for loss in LOSSES.values() for alias in loss.aliases}
