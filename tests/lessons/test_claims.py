"""Claims about runs: read, judged and quoted; and that what every lesson claims is true (a slow test)."""

import pytest

from benchmarks.lessons import SEEDS, check
from core.data.prepare.cache import Preparation
from core.lessons import LESSONS
from core.lessons.claims import MESSAGES, Claim, Quantity, number_text, quoted
from core.training.crew import Crew
from core.training.result import Result


def result(loss=(), seed=0, state="done", **more):
    values = {"variant": {}, "seed": seed, "state": state, "history": {"loss": list(loss)}, **more}
    return Result.from_dict(values)


RUNS = {
    "A": result([400.0, 3.0, None], skill=-2.0, state="diverged", epochs=3),
    "B": result([4.0, 1.0, 2.0], skill=0.5, baseline={"loss": 1.5, "val_loss": 1.6}, epochs=3),
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("A.loss.first > 100 * B.loss", True),
        ("A.loss.first > 200 * B.loss", False),
        ("B.loss.least < B.loss", True),
        ("A.diverged = 1", True),
        ("B.diverged = 1", False),
        ("B.skill >= 0.5", True),
        ("A.skill < -1e0", True),
        ("B.baseline <= 1.5", True),
        ("0.9 < B.loss.least", True),
        ("A.loss < 1e9", False),
        ("A.loss < 1e+09", False),
        ("B.val_loss < 1e9", False),
        ("A.baseline < 1e9", False),
    ],
)
def test_a_claim_compares_numbers_of_runs_and_is_not_true_of_what_is_missing(text, holds):
    assert Claim.read(text).holds(RUNS) == holds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("A.loss", "is no claim"),
        ("A.loss < B.loss < 3", "is no claim"),
        ("A.loss < __import__('os')", "is no claim"),
        ("A.luck < 1", "is no number of a run"),
        ("A.loss.often < 1", "ends in 'often'"),
        ("A.skill.first < 1", "ends in 'first'"),
        ("A.loss < 1e999", "too large"),
    ],
)
def test_what_is_no_claim_is_refused_with_what_is_allowed(text, says):
    with pytest.raises(ValueError, match=says) as refused:
        Claim.read(text)
    assert "allowed" in str(refused.value)


def test_a_claim_knows_which_runs_it_is_about():
    assert Claim.read("A.loss < 2 * B.loss").letters == {"A", "B"}
    assert Claim.read("0.1 < B.loss").letters == {"B"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("X.val_skill > 0.9", "the skill on the rows held out is above 0.9"),
        ("X.loss < 0.25 * A.baseline", "the loss is below 0.25 times the baseline of run A"),
        ("R.loss.least >= 2", "the least loss of the repaired run is at least 2"),
        ("X.recall > 0.75", "the recall of the class that is recognised least is above 75 %"),
        ("X.val_accuracy > 0.995", "the accuracy on the rows held out is above 99.5 %"),
        ("X.diverged = 0.0", "the run does not diverge"),
    ],
)
def test_a_claim_is_said_in_words(text, words):
    assert Claim.read(text).words() == words


def test_a_text_quotes_the_median_over_the_seeds():
    seeds = [{"A": result([value])} for value in (1.0, 30.0, 2.0)]
    assert quoted("from {A.loss.first} on", seeds) == "from 2 on"
    assert quoted("no brace", seeds) == "no brace"


def test_a_share_is_quoted_in_percent():
    runs = {"A": Result.from_dict({**vars(result()), "history": {"val_accuracy": [0.5, 0.968]}})}
    assert quoted("{A.val_accuracy}", [runs]) == "97 %"


@pytest.mark.parametrize(
    ("skill", "text"), [(0.97123, "0.97"), (-0.0004, "0.00"), (-0.17, "−0.17"), (-5200.0, "−5,200")]
)
def test_a_skill_is_quoted_as_the_table_has_it(skill, text):
    assert quoted("{A.skill}", [{"A": result(skill=skill)}]) == text


def test_what_most_seeds_have_no_number_for_is_quoted_as_nan():
    assert quoted("{A.loss}", [{"A": result([None])}, {"A": result([None])}, {"A": result([1.0])}]) == "NaN"
    assert quoted("{A.loss}", [{"A": result([None])}, {"A": result([3.0])}, {"A": result([1.0])}]) == "2"


def test_a_name_that_is_none_is_refused_before_anything_is_quoted():
    with pytest.raises(ValueError, match="is no number of a run"):
        Quantity.named("A.__class__")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (471234.0, "471,000"), (8.4123, "8.41"), (0.6931, "0.693"), (0.00213, "0.0021"), (-0.184, "−0.184"),
        (0.0, "0"), (1.0, "1"), (2.5e-7, "2.5 × 10⁻⁷"), (2.1e-5, "0.000021"),
        (-3e-13, "−3.0 × 10⁻¹³"), (1e12, "1.0 × 10¹²"), (999.6, "1,000"), (-0.0, "0"), (100.4, "100"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_a_person_reads_them(value, text):
    assert number_text(value) == text


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_what_a_lesson_claims_holds_with_five_seeds(lesson):
    with Crew(Preparation(), helpers=0) as crew:
        checked = list(check(lesson, crew))
    assert {one.part for one in checked} == {"lesson", "repair", "exercise", "untouched", "answer"}
    assert all(len(one.held) == SEEDS for one in checked)
    assert [f"{one.part}: {one.claim}: {one.held} {one.numbers}" for one in checked if not one.fine] == []


def test_what_is_said_of_numbers_can_be_said_in_another_language():
    said = []

    def say(message, **values):
        said.append(message)
        return message.format(**values)

    told = Claim.read("X.val_loss < 0.7 * R.val_baseline").words(say, lambda number: number.replace(".", ","))
    assert "0,7" in told
    assert "0.7" not in told
    assert len(said) == 6
    assert set(said) <= MESSAGES
    assert quoted("{A.loss}", [{"A": result([0.5])}], lambda number: f"<{number}>") == "<0.5>"
