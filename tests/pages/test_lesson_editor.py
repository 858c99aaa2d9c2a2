"""A lesson made of an experiment in the lab, and opened from a file or a link."""

import pytest
from sqlalchemy import update

from core.jobs.storage import schema
from core.lessons import LESSONS
from core.lessons.lesson import lesson_of, text_of
from core.lessons.shelf import Shelf
from core.spec import load_spec
from core.ui.words import spoken_in

from .spoken import opened_in, shared

SPEC = load_spec(
    {
        "data": {"source": "sample:iris", "target": "species"},
        "vary": {"training.learning_rate": [0.0001, 0.01]},
        "seeds": 3,
    }
)
SAID = {
    "title": "Two rates", "about": "Iris, twice.", "question": "Which learns?", "options": "The low rate\nThe high one",
    "look": "The dotted line.", "explanation": "It ends at {B.loss}.", "repair_words": "It reaches {R.loss}.",
    "task": "Mend it.", "solved": "A higher rate.",
}  # fmt: skip


def key(name):
    return f"lesson_draft_{name}"


def ended(lab):
    """An experiment that has ended."""
    identity = lab.store.submit(SPEC)
    with lab.store.database.write() as connection:
        connection.execute(update(schema.run).values(state="done"))
    return identity


@pytest.fixture
def edited(app, lab):
    """The editor, open over an experiment that has ended."""
    app.query_params["x"] = ended(lab)
    app.run()
    app.get_by_key("lab_lesson").click().run()
    assert not app.exception
    return app


def write(app):
    for name, text in SAID.items():
        app.get_by_key(key(name)).set_value(text)
    app.run()
    app.get_by_key(key("answer")).set_value(1)
    app.get_by_key(key("repair_knob")).set_value("training.learning_rate")
    app.get_by_key(key("knobs")).set_value(["training.learning_rate"])
    app.run()
    app.get_by_key(key("repair_value")).set_value("0.01")
    app.get_by_key(key("values_training.learning_rate")).set_value(["0.0001", "0.01"])
    app.run()
    app.get_by_key(key("solution_training.learning_rate")).set_value("0.01")
    app.run()
    assert not app.exception


def test_what_is_missing_is_said_before_anything_can_be_handed_over(edited):
    assert "Still to write: the title, what it is about, the question" in edited.info[0].value
    assert key("keep") not in [button.key for button in edited.button]


def test_a_teacher_writes_a_lesson_keeps_it_and_checks_it(edited, lab):
    write(edited)
    assert not edited.info
    edited.get_by_key(key("keep")).click().run()
    (path,) = (lab.settings.data / "lessons").glob("*.toml")
    lesson = lesson_of(path.read_text(), "two-rates")
    assert (lesson.title, lesson.options, lesson.answer) == ("Two rates", ("The low rate", "The high one"), 1)
    assert lesson.exercise.solution == {"training.learning_rate": 0.01}
    assert [run.hash() for run in lesson.spec.runs()] == [run.hash() for run in SPEC.runs()]
    edited.get_by_key(key("check")).click().run()
    assert not edited.exception
    trained = lab.store.experiment(lab.store.experiments()[0].id)
    assert [run.spec.hash() for run in trained.runs] == [run.hash() for run in lesson.with_seeds(lesson.solved)] * 2


@pytest.mark.slow
def test_the_editor_is_german_for_who_asks_for_it(lab):
    identity = ended(lab)
    english, german = (opened_in(language, "lab", x=identity) for language in ("en", "de"))
    for app in (english, german):
        app.get_by_key("lab_lesson").click().run()
    assert "Noch zu schreiben: der Titel, worum es geht, die Frage" in german.info[0].value
    assert shared(english, german) <= {"Glorot uniform"}, "the names of choices are those of the spec"
    for language, app in (("en", english), ("de", german)):
        with spoken_in(language):  # AppTest asks a list here, outside its session, what it calls its choices
            write(app)
            app.get_by_key(key("keep")).click().run()
            app.get_by_key(key("check")).click().run()
        assert not app.exception
    written = {line for text in SAID.values() for line in text.splitlines()}
    assert {piece for piece in shared(english, german) if f"{piece}." not in written} <= {"Glorot uniform", *written}


def test_a_refusal_in_the_editor_is_german_for_who_asks_for_it(lab):
    german = opened_in("de", "lab", x=ended(lab))
    german.get_by_key("lab_lesson").click().run()
    with spoken_in("de"):
        write(german)
        german.get_by_key(key("explanation")).set_value("{C.loss}").run()
    told = german.info[0].value.replace("\\", "")
    assert "Noch zu tun. Erklärung:\u2060 Es gibt keinen Lauf C; zu zitieren sind A, B." in told


@pytest.fixture
def sent(lab):
    """A lesson somebody sent, with text that would do something if it were Markdown or HTML."""
    text = text_of(LESSONS[0]).replace("Inputs in the thousands", "<b>![x](http://evil.example/i.png)")
    return Shelf(lab.settings.data / "lessons").put(text.encode())


def test_a_link_opens_a_lesson_that_was_kept_and_its_text_is_inert(page, app, sent):
    app.run()
    app.query_params["lesson"] = sent.id
    app.switch_page("../../pages/lessons.py").run()
    assert not app.exception
    assert app.title[0].value.startswith(r"\<b\>\!\[x\]\(http")
    app.get_by_key("lesson_skip").click().run()
    assert not app.exception
    assert app.query_params["lesson"] == sent.id


def test_a_lesson_file_is_opened_or_refused_in_a_sentence(page):
    app = page("lessons")
    app.file_uploader[0].upload("evil.toml", b"title = 1").run()
    assert not app.exception
    assert "The file is no lesson" in app.warning[0].value
    app.file_uploader[0].upload("good.toml", text_of(LESSONS[1]).encode()).run()
    assert not app.exception
    assert app.title[0].value == LESSONS[1].title


def test_an_experiment_that_compares_nothing_is_no_lesson(app, lab):
    app.query_params["x"] = lab.store.submit(load_spec(SPEC.model_dump(mode="json") | {"vary": {}}))
    with lab.store.database.write() as connection:
        connection.execute(update(schema.run).values(state="done"))
    app.run()
    assert "lab_lesson" not in [button.key for button in app.button]
