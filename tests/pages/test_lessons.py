"""The lessons page."""

import pytest
from sqlalchemy import update

from core.jobs.lab import Lab
from core.jobs.storage import schema
from core.lessons import LESSONS

from .test_lab import words


def test_the_gallery_shows_every_lesson(page):
    app = page("lessons")
    assert not app.exception
    assert [heading.value.partition(". ")[2] for heading in app.subheader] == [lesson.title for lesson in LESSONS]


def test_a_lesson_asks_before_it_runs(page, lab):
    app = page("lessons")
    app.get_by_key(f"lessons_{LESSONS[0].id}").click().run()
    assert not app.exception
    assert app.radio[0].value is None
    assert app.get_by_key("lesson_run").disabled
    app.radio[0].set_value(0).run()
    app.get_by_key("lesson_run").click().run()
    assert not app.exception
    assert lab.store.experiments()[0].title == LESSONS[0].title
    assert app.get("bidi_component")
    assert LESSONS[0].explanation not in words(app)


def end(lab: Lab, state: str) -> None:
    with lab.store.database.write() as connection:
        connection.execute(update(schema.run).values(state=state))


@pytest.mark.parametrize(("state", "explained"), [("done", True), ("diverged", True), ("cancelled", False)])
def test_the_explanation_comes_after_a_whole_run(page, lab, state, explained):
    app = page("lessons")
    app.get_by_key(f"lessons_{LESSONS[1].id}").click().run()
    app.get_by_key("lesson_skip").click().run()
    end(lab, state)
    app.run()
    assert not app.exception
    assert (LESSONS[1].explanation.strip() in words(app)) == explained
    assert ("Answer:" in words(app)) == explained


def test_a_wrong_prediction_is_told_kindly(page, lab):
    app = page("lessons")
    app.get_by_key(f"lessons_{LESSONS[0].id}").click().run()
    app.radio[0].set_value(0).run()
    app.get_by_key("lesson_run").click().run()
    end(lab, "done")
    app.run()
    assert "It came out differently" in words(app)


def test_an_unknown_lesson_shows_the_gallery_and_a_sentence(page, app):
    app.run()
    app.query_params["lesson"] = "nothing"
    app.switch_page("../../pages/lessons.py").run()
    assert not app.exception
    assert len(app.subheader) == len(LESSONS)
