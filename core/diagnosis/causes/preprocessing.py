"""Causes in the data and in what is done to it before training."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Final

from core.choices.encoders import ENCODERS
from core.choices.outliers import OUTLIERS
from core.choices.scalers import SCALERS, TARGET_SCALERS
from core.data.column_names import listed
from core.data.understand.leaks import Leak
from core.diagnosis.causes.cause import Cause, Change, Evidence, Observation, Question
from core.diagnosis.evidence.facts import DataFacts
from core.diagnosis.evidence.limits import LEARNT_LITTLE, MISSED, SHIFTED, SORTED, TOLD_APART, UNEQUAL
from core.diagnosis.evidence.signals import stands_in, written
from core.sentence import Sentence, said
from core.spec import plain_text

NO_SIGNAL: Final = 0.03
"""Simple models that explain less than this share of the variance, out of fold, found nothing."""
_LARGE, _SMALL = 5, 0.02
"""Means and spreads beyond these are far from the 0 and 1 that initial weights and learning rates are made for."""


def _size(value: float) -> float:
    """Return how alarming a scale beyond `_LARGE` is: 0.4 just above, 0.9 a hundredfold."""
    return min(0.9, 0.4 + 0.25 * math.log10(value / _LARGE))


def _inputs_unscaled(observed: Observation) -> Iterator[Evidence]:
    if SCALERS[observed.run.preprocessing.scaling].build is not None:
        return
    (low, high), offset = observed.facts.input_spread, observed.facts.input_offset
    largest = max(high, offset)
    if largest > _LARGE:
        yield Evidence(
            _size(largest),
            said(
                "inputs reach a mean of {mean!n} and a spread of {spread!n} (usual: about 1)",
                mean=written(offset),
                spread=written(high),
            ),
            sign="large_inputs",
        )
    if high > UNEQUAL * low:
        yield Evidence(
            0.5, said("one input spreads {times:.0f} times as far as another", times=high / low), sign="unequal_inputs"
        )
    if high < _SMALL:
        yield Evidence(
            0.6, said("no input spreads more than {spread:.2g} (usual: about 1)", spread=high), sign="small_inputs"
        )


def _target_unscaled(observed: Observation) -> Iterator[Evidence]:
    facts = observed.facts
    if facts.task != "regression" or TARGET_SCALERS[observed.run.preprocessing.target_scaling].fit is not None:
        return
    largest = max(abs(facts.target_mean), facts.target_std)
    if largest > _LARGE:
        text = said(
            "the target has mean {mean!n} and spread {spread!n} (usual: about 0 and 1)",
            mean=written(facts.target_mean),
            spread=written(facts.target_std),
        )
        yield Evidence(_size(largest) - 0.1, text, sign="large_target")
    elif 0 < facts.target_std < _SMALL:
        yield Evidence(
            0.5,
            said("the target spreads only {spread:.2g} (usual: about 1)", spread=facts.target_std),
            sign="small_target",
        )


def _invalid_values(observed: Observation) -> Iterator[Evidence]:
    facts = observed.facts
    if facts.invalid_inputs:
        text = said(
            "{share:.2%} of the inputs are NaN or infinite, and one is enough to make every weight NaN",
            share=facts.invalid_inputs,
        )
        yield Evidence(0.99, text, certain=True, sign="not_a_number")
    if OUTLIERS[observed.run.preprocessing.outliers].fence is None:
        doubts = []
        for sentinel in facts.sentinels:
            text = stands_in(sentinel)
            if sentinel.certain:
                far = said("{value!t}, far from every other value: a stand-in for a missing value", value=text)
                yield Evidence(0.9, far, certain=True, sign="stand_in")
            else:
                doubts.append(text)
        if facts.lone_values:
            names = ", ".join(facts.lone_values[:3])
            text = said(
                "one value of {names} makes up nearly all its spread: next to it the others are alike", names=names
            )
            yield Evidence(0.6, text, sign="lone_value")
        if doubts:
            yield Evidence(0.3, _may_stand_in(*doubts[:3]), sign="perhaps_a_stand_in")


def _may_stand_in(one: Sentence, two: Sentence | None = None, three: Sentence | None = None) -> Sentence:
    if two is None:
        return said("{one!t}: it may stand for a missing value", one=one)
    if three is None:
        return said("{one!t}, {two!t}: it may stand for a missing value", one=one, two=two)
    return said("{one!t}, {two!t}, {three!t}: it may stand for a missing value", one=one, two=two, three=three)


def _invalid_repairs(observed: Observation) -> Iterator[Change]:
    if observed.facts.invalid_inputs:
        yield {"preprocessing.missing": "median"}
    if observed.facts.sentinels or observed.facts.lone_values:
        yield {"preprocessing.outliers": "clip"}
    if observed.facts.sentinels:
        hit = {sentinel.column for sentinel in observed.facts.sentinels}
        kept = [name for name in observed.facts.usable_columns if name not in hit]
        if kept:
            yield {"data.features": kept}


def _unsuitable_encoding(observed: Observation) -> Iterator[Evidence]:
    facts, flaw = observed.facts, ENCODERS[observed.run.preprocessing.encoding].flaw
    if facts.category_columns and flaw:
        names = ", ".join(facts.category_columns[:3])
        text = said("the categories of {columns} are {flaw!w}", columns=names, flaw=flaw)
        yield Evidence(0.6, text, sign="flawed_encoding")
    for name in facts.identifier_columns[:3]:
        yield Evidence(0.3, said("{column} merely tells the rows apart", column=name), sign="identifier")


def _encoding_repairs(observed: Observation) -> Iterator[Change]:
    facts = observed.facts
    if facts.category_columns and ENCODERS[observed.run.preprocessing.encoding].flaw:
        yield {"preprocessing.encoding": "one_hot"}
    kept = _inputs_without(facts)
    if facts.identifier_columns and kept:
        yield {"data.features": kept}


_BY_HEART: Final = 0.1
"""Skill that simple models gain where rows may be judged by their copies: so much of a validation loss is flattery."""


def _known(facts: DataFacts) -> list[Leak]:
    """Return the inputs that are the target in other words, unless every input is."""
    certain = [leak for leak in facts.leaks if leak.certain]
    # Where every input is a copy, to find out how is all there is to learn.
    return certain if _inputs_without(facts, certain) else []


def _inputs_without(facts: DataFacts, leaks: Sequence[Leak] = ()) -> list[str]:
    """Return the inputs that are none of `leaks` and do more than tell the rows apart."""
    left_out = {*facts.identifier_columns, *(leak.column for leak in leaks)}
    return [name for name in facts.usable_columns if name not in left_out]


def _leakage(observed: Observation) -> Iterator[Evidence]:
    facts = observed.facts
    rest = facts.without_leaks
    for leak in _known(facts):
        text = Sentence(leak.text.rstrip("."))
        if rest is not None:
            text = said("{leak!t}; the other inputs together explain {share:.0%}", leak=text, share=max(0.0, rest))
        yield Evidence(0.97, text, certain=True, sign="tells_the_target")
    if _copied(observed) and facts.by_heart is not None and facts.reachable is not None:
        flattery = facts.by_heart - max(0.0, facts.reachable)
        if flattery > _BY_HEART:
            text = said(
                "{share:.0%} of the rows have a copy: simple models explain {known:.0%} of rows whose copy they know, "
                "{others:.0%} of the others",
                share=facts.copies.share,
                known=max(0.0, facts.by_heart),
                others=max(0.0, facts.reachable),
            )
            yield Evidence(0.9, text, sign="copies_validate")
    if observed.run.preprocessing.fit_on == "all" and facts.validation_rows:
        yield Evidence(0.3, said("the scaling was fitted on the validation rows too"), sign="fitted_on_all")


def _copied(observed: Observation) -> bool:
    facts, run = observed.facts, observed.run
    return facts.copies.share > 0 and bool(facts.validation_rows) and run.data.split in {"random", "stratified"}


def _leakage_repairs(observed: Observation) -> Iterator[Change]:
    leaks = _known(observed.facts)
    kept = _inputs_without(observed.facts, leaks)
    if leaks and kept:
        yield {"data.features": kept}
    if _copied(observed):
        yield {"data.split": "grouped"}
    if observed.run.preprocessing.fit_on == "all":
        yield {"preprocessing.fit_on": "train"}


def _leakage_questions(observed: Observation) -> Iterator[Question]:
    facts = observed.facts
    known = {leak.column for leak in _known(facts)}
    for leak in facts.leaks:
        if leak.column not in known:
            name = plain_text(leak.column, 60)
            ask = said("Is {column} known when the model will be asked, or only afterwards?", column=name)
            yield Question(Sentence(leak.text.rstrip(".")), ask)


_CONFLICT: Final = 0.2
"""Share of the target's variance between rows of equal inputs: nothing can explain it."""


def _conflicting_labels(observed: Observation) -> Iterator[Evidence]:
    copied = observed.facts.copies
    if copied.conflict > _CONFLICT:
        text = said(
            "{share:.0%} of the rows have a copy of equal inputs, and their answers differ: "
            "{conflict:.0%} of the variance lies between them",
            share=copied.share,
            conflict=copied.conflict,
        )
        yield Evidence(0.95, text, certain=True, sign="copies_disagree")


_DESTROYED: Final = 0.15
"""Skill of simple models that a scaler takes away."""


def _scaling_unsuitable(observed: Observation) -> Iterator[Evidence]:
    facts, scaling = observed.facts, observed.run.preprocessing.scaling
    if facts.unscaled is None or facts.reachable is None:
        return
    if facts.unscaled - max(0.0, facts.reachable) > _DESTROYED:
        text = said(
            "{scaling} scaling divides each row by its length: "
            "simple models explain {after:.0%} after it, {before:.0%} before",
            scaling=scaling,
            after=max(0.0, facts.reachable),
            before=facts.unscaled,
        )
        yield Evidence(0.85, text, sign="lost_by_scaling")


def _distribution_shift(observed: Observation) -> Iterator[Evidence]:
    facts = observed.facts
    if facts.input_shift > TOLD_APART:
        told = said(
            "a model tells the validation rows from the training rows, right in {share:.0%} of pairs",
            share=facts.input_shift,
        )
        yield Evidence(0.5, told, sign="told_apart")


def _future_rows(observed: Observation) -> Iterator[Question]:
    for piece in _distribution_shift(observed):
        ask = said("Will the rows it is used on be like the last rows of the table, or like all of them?")
        yield Question(piece.text, ask)


_TWO_ERRORS: Final = 4
"""The share of variance that a slope of two standard errors explains, times the rows."""


def _by_chance(facts: DataFacts) -> float:
    """Return what simple models find in shuffled answers; without that, what is next to nothing."""
    return max(facts.chance, min(NO_SIGNAL, _TWO_ERRORS / max(1, facts.rows)))


def _no_signal(observed: Observation) -> Iterator[Evidence]:
    reachable, signals = observed.facts.reachable, observed.signals
    if reachable is None or reachable > _by_chance(observed.facts) or observed.facts.constant_target:
        return
    if (observed.facts.unscaled or 0.0) > NO_SIGNAL:
        return
    learned = signals.val_level if signals.val_skill else 0.0
    if learned < LEARNT_LITTLE:
        text = said(
            "linear model, nearest neighbours and trees all fail to beat the baseline on rows they have not seen"
        )
        yield Evidence(0.9, text, certain=True, sign="nothing_found")
        if observed.facts.chance >= reachable > 0:
            yield Evidence(0.3, said("they do as well on shuffled targets"), sign="as_well_shuffled")
        if signals.val_skill:
            yield Evidence(
                0.5,
                said(
                    "neither does the network: it explains {share:.0%} of such rows", share=max(0.0, signals.val_level)
                ),
                sign="network_finds_nothing",
            )


def _other_columns(observed: Observation) -> Iterator[Question]:
    for piece in itertools.islice(_no_signal(observed), 1):
        names = listed([plain_text(name, 60) for name in observed.run.data.targets])
        ask = said(
            "Which other column could tell {target!l}, and is each answer still in the row it belongs to?", target=names
        )
        yield Question(piece.text, ask)


def _constant_target(observed: Observation) -> Iterator[Evidence]:
    if observed.facts.constant_target:
        yield Evidence(0.99, said("every row has the same target"), certain=True, sign="one_value")


_RARE: Final = 0.5
"""Of an equal share of the rows."""


def _class_imbalance(observed: Observation) -> Iterator[Evidence]:
    shares, recall = observed.facts.class_shares, observed.signals.recall
    if not shares or observed.run.training.class_weight:
        return
    rarest = min(shares)
    if not rarest:
        return  # A class that is in the validation rows alone is no matter of weights.
    if rarest < _RARE / len(shares) and recall and max(recall) < MISSED:
        name = observed.facts.classes[shares.index(rarest)]
        yield Evidence(
            0.7,
            said(
                "only {share:.1%} of the rows are {name}, and a class has a recall of {recall:.0%}",
                share=rarest,
                name=name,
                recall=max(recall),
            ),
            sign="rare_and_missed",
        )


def _rarely_found(observed: Observation) -> Iterator[Sentence]:
    for piece in _class_imbalance(observed):
        yield said(
            "{rare!t}; balanced weights find more of them, and may cost what the probabilities are worth",
            rare=piece.text,
        )


def _unshuffled_data(observed: Observation) -> Iterator[Evidence]:
    facts, run = observed.facts, observed.run
    if run.data.split == "in_order" and facts.shift > SHIFTED:
        text = said(
            "the targets of the last rows, the validation rows, differ by {shift:.1f} standard deviations",
            shift=facts.shift,
        )
        yield Evidence(0.9, text, sign="last_targets_differ")
    if run.data.split == "in_order" and facts.input_shift > TOLD_APART:
        text = said(
            "a model tells the last rows, which validate, from the others ({share:.0%} of pairs right)",
            share=facts.input_shift,
        )
        yield Evidence(0.7, text, sign="last_rows_differ")
    several = facts.rows > run.training.batch_size
    if not run.training.shuffle and several and facts.runs_of_target > SORTED:
        yield Evidence(
            0.8, said("the rows are sorted by target and each epoch takes them in that order"), sign="sorted_batches"
        )


def _unshuffled_repairs(observed: Observation) -> Iterator[Change]:
    if not observed.run.training.shuffle:
        yield {"training.shuffle": True}
    if observed.run.data.split == "in_order":
        yield {"data.split": "random"}


def _few_rows(observed: Observation) -> Sentence | None:
    known = observed.facts.skills or observed.facts.constant_target
    return None if known else said("fewer than 20 rows say too little")


CAUSES: Final = (
    Cause("inputs_unscaled", "preprocessing", "Inputs are not scaled",
          "The inputs are far from zero or of very different sizes, so that one learning rate cannot suit all weights.",
          _inputs_unscaled, lambda _observed: ({"preprocessing.scaling": "standard"},),
          works="On standardised inputs the loss is about equally steep along every weight: one rate suits all.",
          links=("inputs", "kicked", "saturated", "dead", "diverged", "jumps", "blind", "flat", "guessing", "falling",
                 "short")),
    Cause("target_unscaled", "preprocessing", "The target is not scaled",
          "The target is far from the numbers a fresh network gives, and its errors make gradients of that size.",
          _target_unscaled, lambda _observed: ({"preprocessing.target_scaling": "standard"},),
          works="A standardised target lies where a fresh network's outputs do, and small errors make small gradients.",
          links=("targets", "kicked", "saturated", "dead", "diverged", "jumps", "blind", "flat", "guessing",
                 "falling", "short")),
    Cause("invalid_values", "preprocessing", "Invalid values among the inputs",
          "NaN, infinite or stand-in values are taken for measurements.",
          _invalid_values, _invalid_repairs,
          works="Where every cell is a plausible number, sums and gradients stay finite and of usual size.",
          links=("invalid", "sentinel", "kicked", "diverged", "blind", "flat", "guessing", "short")),
    Cause("unsuitable_encoding", "preprocessing", "Columns are encoded unsuitably",
          "Names or row numbers are fed to the network as if they were quantities.",
          _unsuitable_encoding, _encoding_repairs,
          works="A 0/1 column gives each word a weight of its own; numbers would force an order on them.",
          links=("codes", "blind", "flat", "guessing", "gap", "short")),
    Cause("leakage", "preprocessing", "The target leaks into the inputs",
          "The network sees something it will not have when it is used, so that its loss is too good to be true.",
          _leakage, _leakage_repairs, goal="validation", flatters=True, asks=_leakage_questions,
          works="Without what gives the answer away, the validation loss says what holds when the network is used.",
          links=("leak", "copies", "by_heart", "without_leaks")),
    Cause("no_signal", "preprocessing", "There is no signal to learn",
          "The inputs say nothing about the target: the best honest loss is the baseline's.",
          _no_signal, lambda _observed: (), asks=_other_columns, needs=_few_rows, unlearnable=True,
          links=("no_signal", "blind", "flat", "guessing", "gap")),
    Cause("constant_target", "preprocessing", "The target never changes",
          "Every row has the same target: there is nothing to learn.",
          _constant_target, lambda _observed: (), hopeless=True,
          links=("one_target", "blind", "flat")),
    Cause("class_imbalance", "preprocessing", "One class outweighs the others",
          "One class is so frequent that always predicting it costs little.",
          _class_imbalance, lambda _observed: ({"training.class_weight": "balanced"},), goal="recall",
          remarks=_rarely_found,
          works="Weighted by one over its frequency, each class costs the same: ignoring the rare one does not pay.",
          links=("rare", "missed")),
    Cause("unshuffled_data", "preprocessing", "The rows are not shuffled",
          "The rows come in an order that makes a batch, or the validation rows, unlike the rest.",
          _unshuffled_data, _unshuffled_repairs, goal="validation",
          works="Drawn at random, every batch and the validation rows are fair samples of the whole table.",
          links=("sorted", "in_order", "other_targets", "told_apart", "gap", "turned", "short")),
    Cause("scaling_unsuitable", "preprocessing", "The scaling destroys what matters",
          "The scaling takes away the very differences that tell the rows apart.",
          _scaling_unsuitable, lambda _observed: ({"preprocessing.scaling": "standard"},),
          works="Scaled column by column, rows keep the differences that a division by their length takes away.",
          links=("by_row", "destroyed", "blind", "flat", "guessing", "short")),
    Cause("distribution_shift", "preprocessing", "The validation rows are unlike the training rows",
          "What is learnt from the training rows need not hold for rows of another kind.",
          _distribution_shift, lambda _observed: ({"data.split": "random"},), goal="validation", asks=_future_rows,
          works="After a random split the network trains on rows of every kind it is validated with.",
          links=("in_order", "told_apart", "other_targets", "gap", "turned", "short"),
          told_by="unshuffled_data"),
    Cause("conflicting_labels", "preprocessing", "Equal rows have different answers",
          "The same inputs are answered differently: no network can be right about all of them.",
          _conflicting_labels, lambda _observed: (), hopeless=True,
          links=("conflict", "blind", "flat", "guessing", "short")),
)  # fmt: skip
