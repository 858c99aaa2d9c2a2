"""A report in plain sentences."""

from typing import get_args

import pytest

from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.evidence.marks import Mark
from core.diagnosis.evidence.signals import median_of_most
from core.diagnosis.report import Standing
from core.sentence import said
from core.spec import load_spec
from core.ui.diagnose import words as say

RUN = load_spec({"data": {"source": "sample:iris", "target": "species"}}).runs()[0]


def curve(skill, seed=0, **more):
    numbers = dict.fromkeys(("skill", "val_skill", "explained", "val_explained"), skill)
    return {"seed": seed, **numbers, "recall": None, "state": "done", "baseline": None, **more}


def finding(skills=None, improved=0, **more):
    after = [curve(skill, seed) for seed, skill in enumerate(skills or [])]
    skills = {"val_skill_before": -2.0, "val_skill_after": 0.75, "skill_before": None, "skill_after": 0.8}
    judged = {"helped": 2 * improved > len(after), "proven": improved == len(after) >= 3}
    trial = {"seeds": len(after), "improved": improved, **judged, **skills} if after else None
    reached = {"explained": [0.1, median_of_most(curve["val_explained"] for curve in after)]} if after else {}
    written = {"cause": "dying_relu", "certain": False, "goal": "fit", "after": after, "reached": reached, "fix": {},
               "part": None, "standing": "proven", "chain": [], "keras": "",
               "gain": {"value": 0.7, "low": 0.25, "high": 1.0} if after else None,
               "cost": {"steps": None, "seconds": None, "weights": None} if after else None}  # fmt: skip
    return written | {"trial": trial} | more


def report(*causes, verdict="faulty", skills=(0.1, 0.2, 0.0), **more):
    return {
        "verdict": verdict, "causes": list(causes), "before": [curve(s, i) for i, s in enumerate(skills)],
        "explained": dict.fromkeys(("training", "validation"), median_of_most(skills)), "symptoms": {},
        "reachable": 0.8, "validation_rows": 20, "columns": ["a", "b", "c"], "combined": None,
        "sampled": None, "on_all_rows": None, **more,
    }  # fmt: skip


def test_a_verdict_says_what_is_and_what_one_change_brings():
    first = finding([0.8, 0.7, 0.9], improved=3)
    assert say.headline(report(first)) == "ReLU units have died"
    assert say.verdict(report(first)) == (
        "It explains 10% of the variance on rows it has not seen. With one change it is 80%: better in 3 of 3 seeds."
    )


def test_without_a_proven_change_none_is_promised():
    text = say.verdict(report(finding([0.11, 0.19, 0.0], improved=0)))
    assert text == "It explains 10% of the variance on rows it has not seen; simple models explain 80%."
    assert "change" not in say.verdict(report())
    assert say.headline(report()) == "Something holds this run back"


def test_runs_that_came_to_nothing_have_no_skill():
    assert say.verdict(report(skills=(None, None, 0.3))).startswith("It comes to no result")
    assert say.verdict(report(skills=(None, 0.3, 0.3))).startswith("It explains 30% of the variance")


def test_an_undecided_verdict_says_what_would_decide_it():
    told = report(verdict="undecided", why="More rows would tell.")
    assert say.headline(told) == "Not decided"
    assert say.verdict(told).endswith("More rows would tell.")


def test_what_the_curve_on_the_page_denies_is_not_said_beside_it():
    falls = {"words": "still falling: 20%", "mark": "still_falling"}
    told = report(symptoms={"still_falling": "The loss was still falling.", "guessing": "No better than guessing."})
    first = finding(chain=[{"words": "a rate of 0", "mark": None}, falls, {"words": "guessing", "mark": "flat"}])
    flat = Mark("flat", "loss", 1, said("flat from epoch 1"))
    falling = Mark("still_falling", "loss", 9, said("still falling"))
    assert say.symptoms_of(told, [flat]) == ["No better than guessing."]
    assert [link["words"] for link in say.chain_of(first, [flat])] == ["a rate of 0", "guessing"]
    assert len(say.symptoms_of(told, [falling])) == 2
    assert falls in say.chain_of(first, [falling])
    assert say.chain_of(finding(chain=first["chain"][:2]), [flat]) == [], "one link alone is no chain"


def test_a_suspicion_is_called_one():
    only = finding(standing="suspected")
    assert say.headline(report(only)) == "Suspected: ReLU units have died"


def test_of_two_causes_whose_own_fix_is_enough_the_headline_names_both():
    first = finding([0.8, 0.7, 0.9], improved=3, fix={"model.activation": "elu"}, part="sufficient")
    second = finding([0.7] * 3, improved=3, cause="target_unscaled", fix={"preprocessing.target_scaling": "standard"})
    assert say.headline(report(first, second)) == "Either of two: ReLU units have died · The target is not scaled"
    third = finding([0.7] * 3, improved=3, cause="learning_rate_too_low", fix={"training.learning_rate": 0.1})
    assert say.headline(report(first, second, third)).startswith("Any of several: ReLU units have died · ")
    assert say.headline(report(first, second | {"standing": "helped"})) == "ReLU units have died"
    assert say.headline(report(first, second | {"fix": first["fix"]})) == "ReLU units have died", "it is one fix"
    part = {"part": "necessary"}
    assert say.headline(report(first | part, second | part)) == "ReLU units have died", "neither is enough alone"
    suspected = first | {"standing": "suspected"}
    assert say.headline(report(suspected, second)) == "Suspected: ReLU units have died"


def test_a_set_of_changes_is_told_with_what_each_cause_is_for():
    together = finding([0.8, 0.7, 0.9], improved=3, fix={"model.loss": "auto", "training.learning_rate": 0.1})
    together |= {"causes": ["loss_mismatch", "learning_rate_too_low"], "parts": {"loss_mismatch": "necessary"}}
    told = report(finding(part="necessary"), combined=together)
    assert say.trial_words({k: v for k, v in together.items() if k != "cause"}).startswith("Better in 3 of 3")
    assert "With two changes it is 80%: better in 3 of 3 seeds." in say.verdict(told)
    assert say.parts(told) == [
        "The loss does not fit the task: without it, the repaired program fails again.",
        "The learning rate is too low: not tried without it.",
    ]
    alone = finding([0.1, 0.1, 0.1], improved=0, part="necessary")
    assert say.trial_words(alone).startswith("Alone it is not enough.")
    assert say.trial_words(finding(part="necessary")) == "It was tried as a part of the changes together."


def test_what_is_cured_together_with_others_is_not_said_to_be_proven_alone():
    alone = finding([0.1, 0.1, 0.1], improved=0, part="necessary", standing="proven")
    assert say.badge(alone) == ("part of the fix", "green")
    assert say.badge(finding(part="helpful", standing="suspected"))[0] == "part of the fix"
    assert say.badge(finding(part="sufficient"))[0] == "proven by training"
    assert say.badge(finding(standing="suspected"))[0] == "suspected"


def test_everything_that_was_tried_is_told_with_what_failed():
    works = {"cause": "learning_rate_too_low", "goal": "fit", "fix": {"training.learning_rate": 0.1},
             "gains": [0.5, 0.25, 0.3], "gain": {"value": 0.3, "low": 0.024, "high": 0.68}, "holds": True,
             "fresh": True}  # fmt: skip
    fails = {**works, "cause": "dying_relu", "fix": {"model.activation": "elu"}, "gains": [-0.1], "holds": False,
             "gain": {"value": -0.1, "low": None, "high": None}, "fresh": False}  # fmt: skip
    first, second = say.trial_rows(RUN, report(trials=[works, fails]))
    assert list(first)[:3] == ["Cause", "Gain", "Shows"]
    assert (first["Shows"], first["Seeds"]) == ("works", "3 fresh")
    assert first["Gain"] == "+30% (+2%\N{NO-BREAK SPACE}…\N{NO-BREAK SPACE}+68%)"
    assert first["Change"] == "Learning rate: 0.001 → 0.1"
    assert (second["Cause"], second["Shows"]) == ("ReLU units have died", "ruled out")
    # One seed has no interval.
    assert second["Gain"] == "−10%"


@pytest.mark.parametrize(
    ("goal", "gain", "told"),
    [
        ("fit", 0.2, "ruled out: costs too much on training rows"),
        ("recall", 0.2, "ruled out: costs too much of what is explained"),
        ("fit", 0.0, "ruled out"),
        ("validation", -0.2, "ruled out"),
    ],
)
def test_what_gains_and_is_ruled_out_says_why(goal, gain, told):
    trial = {"cause": "overfitting", "goal": goal, "fix": {"model.l2": 0.1}, "gains": [-0.4] * 3, "holds": False,
             "gain": {"value": gain, "low": None, "high": None}, "fresh": False}  # fmt: skip
    assert say.trial_rows(RUN, report(trials=[trial]))[0]["Shows"] == told


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        ({"steps": [100, 500], "seconds": [0.31, 1.2], "weights": [80, 80]},
         "It costs 5 × the steps (about 1.2 s instead of 0.31)."),
        ({"steps": [100, 1234], "seconds": None, "weights": [80, 193]},
         "It costs 12 × the steps and 2.4 × the weights."),
        ({"steps": [100, 105], "seconds": [0.1, 0.9], "weights": [80, 80]}, "It costs nothing."),
        ({"steps": [100, 20], "seconds": None, "weights": [80, 80]}, "It costs nothing: 0.2 × the steps will do."),
        ({"steps": None, "seconds": None, "weights": None}, ""),
        ({"steps": None, "seconds": None, "weights": [10, 10]}, ""),
        ({"steps": [100, 100], "seconds": None, "weights": None}, ""),
        ({"steps": [100, 20], "seconds": None, "weights": None}, "0.2 × the steps will do."),
        ({"steps": None, "seconds": None, "weights": [10, 30]}, "It costs 3 × the weights."),
        (None, ""),
    ],
    ids=str,
)  # fmt: skip
def test_what_a_repair_costs_is_said_in_steps_and_weights(cost, told):
    assert say.cost_words(finding([0.8] * 3, improved=3, cost=cost)) == told


def test_what_a_recall_costs_of_the_explained_is_no_secret():
    rare = finding([0.3] * 3, improved=3, goal="recall", cost={"steps": [9, 9], "seconds": None, "weights": [9, 9]})
    rare["reached"] = {"explained": [0.4, 0.3], "recall": [0.0, 0.7]}
    assert say.cost_words(rare) == "It costs 10% of what is explained."
    rare["reached"] = {"explained": [0.3, 0.3], "recall": [0.0, 0.7]}
    assert say.cost_words(rare) == "It costs nothing."


def test_a_fact_that_two_causes_tell_is_told_once():
    both = [finding(cause="unshuffled_data"), finding(cause="distribution_shift")]
    assert [cause["cause"] for cause in say.once(report(*both))] == ["unshuffled_data"]
    assert [cause["cause"] for cause in say.once(report(both[1]))] == ["distribution_shift"]


def test_remarks_of_one_fact_are_one_line():
    told = [{"cause": "leakage", "evidence": ["a", "b"]}, {"cause": "leakage", "evidence": ["b", "c"]}]
    assert say.lines_of(told, lambda remark: remark["cause"]) == {"leakage": ["a", "b", "c"]}


def test_a_sample_is_told_whatever_the_verdict():
    healthy = say.verdict(report(verdict="healthy", sampled=4000))
    assert "trials ran on 4,000 training rows" in healthy
    assert "on all rows the fix explains 75%" in say.verdict(report(finding(), sampled=4000, on_all_rows=0.75))


def test_how_much_lower_the_loss_could_be_is_said_where_it_is_much():
    assert "20 times lower" in say.verdict(report(verdict="healthy", skills=(0.8,) * 3, reachable=0.99))
    assert "8 times lower" in say.verdict(report(verdict="healthy", skills=(0.96,) * 3, reachable=0.995))
    assert "times lower" not in say.verdict(report(verdict="healthy", skills=(0.8,) * 3, reachable=0.82))


def test_a_healthy_run_that_explains_little_is_measured_by_what_simple_models_find():
    low = say.verdict(report(verdict="healthy", skills=(0.4,) * 3, reachable=0.38))
    assert low.endswith("simple models find little or nothing more in these columns.")
    assert "nothing more" not in say.verdict(report(verdict="healthy", skills=(0.4,) * 3, reachable=0.5))


def test_a_healthy_verdict_compares_only_where_it_can():
    assert "simple models explain 80%" in say.verdict(report(verdict="healthy"))
    assert "too few rows" in say.verdict(report(verdict="healthy", reachable=None))


def test_without_validation_rows_the_training_rows_count():
    assert "on its training rows" in say.verdict(report(validation_rows=0))
    assert "not seen" not in say.verdict(report(validation_rows=0))


def test_what_is_worse_than_guessing_explains_nothing():
    assert "explains nothing of" in say.verdict(report(skills=(-11.0, -12.0, -10.0)))
    assert [say.share(value) for value in (None, -3.0, 0.001, 0.006, 1.0)] == [
        "no result", "nothing", "nothing", "1%", "100%"
    ]  # fmt: skip


def test_a_trial_is_told_in_what_is_explained_and_in_skill():
    found = finding([0.8, 0.7, 0.9], improved=3)
    words = "Better in 3 of 3 seeds. Explained: 10% → 80%, +70% (+25%\N{NO-BREAK SPACE}…\N{NO-BREAK SPACE}+100%)."
    assert say.trial_words(found) == words
    assert say.skills(found, report(found)) == "Skill: −2.00 → 0.75."
    assert say.skills(found, report(found, validation_rows=0)) == ""


def test_what_is_less_wrong_than_nothing_is_not_said_to_be_better():
    found = finding([-1.0] * 3, improved=3)
    found["reached"] = {"explained": [-3.0, -1.0]}
    assert say.trial_words(found) == "Less wrong in 3 of 3 seeds, but it still explains nothing."
    assert "Better" in say.trial_words(finding([0.8] * 3, improved=3))


def test_every_standing_of_a_report_has_its_own_words():
    assert set(say.STANDINGS) == set(get_args(Standing))
    assert len({word for word, _ in say.STANDINGS.values()}) == len(say.STANDINGS)


def test_whether_a_fix_helped_is_what_the_report_says():
    assert say.helped(finding([0.11] * 3, improved=3))
    assert not say.helped(finding([0.9] * 3, improved=1))
    assert not say.helped(finding())


def test_a_fix_for_a_rare_class_is_judged_by_its_recall():
    rare = finding([0.05] * 3, improved=3, goal="recall")
    rare["reached"] |= {"recall": [0.0, 0.7]}
    found = report(rare)
    assert say.helped(rare)
    assert "Lowest recall of any class: nothing → 70%, +70%" in say.trial_words(rare)
    assert "With one change" not in say.verdict(found)


def test_what_was_not_tried_is_not_said_to_have_failed():
    assert say.trial_words(finding()) == "Its fix was not tried."
    assert say.trial_words(finding(certain=True)) == "No setting of the lab can cure this."
    assert say.trial_words(finding([0.0], improved=0)).startswith("Its fix did not help in 1 seed")
    leak = finding([0.3, 0.4, 0.3], improved=0, cause="leakage")
    assert say.trial_words(leak).startswith("Without it, the result is the honest one. Explained: ")


def test_losses_that_hide_the_difference_are_noticed_by_the_symptom():
    hidden = finding([0.7], improved=1, fix={"model.output_activation": "sigmoid"})
    flattered = report(hidden, symptoms={"flattered": "The loss falls while every prediction stays the same."})
    assert say.flattered(hidden, flattered)
    assert not say.flattered(hidden, report(hidden))
    assert not say.flattered(finding([0.7], improved=1, fix={"training.learning_rate": 0.1}), flattered)


def test_changes_are_named_as_the_knobs_name_them():
    def words(change, run=RUN):
        return say.change_words(change, run, report())

    assert words({"training.learning_rate": 0.1}) == ["Learning rate: 0.001 → 0.1"]
    assert words({"training.early_stopping": {"patience": 10}}) == ["Early stopping: off → 10"]
    assert words({"data.features": ["a", "c"]}) == ["Leave out: b"]
    layered = RUN.changed({"model.layers": [{"units": 8, "activation": "tanh", "dropout": 0.5}, 4]})
    change = {"model.activation": "relu", "model.layers": [{"units": 8}, 4]}
    assert words(change, layered) == ["Hidden layers: 8 (tanh, dropout 0.5), 4 → 8, 4"]


def test_every_cause_can_be_shown_and_one_that_is_gone_too():
    for cause in CAUSES:
        assert say.cause_of({"cause": cause}).about
    assert say.cause_of({"cause": "gone_by_now"}).title == "Gone by now"


def test_a_cause_leads_to_its_lesson():
    lesson = say.lesson_of(CAUSES["inputs_unscaled"])
    assert lesson is not None
    assert lesson.cause == "inputs_unscaled"
    assert say.lesson_of(say.cause_of({"cause": "gone_by_now"})) is None
