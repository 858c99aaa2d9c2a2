"""The limits of what several rules, or a rule and a page, ask of a run, each once; a limit of one rule stands with it.

All are relative, so that they hold for any loss and any data. "Healthy programs" are the controls of
`benchmarks.programs`, three seeds each.
"""

from __future__ import annotations

from typing import Final

FEWEST_SEEDS: Final = 3
"""The fewest of which one bad seed is not half: fewer prove nothing."""
KICKED: Final = 3.0
"""Loss of the first epoch, in multiples of the untrained loss. No healthy program comes above 1."""
CLIMBED: Final = 0.1
"""Climb above the minimum, as a share of the first loss; 98 of 100 healthy programs stay below."""
JUMPS: Final = 0.04
"""Up-and-down from epoch to epoch, as a share of the level: that of noise of 4 %. Three of four healthy programs stay
below; nearly all others are at losses near 0, where it does no harm."""
UNFINISHED: Final = 0.03
"""Share of the fall that came in the last fifth of the epochs. An exponential fall is here after four time constants,
when 2 % of it are left: with more, longer or faster training may still bring something. Nine of ten healthy programs
stay below."""
STILL_FALLING: Final = 0.1
"""The same where the loss is in the middle of its fall: an exponential fall is here after 1.7 time constants, when a
fifth of it is left; a straight line has 0.2. Two in a hundred healthy programs are above."""
TURNED: Final = 1.1
"""Last validation loss in multiples of its minimum."""
TURNED_BEFORE: Final = 0.9
"""A minimum in the last tenth of the epochs is no turn but noise."""
GAP: Final = 0.2
"""What is explained of the training rows, less what is explained of the validation rows."""
STOPPED_EARLY: Final = 0.8
"""Share of the epochs asked for; whoever stops later than that has lost little."""
STUCK: Final = 0.02
"""A skill below this is guessing: the best constant has 0."""
LEARNT_LITTLE: Final = 0.1
"""A skill below this is next to nothing, whatever the data."""
CLEAR_GAIN: Final = 0.1
"""What has to be gained before a run that works is called faulty, or another rate the better one."""
FLAT: Final = 0.01
"""What a curve that stands still changes at most, as a share of its level."""
VANISHING, EXPLODING = 1e-2, 70
"""The first layer's gradient in multiples of the last one's; in healthy programs it is 0.6 to 2.2."""
ENORMOUS_GRADIENT: Final = 1e4
"""In healthy programs the norm of a layer's gradient is 4 at most."""
SHORT_STEP, LONG_STEP = 1e-5, 0.1
"""Change of a layer's weights in one step, as a share of their size: the median of a run. 70 of 71 healthy programs are
between, the last one just below."""
MANY_DEAD: Final = 0.5
"""Share of a layer's units. Nine of ten healthy programs have at most a quarter dead: they have units to spare."""
SATURATED: Final = 0.6
"""Share of a layer's values on the flat ends; no healthy program has more than 0.3."""
UNEQUAL: Final = 30
"""How many times as far one input spreads as another: the loss is steep along one weight and flat along the other."""
TOLD_APART: Final = 0.75
"""Area under the ROC curve from which rows are called unlike others; 0.5 where they are alike."""
SHIFTED: Final = 0.5
"""Difference of the targets' means in standard deviations: a medium effect (Cohen 1988)."""
SORTED: Final = 0.8
"""Correlation of a target with the next row's."""
MISSED: Final = 0.5
"""Recall of a class that is missed more often than found."""
BENT: Final = 0.1
"""Skill that the best simple model has beyond the linear one, where a relation bends."""
SEVERAL_LAYERS: Final = 3
"""Hidden layers; in fewer a gradient has no way to shrink or grow on."""
ENOUGH_STEPS: Final = 1000
"""With the usual rate of Adam, 0.001, so many steps move a weight by about one."""
STRONG_MOMENTUM: Final = 0.8
"""Momentum m multiplies a steady step by 1 / (1 - m): here 5 times."""
LARGE_PENALTY: Final = 0.3
"""Share of the loss. One in twenty healthy programs has more."""
LITTLE_LEFT: Final = 0.25
"""Share of the rate that a schedule leaves: a cosine half of it on average, a step of a tenth after half of the epochs
0.55."""
CUT_OFF: Final = 0.5
"""Share of the gradient that clipping cuts off."""
HIGHEST_RATE: Final = 10.0
"""No learning rate above this is tried: the largest default of any optimizer is 1."""


def turned(times: float | None, place: float | None) -> bool:
    """Whether a validation loss has turned: `times` its minimum at the end, lowest at `place` (share of the epochs)."""
    return times is not None and place is not None and times > TURNED and place < TURNED_BEFORE
