"""A report as it is printed in a terminal: titles and numbers, each thing once."""

import pytest

from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.report import public_variant
from core.diagnosis.text import as_text

TRIAL = {"seeds": 3, "improved": 3, "helped": True, "proven": True}
GAIN = {"value": 0.5, "low": 0.4, "high": 0.6}


def cause(name, **more):
    known = {
        "cause": name, "rank": 1, "confidence": 0.9, "standing": "proven", "part": "sufficient",
        "title": CAUSES[name].title, "evidence": ["a sign"], "fix": {"training.epochs": 200}, "trial": TRIAL,
        "gain": GAIN,
    }  # fmt: skip
    return known | more


def faulty(*causes, **known):
    explained = {"training": 0.2, "validation": 0.1}
    return public_variant({}, "faulty", causes=list(causes), explained=explained, reachable=0.8, **known)


def test_a_cause_is_told_by_its_title_with_its_gain_and_its_fix():
    text = as_text(faulty(cause("too_few_updates")))
    assert text.splitlines()[:2] == [
        "faulty", "It explains 10% of the variance on rows it has not seen; simple models explain 80%.",
    ]  # fmt: skip
    assert "Too few training steps" in text
    assert "+50% (+40% … +60%) in 3 of 3 seeds" in text
    assert "training.epochs = 200" in text
    assert "too_few_updates" not in text


def test_only_several_variants_have_names():
    assert as_text(faulty()).startswith("faulty")
    assert as_text(faulty(), "scaling none").startswith("scaling none: faulty")


def test_a_part_of_a_set_shows_no_trial_of_its_own():
    alone = {"seeds": 1, "improved": 0, "helped": False, "proven": False}
    fix = {"training.epochs": 200, "training.shuffle": True}
    together = {"fix": fix, "trial": TRIAL, "gain": GAIN, "parts": {"too_few_updates": "necessary"}}
    text = as_text(faulty(cause("too_few_updates", part="necessary", trial=alone), combined=together))
    assert "necessary part of the set" in text
    assert "in 0 of 1" not in text
    assert "the smallest set that works: training.epochs = 200, training.shuffle = true: +50%" in text


def test_a_set_of_which_nothing_was_left_out_is_not_called_the_smallest():
    together = {"fix": {"training.epochs": 200}, "trial": TRIAL, "gain": GAIN, "parts": {"too_few_updates": "helpful"}}
    lines = as_text(faulty(cause("too_few_updates", part="helpful"), combined=together)).splitlines()
    assert any(line.startswith("a set that works: ") for line in lines)


def test_what_takes_flattery_away_is_the_honest_result():
    text = as_text(
        faulty(cause("leakage", trial=TRIAL | {"improved": 0}, gain={"value": -0.5, "low": None, "high": None}))
    )
    assert "-50%: the honest result" in text
    assert "in 0 of" not in text


def test_nothing_is_both_named_and_not_checked():
    gap = {"why": "suspected, but not tried"}
    gaps = [gap | {"cause": "too_few_updates"}, gap | {"cause": "leakage"}]
    text = as_text(faulty(cause("too_few_updates", trial=None, gain=None), not_checked=gaps))
    assert "Too few training steps: suspected, but not tried" in text
    assert "not checked: The target leaks into the inputs (suspected, but not tried)" in text


def test_many_causes_that_were_not_checked_are_counted():
    gaps = [{"cause": name, "why": "no data"} for name in CAUSES]
    assert f"not checked: {len(CAUSES)} other causes (no data)" in as_text(faulty(not_checked=gaps))


def test_what_was_tried_in_vain_is_told():
    vain = {"cause": "batch_size_unsuitable", "holds": False, "gain": {"value": 0.0}}
    text = as_text(faulty(cause("too_few_updates"), trials=[vain, vain | {"cause": "too_few_updates"}]))
    assert "tried in vain: The batch size is unsuitable" in text.splitlines()


@pytest.mark.parametrize(
    ("level", "ending"),
    [(0.79, "No fault was found."), (0.7, "what is left is tuning."), (0.6, "could be 2 times lower.")],
)
def test_a_healthy_program_is_told_what_is_possible(level, ending):
    known = {"explained": {"training": level, "validation": level}, "reachable": 0.8}
    assert as_text(public_variant({}, "healthy", **known)).endswith(ending)


def test_a_sample_of_the_rows_is_told_with_what_the_fix_does_on_all_of_them():
    told = "Trials ran on 4,000 training rows"
    assert f"{told}; on all rows the fix explains 97%." in as_text(faulty(sampled=4000, on_all_rows=0.97))
    assert f"{told}." in as_text(faulty(sampled=4000)).splitlines()
    assert "Trials ran" not in as_text(faulty())


def test_a_repair_that_still_explains_nothing_is_told_as_that():
    text = as_text(faulty(cause("too_few_updates", gain={"value": 0.0, "low": 0.0, "high": 0.0})))
    assert "less wrong in 3 of 3 seeds, but it explains no more" in text
    assert "+0%" not in text


def test_what_helped_and_was_not_enough_is_told_apart_from_what_did_not():
    trials = [
        {"cause": "batch_size_unsuitable", "holds": True, "gain": {"value": 0.0}},
        {"cause": "too_few_updates", "holds": False, "gain": {"value": 0.2}},
        {"cause": "dying_relu", "holds": False, "gain": {"value": -0.1}},
    ]
    lines = as_text(faulty(trials=trials)).splitlines()
    assert "tried and better, but not by enough: The batch size is unsuitable; Too few training steps" in lines
    assert "tried in vain: ReLU units have died" in lines


def test_of_a_healthy_program_on_a_sample_what_is_possible_is_told_of_the_sample():
    known = {"explained": {"training": 0.6, "validation": 0.6}, "reachable": 0.8}
    text = as_text(public_variant({}, "healthy", sampled=4000, on_all_rows=None, **known))
    assert "Trials ran on 4,000 training rows.\n" in text
    assert text.endswith("could be 2 times lower.")


def test_what_was_refused_is_told_in_one_line():
    assert as_text(public_variant({}, "refused", error="data.target: there is no column."), "rate 1") == (
        "rate 1: refused, data.target: there is no column."
    )
