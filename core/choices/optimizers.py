"""The optimizers: Keras's own, and what the diagnosis has to know of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.choices.choice import Choice, table


@dataclass(frozen=True, kw_only=True)
class Optimizer(Choice):
    """One optimizer of Keras."""

    keras: str
    """The class in ``keras.optimizers``."""
    usual_rate: float
    """The learning rate people start with: Keras's default, or what the paper trains with."""
    slots: int
    """How many numbers it keeps for each weight, that of `momentum` among them."""
    plain: bool = False
    """Whether a step is the gradient times the learning rate, one rate for all weights."""
    unit_steps: bool = False
    """Whether a step moves a weight by about the learning rate, whatever the size of the gradient."""
    shortens: bool = False
    """Whether steps shrink as training goes on."""
    apart: bool = False
    """Whether a step treats each variable as a whole, so that it matters which weights share one."""
    takes: tuple[str, ...] = ()
    """The settings of the spec it takes beside learning rate, clipping and weight decay."""
    no_decay: float | None = None
    """What Keras's constructor is given for no weight decay; its AdamW insists on a number."""


OPTIMIZERS: Final[Mapping[str, Optimizer]] = table(
    Optimizer(name="sgd", words="SGD", help="Plain steps along the gradient, with or without momentum.",
              keras="SGD", usual_rate=0.01, slots=1, plain=True, takes=("momentum", "nesterov")),
    Optimizer(name="adam", words="Adam",
              help="A step size per weight from running means of gradient and square (Kingma & Ba 2015).",
              keras="Adam", usual_rate=0.001, slots=2, unit_steps=True),
    Optimizer(name="adamw", words="AdamW",
              help="Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019).",
              keras="AdamW", usual_rate=0.001, slots=2, unit_steps=True, no_decay=0.0),
    Optimizer(name="rmsprop", words="RMSprop", help="A step size per weight from a running mean of squared gradients.",
              keras="RMSprop", usual_rate=0.001, slots=2, unit_steps=True, takes=("momentum",)),
    Optimizer(name="nadam", words="Nadam", help="Adam that looks ahead along its momentum (Dozat 2016).",
              keras="Nadam", usual_rate=0.001, slots=2, unit_steps=True),
    Optimizer(name="adagrad", words="Adagrad",
              help="Steps shrink with the sum of all squared gradients (Duchi et al. 2011).",
              keras="Adagrad", usual_rate=0.01, slots=1, shortens=True),
    Optimizer(name="adadelta", words="Adadelta",
              help="Steps relative to the last ones; its usual rate is 1 (Zeiler 2012).",
              keras="Adadelta", usual_rate=1.0, slots=2, shortens=True),
    Optimizer(name="adamax", words="Adamax",
              help="Adam by the largest gradient instead of the mean square (Kingma & Ba 2015).",
              keras="Adamax", usual_rate=0.001, slots=2, unit_steps=True),
    Optimizer(name="adafactor", words="Adafactor",
              help="Adam with less memory for large layers (Shazeer & Stern 2018).",
              keras="Adafactor", usual_rate=0.001, slots=1, apart=True),
    Optimizer(name="lion", words="Lion", help="Steps of one size along the sign of the momentum (Chen et al. 2023).",
              keras="Lion", usual_rate=0.0003, slots=1, unit_steps=True),
    Optimizer(name="ftrl", words="FTRL",
              help="Follows the regularised leader; made for sparse linear models (McMahan et al. 2013).",
              keras="Ftrl", usual_rate=0.01, slots=2, shortens=True),
)  # fmt: skip
