"""The benchmark: what it counts, what it leaves out, and that its programs are what they say."""

import pytest

from benchmarks.ablation import ABLATIONS, Answer
from benchmarks.diagnosis_page import ablation, by_data_set, figures, reliability, steadiness, truthful
from benchmarks.programs import DATA_SETS, plain_program
from benchmarks.scores import FILES, Scored, programs
from core.diagnosis.causes.catalogue import CAUSES
from core.paths import ROOT
from core.spec import load_spec

ALL = programs()


def scored(name="x", cause="", verdict="healthy", causes=(), accepted=(), **more):
    values = {"set": "cases", "fixed": False, "fixable": True, "seconds": 1.0, **more}
    return Scored(name, values.pop("set"), cause, verdict, tuple(causes), frozenset(accepted), **values)


def test_figures_count_verdicts_and_ranks():
    told = figures(
        [
            scored(cause="a", verdict="faulty", causes=["a", "b"], accepted=["a"], fixed=True),
            scored(cause="a", verdict="faulty", causes=["b", "a"], accepted=["a", "b"]),
            scored(cause="a", verdict="faulty", causes=["c", "d", "e", "a"], accepted=["a"]),
            scored(cause="a"),
            scored(),
            scored(verdict="faulty", causes=["c"]),
        ]
    )
    assert told["detected"] == "3 of 4 (75%)"
    assert told["false alarms"] == "1 of 2 (50%)"
    assert told["top 1"] == "2 of 4 (50%)"
    assert told["top 1, the very name"] == "1 of 4 (25%)"
    assert told["top 3"] == "2 of 4 (50%)"
    assert told["first fix proven in every seed"] == "1 of 4 (25%)"


def test_seconds_are_told_beside_a_plain_training_or_not_at_all():
    told = figures([scored(seconds=3.0, plain=4.0), scored(seconds=8.0, plain=4.0)])
    assert (told["median seconds"], told["longest"]) == ("5.5", "8.0")
    assert (told["median, in plain trainings"], told["longest, in plain trainings"]) == ("1.4", "2")
    assert "median seconds" not in figures([scored(seconds=3.0, plain=4.0), scored(seconds=3.0)])


def test_verdicts_of_another_seed_are_compared_program_by_program():
    first = [scored("a"), scored("b", verdict="faulty"), scored("c", set="real")]
    again = [scored("b"), scored("a"), scored("c", set="real"), scored("d")]
    told = steadiness(first, again)
    assert "1 of 2 (50%) of *cases*" in told
    assert "1 of 1 (100%) of *real*" in told
    assert "together 2 of 3 (67%). Others: b." in told
    assert steadiness(first, first).endswith("Others: none.")


def test_harmless_faults_and_controls_that_do_not_learn_are_left_out():
    base = plain_program("friedman").id
    name = next(p.id for p in ALL if p.cause == "learning_rate_too_low" and p.base == base)
    leak = next(p.id for p in ALL if p.cause == "leakage" and p.base == base)
    good = scored(base, levels=(0.9, 0.9, 0.9))
    poor = scored("friedman / rmsprop", levels=(0.9, 0.1, 0.9))
    harmless = scored(name, "learning_rate_too_low", levels=(0.3, 0.6, 0.3))
    harmful = scored(name, "learning_rate_too_low", levels=(0.4, 0.4, 0.4))
    leaky = scored(leak, "leakage", levels=(1.0, 1.0, 1.0))
    assert truthful([good, poor, harmless, leaky]) == [good, leaky]
    assert truthful([good, harmful]) == [good, harmful]


def test_there_are_as_many_controls_as_faults():
    assert sum(p.cause is None for p in ALL) >= sum(p.cause is not None for p in ALL)
    assert len({p.id for p in ALL}) == len(ALL)


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_that_is_put_into_programs_is_in_both_halves(cause):
    halves = {p.half for p in ALL if p.cause == cause}
    if not halves and f"| `{cause}` |" not in (ROOT / "docs" / "diagnosis.md").read_text():
        pytest.skip(f"benchmarks/faults.py has no fault that shows {cause}: its hits are not measured")
    assert halves == {"calibration", "report"}


def test_no_fault_is_an_example_of_a_cause_that_is_not_in_the_catalogue():
    assert {p.cause for p in ALL if p.cause} <= set(CAUSES)


def test_controls_are_on_every_data_set():
    assert {p.data_set for p in ALL if p.cause is None} == set(DATA_SETS)


def test_every_program_is_a_spec_and_a_fault_changes_it():
    plain = {p.id: load_spec(p.spec).hash() for p in ALL if p.cause is None}
    for program in ALL:
        assert load_spec(program.spec).at(FILES).runs()
        if program.cause:
            assert load_spec(program.spec).hash() != plain[program.base]
            assert set(program.also_accept) <= set(CAUSES) - {program.cause}


def test_a_confidence_is_set_beside_how_often_it_is_right():
    told = reliability(
        [
            scored("x", verdict="faulty", causes=["a", "b"], confidences=(0.9, 0.2)),
            scored("y", verdict="faulty", causes=["c"], confidences=(0.9,)),
        ],
        {"x": frozenset({"a"}), "y": frozenset()},
    )
    assert "| 0.8 … 0.95 | 2 | 90% | 50% |" in told
    assert "| 0 … 0.3 | 1 | 20% | 0% |" in told
    assert "| 0.3 … 0.6 |" not in told
    assert told.endswith("Expected calibration error 33.3%, Brier score 0.287.")


def test_a_diagnosis_without_some_of_its_parts_is_judged_as_the_whole_one_is():
    nothing = dict.fromkeys(ABLATIONS, Answer("healthy", ("a",)))
    told = ablation(
        {
            "cases": [
                scored(cause="a", verdict="faulty", causes=["a"], accepted=["a"], ablated=nothing),
                scored(ablated=nothing | {"suspicion only": Answer("faulty", ("b",))}),
            ]
        }
    )
    rows = {row.split(" | ")[1]: row.split(" | ")[2:] for row in told.splitlines()[2:]}
    assert rows["in full"][:3] == ["1 of 1 (100%)", "0 of 1 (0%)", "1 of 1 (100%)"]
    assert rows["suspicion only"][:3] == ["0 of 1 (0%)", "1 of 1 (100%)", "0 of 1 (0%)"]
    # What is named of a program called healthy is not named.
    assert rows["no yardstick"][:3] == ["0 of 1 (0%)", "0 of 1 (0%)", "0 of 1 (0%)"]


def test_an_interval_is_wider_where_programs_of_a_data_set_are_alike():
    alike = by_data_set(["a"] * 10 + ["b"] * 10, [True] * 10 + [False] * 10)
    mixed = by_data_set([str(i) for i in range(20)], [True, False] * 10)
    assert alike == (0.0, 1.0)
    assert 0.2 < mixed[0] < 0.5 < mixed[1] < 0.8
    assert by_data_set(["a", "b"], [False, False]) == pytest.approx((0.0, 1 - 0.05**0.5))


def test_every_case_that_asks_is_right_where_the_cause_is_named_or_asked():
    asks = scored(cause="a", accepted=["a"], truth="ask")
    assert not asks.right
    assert scored(cause="a", accepted=["a"], truth="ask", asked=("a",)).right
    assert scored(cause="a", accepted=["a"], truth="either").right
