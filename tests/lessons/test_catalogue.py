"""The catalogue of lessons: complete, consistent, and the mission's three examples come first."""

import itertools
from pathlib import Path

import pytest

import core.lessons
from core.diagnosis.causes.catalogue import CAUSES
from core.errors import InputRefused
from core.lessons import LESSONS
from core.lessons.glossary import GLOSSARY
from core.lessons.lesson import read_lesson
from core.spec import InlineData

CATALOGUE = Path(core.lessons.__file__).parent / "catalogue"


def test_ids_are_distinct_and_every_lesson_compares_runs():
    assert len({lesson.id for lesson in LESSONS}) == len(LESSONS)
    assert all(len(lesson.variants) >= 2 for lesson in LESSONS)
    assert len({lesson.title for lesson in LESSONS}) == len(LESSONS)


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_has_a_lesson(cause):
    assert [lesson for lesson in LESSONS if lesson.cause == cause]


def test_families_follow_each_other_after_the_three_seed_examples():
    families = [family for family, _ in itertools.groupby(lesson.family for lesson in LESSONS[3:])]
    assert families == ["preprocessing", "architecture", "optimisation"]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_a_lesson_asks_what_its_answer_is_one_of_and_says_where_to_read_on(lesson):
    assert len(set(lesson.options)) == len(lesson.options)
    assert lesson.glossary
    assert lesson.references
    assert lesson.claims
    assert lesson.exercise.answer
    assert lesson.spec.seeds >= 3


@pytest.mark.parametrize("word", GLOSSARY)
def test_a_word_of_the_glossary_is_explained_in_a_sentence_and_in_its_place(word):
    assert GLOSSARY[word].endswith(".")
    words = [other.lower() for other in GLOSSARY]
    assert words == sorted(words)


def test_the_three_seed_examples_come_first():
    scaling, labels, rates = (lesson.spec for lesson in LESSONS[:3])
    assert isinstance(scaling.data.source, InlineData)
    assert scaling.data.source.columns == {"x": (1000, 2000, 3000, 4000), "y": (1, 2, 3, 4)}
    assert scaling.data.validation_fraction == 0
    assert scaling.vary == {"preprocessing.scaling": ("none", "minmax")}
    assert labels.vary == {"model.activation": ("sigmoid", "relu")}
    assert rates.vary == {"training.learning_rate": (0.0001, 0.1)}
    for spec in (scaling, labels, rates):
        assert (spec.model.layers, spec.training.epochs, spec.training.optimizer) == ((10,), 100, "adam")


def test_a_lesson_belongs_to_the_family_of_its_cause():
    families = [lesson.family for lesson in LESSONS[:3]]
    assert families == ["preprocessing", "preprocessing", "optimisation"]


@pytest.fixture
def written(tmp_path):
    """Return the path of the first lesson, its text changed."""

    def write(old="", new="", name="04-new.toml"):
        text = next(CATALOGUE.glob("01-*.toml")).read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / name
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return write


def test_a_lesson_is_one_file(written):
    lesson = read_lesson(written("Inputs in the thousands", "Another"))
    assert (lesson.id, lesson.title, lesson.spec.title) == ("new", "Another", "Another")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("answer = 1", "answr = 1", "04-new.toml: answer: is missing."),
        ("answer = 1", "answer = 1\nhint = 2", "04-new.toml: hint: there is no such setting; allowed: "),
        ("answer = 1", "answer = 9", "04-new.toml: answer: there is no option 9."),
        ("epochs = 100", "epoch = 100", "04-new.toml: spec.training.epoch: there is no such setting; allowed: "),
        ("epochs = 100", "epochs = 0", "04-new.toml: spec.training.epochs: 0 is refused; allowed: at least 1."),
        ('cause = "inputs_unscaled"', 'cause = "bad_luck"', '04-new.toml: cause: "bad_luck" is refused; allowed: '),
        ('["none", "minmax"]', '["none"]', "04-new.toml: spec: a lesson compares at least two runs, "),
        ("answer = 1", "answer =", "04-new.toml: "),
        (
            '["none", "minmax"]\n',
            '["none", "minmax"]\n"training.seed" = [0, 1]\n',
            "04-new.toml: spec: a lesson compares ",
        ),
        ("Four rows: x runs", "Four rows: {A.loss} runs", "04-new.toml: "),
        ('glossary = ["epoch"', 'glossary = ["epok"', "04-new.toml: glossary: "),
        ('"B.skill < 0"', '"C.skill < 0"', "04-new.toml: claims: there is no run C."),
        ('"B.skill < 0"', '"B.skill"', "04-new.toml: 'B.skill' is no claim; allowed: "),
        ("{A.loss.first}", "{A.luck}", "04-new.toml: 'A.luck' is no number of a run; allowed: "),
        ('of = "B"', 'of = "D"', "04-new.toml: repair.of: there is no run D."),
        ('change = { "training.learning_rate" = 0.1 }', 'change = { "training.rate" = 0.1 }', "04-new.toml: "),
        ("[0.001, 0.01, 0.1]", "[0.001, 0.01]", "04-new.toml: exercise.solution: "),
        ('"training.epochs" = [100, 1000]', '"training.epochs" = [100, 0]', "04-new.toml: "),
    ],
)
def test_a_lesson_that_is_none_is_refused_in_one_sentence(old, new, says, written):
    with pytest.raises(InputRefused) as refusal:
        read_lesson(written(old, new))
    sentence = str(refusal.value)
    assert sentence.startswith(says)
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize("path", ["training.clip_norm", "training.early_stopping", "training.class_weight"])
def test_what_can_be_switched_off_is_off(path, written):
    lesson = read_lesson(
        written('"training.epochs" = [100, 1000]', f'"training.epochs" = [100, 1000]\n"{path}" = ["off"]')
    )
    assert lesson.exercise.knobs[path] == (None,)


def test_off_is_no_value_of_what_is_always_on(written):
    with pytest.raises(InputRefused, match="learning_rate"):
        read_lesson(written('"training.learning_rate" = [0.001,', '"training.learning_rate" = [0.001, "off",'))


def test_an_answer_speaks_of_turns_that_the_knobs_offer(written):
    example = '[[exercise.examples]]\nchange = { "training.epochs" = 7 }\nclaims = ["X.skill < 0"]\n\n[spec]\n'
    with pytest.raises(InputRefused, match=r"exercise\.examples: training\.epochs is no knob, or offers no 7"):
        read_lesson(written("[spec]\n", example))


def test_a_file_without_a_number_is_refused(written):
    with pytest.raises(InputRefused, match=r"new\.toml: a lesson's file is called NUMBER-ID\.toml\."):
        read_lesson(written(name="new.toml"))
