"""The lessons page."""

import json
from typing import Any

import pytest
from sqlalchemy import update
from streamlit.runtime.state.query_params import QueryParams
from streamlit.testing.v1 import AppTest

from core.errors import InputRefused
from core.jobs.lab import Lab
from core.jobs.storage import schema
from core.lessons import LESSONS
from core.ui.lessons.state import _belongs, attempt_runs, knob_values, repair_runs

from .conftest import ROUTER
from .test_lab import words as markdown

FIRST, SECOND = LESSONS[:2]


def words(app: AppTest) -> str:
    return "\n".join((markdown(app), *(html.proto.body for html in app.get("html"))))


def browser_told(app: AppTest) -> dict[str, Any]:
    """What the browser was told of the lesson."""
    told = [json.loads(component.proto.json) for component in app.get("bidi_component")]
    return next(data for data in told if "choice" in data)


def charts(app: AppTest) -> list[dict[str, Any]]:
    """What each chart on the page was told."""
    told = [json.loads(component.proto.json) for component in app.get("bidi_component")]
    return [data for data in told if "points" in data]


def test_the_gallery_shows_every_lesson(page):
    app = page("lessons")
    assert not app.exception
    assert [heading.value.partition(". ")[2] for heading in app.subheader] == [lesson.title for lesson in LESSONS]


def opened(page, lesson=FIRST):
    app = page("lessons")
    app.get_by_key(f"lessons_{lesson.id}").click().run()
    assert not app.exception
    return app


def end(lab: Lab, state: str = "done") -> None:
    with lab.store.database.write() as connection:
        connection.execute(update(schema.run).values(state=state))


def ran(page, lab, guess=None, lesson=FIRST):
    """Open a lesson, predict or skip, and let its runs end."""
    app = opened(page, lesson)
    if guess is None:
        app.get_by_key("lesson_skip").click().run()
    else:
        app.radio[0].set_value(guess).run()
        app.get_by_key("lesson_run").click().run()
    end(lab)
    app.run()
    assert not app.exception
    return app


def newest(lab):
    """The specs of the runs that were submitted last."""
    return [run.spec.hash() for run in lab.store.experiment(lab.store.experiments()[0].id).runs]


def hashes(runs):
    return [run.hash() for run in runs]


def test_a_lesson_asks_before_it_runs(page, lab):
    app = opened(page)
    assert app.radio[0].value is None
    assert app.get_by_key("lesson_run").disabled
    app.radio[0].set_value(0).run()
    app.get_by_key("lesson_run").click().run()
    assert not app.exception
    assert newest(lab) == hashes(FIRST.spec.runs())
    assert charts(app)
    assert "What you see." not in words(app)
    assert "Answer:" not in words(app)


@pytest.mark.parametrize(("state", "explained"), [("done", True), ("diverged", True), ("cancelled", False)])
def test_the_explanation_comes_after_a_whole_run(page, lab, state, explained):
    app = opened(page, SECOND)
    app.get_by_key("lesson_skip").click().run()
    end(lab, state)
    app.run()
    assert not app.exception
    assert ("What you see." in words(app)) == explained
    assert ("Answer:" in words(app)) == explained
    assert "{A." not in words(app)
    assert "{B." not in words(app)


def test_a_wrong_prediction_is_told_kindly(page, lab):
    assert "It came out differently" in words(ran(page, lab, guess=1 - min(FIRST.answer, 1)))


def test_a_right_prediction_is_told(page, lab):
    assert "As you said" in words(ran(page, lab, guess=FIRST.answer))


def test_a_reload_keeps_the_prediction_and_the_runs(page, lab):
    address = dict(ran(page, lab, guess=FIRST.answer).query_params)
    anew = AppTest.from_file(str(ROUTER), default_timeout=60).run()
    anew.query_params.update(address)
    anew.switch_page("../../pages/lessons.py").run()
    assert not anew.exception
    assert "As you said" in words(anew)
    assert len(lab.store.experiments()) == 1


def test_a_link_to_runs_begins_before_the_prediction(page, lab):
    app = ran(page, lab, guess=FIRST.answer)
    del app.query_params["guess"]
    app.run()
    assert not app.exception
    assert "What you see." not in words(app)
    assert not charts(app)
    app.radio[0].set_value(0).run()
    app.get_by_key("lesson_run").click().run()
    assert "What you see." in words(app)
    assert len(lab.store.experiments()) == 1


@pytest.mark.parametrize("lesson", LESSONS[1:], ids=lambda lesson: lesson.id)
@pytest.mark.parametrize("part", ["x", "repair", "try"])
def test_curves_of_another_lesson_belong_to_none(lab, lesson, part):
    other = lab.store.experiment(lab.store.submit(FIRST.spec))
    assert not _belongs(lesson, part, other)


@pytest.mark.parametrize("part", ["x", "repair", "try"])
def test_curves_of_another_lesson_are_not_shown(page, lab, part):
    app = ran(page, lab, lesson=SECOND)
    other = app.query_params["x"]
    app.query_params.clear()
    app.query_params.update({"lesson": FIRST.id, "guess": "0", part: other})
    app.run()
    assert not app.exception
    assert "another lesson" in app.warning[0].value
    assert not charts(app)


@pytest.mark.parametrize("guess", ["99", "-1", "²", "1" * 5000, "<b>"])
def test_a_guess_that_is_none_begins_before_the_prediction(page, lab, guess):
    app = ran(page, lab, guess=FIRST.answer)
    app.query_params["guess"] = guess
    app.run()
    assert not app.exception
    assert "What you see." not in words(app)
    assert app.radio


def test_a_prediction_without_its_runs_begins_before_it(page, lab):
    app = ran(page, lab, guess=FIRST.answer)
    lab.store.delete(app.query_params["x"])
    app.run()
    assert not app.exception
    assert app.warning
    app.radio[0].set_value(0).run()
    app.get_by_key("lesson_run").click().run()
    assert newest(lab) == hashes(FIRST.spec.runs())
    assert len(lab.store.experiments()) == 1


@pytest.mark.parametrize(("key", "part"), [("lesson_mend", "repair"), ("lesson_try", "try")])
def test_what_was_cancelled_can_be_run_again(page, lab, key, part):
    app = ran(page, lab)
    app.get_by_key(key).click().run()
    cancelled = app.query_params[part]
    with lab.store.database.write() as connection:
        connection.execute(update(schema.run).where(schema.run.c.state == "queued").values(state="cancelled"))
    app.run()
    assert "Not every run finished" in words(app)
    app.get_by_key(key).click().run()
    assert not app.exception
    assert app.query_params[part] != cancelled


def test_a_refusal_is_told_in_its_lesson_alone(page, lab, monkeypatch):
    app = opened(page)

    def full(*_args, **_more):
        raise InputRefused("The queue is full.")

    monkeypatch.setattr(type(lab.store), "submit", full)
    app.get_by_key("lesson_skip").click().run()
    assert "queue is full" in app.warning[0].value
    assert app.get_by_key("lesson_skip")
    next(button for button in app.button if button.label == "All lessons").click().run()
    app.get_by_key(f"lessons_{SECOND.id}").click().run()
    assert not app.warning


def test_one_click_repairs(page, lab):
    app = ran(page, lab)
    app.get_by_key("lesson_mend").click().run()
    assert newest(lab) == hashes(repair_runs(FIRST))
    assert FIRST.repaired.hash() in newest(lab)
    end(lab)
    app.run()
    assert not app.exception
    assert "{R." not in words(app)
    assert "lesson_mend" not in [button.key for button in app.button]


def test_the_exercise_begins_with_the_untouched_program_and_trains_what_was_chosen(page, lab):
    app = ran(page, lab)
    app.get_by_key("lesson_try").click().run()
    assert newest(lab) == hashes(attempt_runs(FIRST, knob_values(FIRST, FIRST.variants[FIRST.exercise.of])))
    end(lab)
    app.run()
    assert "Not yet" in app.info[0].value
    for path, value in FIRST.exercise.solution.items():
        place = list(FIRST.exercise.knobs[path]).index(value)
        app.get_by_key(f"lesson_knob_{FIRST.id}_0_{path}").set_value(place).run()
    app.get_by_key("lesson_try").click().run()
    assert not app.exception
    assert FIRST.solved.hash() in newest(lab)


def test_what_was_chosen_a_moment_before_the_press_is_what_is_trained(page, lab):
    app = opened(page)
    app.radio[0].set_value(0).run()
    app.radio[0].set_value(FIRST.answer)
    app.get_by_key("lesson_run").click().run()
    assert app.query_params["guess"] == str(FIRST.answer)
    end(lab)
    app.run()
    for path, value in FIRST.exercise.solution.items():
        place = list(FIRST.exercise.knobs[path]).index(value)
        app.get_by_key(f"lesson_knob_{FIRST.id}_0_{path}").set_value(place)
    app.get_by_key("lesson_try").click().run()
    assert not app.exception
    assert newest(lab) == hashes(FIRST.with_seeds(FIRST.solved))


def test_what_is_chosen_and_not_yet_run_survives_a_reload(page, lab):
    app = opened(page)
    app.radio[0].set_value(FIRST.answer).run()
    anew = AppTest.from_file(str(ROUTER), default_timeout=60).run()
    # Put into the address by the browser: set here, each choice would be a step on the way back.
    assert set(app.query_params) == {"lesson"}
    anew.query_params.update({**app.query_params, "choice": browser_told(app)["choice"]})
    anew.switch_page("../../pages/lessons.py").run()
    assert anew.radio[0].value == FIRST.answer
    assert not lab.store.experiments()
    next(button for button in anew.button if button.key == "lesson_run").click().run()
    assert set(anew.query_params) == {"lesson", "guess", "x"}
    assert browser_told(anew)["choice"] == ""


def test_each_step_of_a_lesson_is_one_step_on_the_way_back(page, lab, monkeypatch):
    said: list[str] = []
    send = QueryParams._send_query_param_msg

    def spy(self):
        send(self)
        said.append(str(sorted(self)))

    app = opened(page)
    monkeypatch.setattr(QueryParams, "_send_query_param_msg", spy)
    app.radio[0].set_value(0).run()
    app.get_by_key("lesson_run").click().run()
    end(lab)
    app.run()
    app.get_by_key("lesson_mend").click().run()
    end(lab)
    app.run()
    app.get_by_key("lesson_try").click().run()
    parts = ["guess", "lesson", "x"]
    assert said == [str(parts), str(sorted([*parts, "repair"])), str(sorted([*parts, "repair", "try"]))]


def test_a_run_is_called_by_its_letter_and_what_differs(page, lab):
    app = ran(page, lab)
    (chart,) = charts(app)
    assert chart["groups"] == ["A · unscaled", "B · min-max"]
    assert chart["settings"] == ["Run", "Scaling"]
    app.get_by_key("lesson_mend").click().run()
    assert charts(app)[0]["groups"] == ["B · learning rate 0.001", "Repaired · learning rate 0.1"]


def test_beginning_again_forgets_the_answer(page, lab):
    app = ran(page, lab, guess=FIRST.answer)
    next(button for button in app.button if button.label == "Begin again").click().run()
    assert not app.exception
    assert "What you see." not in words(app)
    assert set(app.query_params) == {"lesson"}


def test_an_unknown_lesson_shows_the_gallery_and_a_sentence(page, app):
    app.run()
    app.query_params["lesson"] = "nothing"
    app.switch_page("../../pages/lessons.py").run()
    assert not app.exception
    assert len(app.subheader) == len(LESSONS)


@pytest.mark.parametrize("lesson", [lesson for lesson in LESSONS if lesson.picture], ids=lambda lesson: lesson.id)
def test_pictures_open_with_the_one_that_tells_the_story(page, lab, lesson):
    app = ran(page, lab, guess=0, lesson=lesson)
    told = [json.loads(component.proto.json) for component in app.get("bidi_component")]
    assert [data["wanted"] for data in told if "wanted" in data] == [lesson.picture]
