"""Causes in the data and in what is done to it before training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from core.diagnosis.causes.cause import Case, Cause, Change, Evidence

NO_SIGNAL: Final = 0.03
"""Simple models that explain less than this share of the variance, out of fold, found nothing."""
_LARGE, _SMALL = 5.0, 0.02


def _size(value: float) -> float:
    """Return how alarming a scale beyond `_LARGE` is: 0.4 just above, 0.9 a hundredfold."""
    return min(0.9, 0.4 + 0.25 * math.log10(value / _LARGE))


def _inputs_unscaled(case: Case) -> Iterator[Evidence]:
    if case.run.preprocessing.scaling != "none":
        return
    (low, high), offset = case.facts.input_spread, case.facts.input_offset
    largest = max(high, offset)
    if largest > _LARGE:
        yield Evidence(
            _size(largest), f"inputs reach a mean of {offset:.3g} and a spread of {high:.3g} (usual: about 1)"
        )
    if high > 30 * low:
        yield Evidence(0.5, f"one input spreads {high / low:.0f} times as far as another")
    if high < _SMALL:
        yield Evidence(0.6, f"no input spreads more than {high:.2g} (usual: about 1)")


def _target_unscaled(case: Case) -> Iterator[Evidence]:
    facts = case.facts
    if facts.task != "regression" or case.run.preprocessing.target_scaling != "none":
        return
    largest = max(abs(facts.target_mean), facts.target_std)
    if largest > _LARGE:
        text = f"the target has mean {facts.target_mean:.3g} and spread {facts.target_std:.3g} (usual: about 0 and 1)"
        yield Evidence(_size(largest) - 0.1, text)
    elif 0 < facts.target_std < _SMALL:
        yield Evidence(0.5, f"the target spreads only {facts.target_std:.2g} (usual: about 1)")


def _invalid_values(case: Case) -> Iterator[Evidence]:
    facts = case.facts
    if facts.invalid_inputs:
        share = f"{facts.invalid_inputs:.2%} of the inputs are NaN or infinite"
        yield Evidence(0.99, f"{share}, and one is enough to make every weight NaN", certain=True)
    if case.run.preprocessing.outliers == "keep":
        doubts = []
        for sentinel in facts.sentinels:
            text = f"{sentinel.column} is {sentinel.value:g} in {sentinel.count} rows"
            if sentinel.certain:
                far = f"{text}, far from every other value: a stand-in for a missing value"
                yield Evidence(0.9, far, certain=True)
            else:
                doubts.append(text)
        if doubts:
            yield Evidence(0.3, f"{', '.join(doubts[:3])}: it may stand for a missing value")


def _invalid_repairs(case: Case) -> Iterator[Change]:
    if case.facts.invalid_inputs:
        yield {"preprocessing.missing": "median"}
    if case.facts.sentinels:
        yield {"preprocessing.outliers": "clip"}
        hit = {sentinel.column for sentinel in case.facts.sentinels}
        kept = [name for name in case.facts.usable_columns if name not in hit]
        if kept:
            yield {"data.features": kept}


def _unsuitable_encoding(case: Case) -> Iterator[Evidence]:
    facts, encoding = case.facts, case.run.preprocessing.encoding
    if facts.category_columns and encoding != "one_hot":
        what = "numbered, as if they had an order" if encoding == "ordinal" else "left out"
        yield Evidence(0.6, f"the categories of {', '.join(facts.category_columns[:3])} are {what}")
    for name in facts.identifier_columns[:3]:
        yield Evidence(0.3, f"{name} merely numbers the rows")


def _encoding_repairs(case: Case) -> Iterator[Change]:
    facts = case.facts
    if facts.category_columns and case.run.preprocessing.encoding != "one_hot":
        yield {"preprocessing.encoding": "one_hot"}
    kept = [name for name in facts.usable_columns if name not in facts.identifier_columns]
    if facts.identifier_columns and kept:
        yield {"data.features": kept}


def _leakage(case: Case) -> Iterator[Evidence]:
    facts = case.facts
    for leak in facts.leaks:
        if leak.certain:
            text = f"{leak.column} alone gives the target, which the others together do not"
            yield Evidence(0.97, text, certain=True)
        else:
            yield Evidence(0.3, leak.text)
    if facts.duplicates > 0.2 and facts.features > 1:
        yield Evidence(0.5, f"{facts.duplicates:.0%} of the validation rows are training rows too")
    if case.run.preprocessing.fit_on == "all" and facts.validation_rows:
        yield Evidence(0.6, "the scaling was fitted on the validation rows too", certain=True)


def _leakage_repairs(case: Case) -> Iterator[Change]:
    telling = {leak.column for leak in case.facts.leaks}
    kept = [name for name in case.facts.usable_columns if name not in telling]
    if case.facts.leaks and kept:
        yield {"data.features": kept}
    elif case.run.preprocessing.fit_on == "all":
        yield {"preprocessing.fit_on": "train"}


def _no_signal(case: Case) -> Iterator[Evidence]:
    reachable, signals = case.facts.reachable, case.signals
    if reachable is None or reachable >= max(NO_SIGNAL, case.facts.chance) or case.facts.constant_target:
        return
    learned = signals.val_level if signals.val_skill else 0.0
    if learned < 0.1:
        text = "linear model, nearest neighbours and trees all fail to beat the baseline on rows they have not seen"
        yield Evidence(0.9, text, certain=True)
        if case.facts.chance > reachable > 0:
            yield Evidence(0.3, "they do as well on shuffled answers")
        if signals.val_skill:
            yield Evidence(0.5, f"neither does the network: it explains {max(0.0, signals.val_level):.0%} of such rows")


def _constant_target(case: Case) -> Iterator[Evidence]:
    if case.facts.constant_target:
        yield Evidence(0.99, "every row has the same target", certain=True)


def _class_imbalance(case: Case) -> Iterator[Evidence]:
    shares, recall = case.facts.class_shares, case.signals.recall
    if not shares or case.run.training.class_weight:
        return
    rarest = min(shares)
    if not rarest:
        return  # A class that is in the validation rows alone is no matter of weights.
    if rarest < 0.5 / len(shares) and recall and max(recall) < 0.5:
        name = case.facts.classes[shares.index(rarest)]
        yield Evidence(0.7, f"only {rarest:.1%} of the rows are {name}, and a class is recognised in {max(recall):.0%}")


def _unshuffled_data(case: Case) -> Iterator[Evidence]:
    facts, run = case.facts, case.run
    if run.data.split == "in_order" and facts.shift > 0.5:
        text = f"the targets of the last rows, which validate, differ by {facts.shift:.1f} standard deviations"
        yield Evidence(0.9, text)
    several = facts.rows > run.training.batch_size
    if not run.training.shuffle and several and facts.runs_of_target > 0.8:
        yield Evidence(0.8, "the rows are sorted by target and each epoch takes them in that order")


def _unshuffled_repairs(case: Case) -> Iterator[Change]:
    if not case.run.training.shuffle:
        yield {"training.shuffle": True}
    if case.run.data.split == "in_order":
        yield {"data.split": "random"}


def _few_rows(case: Case) -> str | None:
    return None if case.facts.skills or case.facts.constant_target else "fewer than 20 rows say too little"


CAUSES: Final = (
    Cause("inputs_unscaled", "preprocessing", "Inputs are not scaled",
          "The inputs are far from zero or of very different sizes, so that one learning rate cannot suit all weights.",
          _inputs_unscaled, lambda _case: ({"preprocessing.scaling": "standard"},)),
    Cause("target_unscaled", "preprocessing", "The target is not scaled",
          "The target is far from the numbers a fresh network gives, and its errors make gradients of that size.",
          _target_unscaled, lambda _case: ({"preprocessing.target_scaling": "standard"},)),
    Cause("invalid_values", "preprocessing", "Invalid values among the inputs",
          "NaN, infinite or stand-in values are taken for measurements.",
          _invalid_values, _invalid_repairs),
    Cause("unsuitable_encoding", "preprocessing", "Columns are encoded unsuitably",
          "Names or row numbers are fed to the network as if they were amounts.",
          _unsuitable_encoding, _encoding_repairs),
    Cause("leakage", "preprocessing", "The answer leaks into the inputs",
          "The network sees something it will not have when it is used, so that its loss is too good to be true.",
          _leakage, _leakage_repairs, goal="validation", flatters=True),
    Cause("no_signal", "preprocessing", "There is no signal to learn",
          "The inputs say nothing about the target: the best honest loss is the baseline's.",
          _no_signal, lambda _case: (), needs=_few_rows),
    Cause("constant_target", "preprocessing", "The target never changes",
          "There is nothing to tell apart.",
          _constant_target, lambda _case: ()),
    Cause("class_imbalance", "preprocessing", "One class outweighs the others",
          "One class is so frequent that always answering it costs little.",
          _class_imbalance, lambda _case: ({"training.class_weight": "balanced"},), goal="recall"),
    Cause("unshuffled_data", "preprocessing", "The rows are not shuffled",
          "The rows come in an order that makes a batch, or the validation rows, unlike the rest.",
          _unshuffled_data, _unshuffled_repairs, goal="validation"),
)  # fmt: skip
