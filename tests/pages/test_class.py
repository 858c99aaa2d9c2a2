"""The page Class, and lessons inside a class."""

import re
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import core.lessons
from core.jobs.classroom.classrooms import Classrooms
from core.jobs.classroom.records import Step
from core.lessons import LESSONS, lessons_in
from core.ui.classroom.curves import drawing_of
from core.ui.classroom.teacher import OVER

from .conftest import ROUTER
from .diagnosed import submit, trained
from .spoken import opened_in, untranslated
from .test_lab import words
from .test_lessons import end

FIRST, SECOND = LESSONS[:2]
RIGHT = '<span role="img" aria-label="the right answer">✓</span>'
CATALOGUE = Path(core.lessons.__file__).parent / "catalogue"


def opened(path: str, **address: str) -> Any:
    """Open a page of the app in a new tab."""
    app = AppTest.from_file(str(ROUTER), default_timeout=60).run()
    app.query_params.update(address)
    app.switch_page(f"../../pages/{path}.py").run()
    assert not app.exception
    return app


def html(app):
    return " ".join(element.proto.body for element in app.get("html"))


@pytest.fixture
def room(lab):
    """A class for the first two lessons: (teacher's key, code)."""
    key = lab.store.classrooms.open([FIRST.id, SECOND.id], 3600)
    return key, lab.store.classrooms.conducted_with(key).code


def member_of(lab, key):
    return lab.store.classrooms.members(lab.store.classrooms.conducted_with(key).id)


def joined(lab, room):
    return lab.store.classrooms.join(room[1], "test")


def test_a_teacher_opens_a_class_and_gets_a_code_and_a_key(lab):
    app = opened("class")
    app.get_by_key("class_open_button").click().run()
    assert not app.exception
    room = lab.store.classrooms.conducted_with(app.query_params["teach"])
    assert room.lessons == (FIRST.id,)
    assert room.code in html(app)
    assert "Nobody is here yet" in words(app) + app.info[0].value
    assert app.query_params["teach"] not in html(app)


def test_a_link_with_the_code_joins_with_one_press(lab, room):
    app = opened("class", code=room[1])
    app.get_by_key("class_join_button").click().run()
    assert not app.exception
    (member,) = member_of(lab, room[0])
    assert member.name in words(app)
    assert "code" not in app.query_params
    assert "teach" not in app.query_params


def test_a_wrong_code_is_told_and_joins_nothing(lab, room):
    app = opened("class", code="ZZZZZZ")
    app.get_by_key("class_join_button").click().run()
    assert not app.exception
    assert "no class with this code" in app.warning[0].value
    assert member_of(lab, room[0]) == ()


@pytest.mark.parametrize("code", ["<b>x", "ZZZZZZ", "**a**"])
def test_an_invitation_to_no_class_is_told_at_once_and_its_code_is_inert(lab, room, code):
    app = opened("class", code=code)
    (warning,) = app.warning
    assert warning.value.startswith("There is no class with this code")
    assert app.get_by_key("class_code").value == code
    assert code not in words(app) + html(app)
    app.run()
    assert not app.warning
    assert not opened("class", code=room[1]).warning


@pytest.mark.parametrize("address", [{"me": "nothing"}, {"teach": "nothing"}, {"me": "<b>", "teach": "'"}])
def test_an_address_that_is_none_leads_to_the_door(lab, address):
    app = opened("class", **address)
    assert "has ended" in app.warning[0].value
    assert app.get_by_key("class_join_button")
    assert not app.query_params


def test_a_members_secret_does_not_open_the_teachers_view(lab, room):
    app = opened("class", teach=joined(lab, room))
    assert "has ended" in app.warning[0].value
    assert not [toggle for toggle in app.toggle if toggle.label == "Hold the answer"]


def in_lesson(lab, room, lesson=FIRST, **address):
    secret = joined(lab, room)
    return secret, opened("lessons", lesson=lesson.id, me=secret, **address)


def test_what_a_learner_does_is_written_down_and_private(lab, room):
    _, app = in_lesson(lab, room)
    assert member_of(lab, room[0])[0].in_lesson(FIRST.id).step == Step.QUESTION
    app.radio[0].set_value(1).run()
    app.get_by_key("lesson_run").click().run()
    assert not app.exception
    (member,) = member_of(lab, room[0])
    known = member.in_lesson(FIRST.id)
    assert (known.step, known.guess, known.runs) == (Step.RUNNING, 1, app.query_params["x"])
    end(lab)
    app.run()
    assert member_of(lab, room[0])[0].in_lesson(FIRST.id).step == Step.ANSWER
    app.get_by_key("lesson_try").click().run()
    end(lab)
    app.run()
    known = member_of(lab, room[0])[0].in_lesson(FIRST.id)
    assert (known.step, known.attempts, known.solved) == (Step.TRIED, 1, False)
    assert lab.store.experiments(seen_by=[]) == ()
    assert len(lab.store.experiments(seen_by=[member.id])) == 2
    assert "Nothing has been run yet" in words(opened("runs"))


def test_a_lesson_outside_a_class_is_in_the_list_of_its_tab_alone(lab, page):
    app = page("lessons")
    app.get_by_key(f"lessons_{FIRST.id}").click().run()
    app.get_by_key("lesson_skip").click().run()
    assert "Nothing has been run yet" in words(opened("runs"))
    app.switch_page("../../pages/runs.py").run()
    assert FIRST.title in words(app)


def test_a_lesson_that_is_none_of_the_class_says_so(lab, room):
    secret, learner = in_lesson(lab, room)
    told = "This lesson is not one of your class"
    assert told not in words(learner)
    assert told in words(opened("lessons", lesson=LESSONS[2].id, me=secret))


def test_an_answer_that_is_held_is_shown_once_it_is_revealed(lab, room):
    lab.store.classrooms.hold(room[0], [FIRST.id])
    _, app = in_lesson(lab, room)
    app.radio[0].set_value(FIRST.answer).run()
    app.get_by_key("lesson_run").click().run()
    end(lab)
    app.run()
    assert not app.exception
    text = words(app)
    assert "Your teacher reveals the answer" in text
    for spoiler in ("As you said", "Answer:", "What you see.", "Repair it", "Try it yourself"):
        assert spoiler not in text
    lab.store.classrooms.hold(room[0], [])
    app.run()
    assert "As you said" in words(app)


@pytest.mark.slow
@pytest.mark.parametrize("step", ["2", "3", "4", "5"])
def test_an_answer_that_is_held_is_not_in_the_presenters_view_either(lab, room, step):
    lab.store.classrooms.hold(room[0], [FIRST.id])
    secret, learner = in_lesson(lab, room)
    learner.get_by_key("lesson_skip").click().run()
    end(lab)
    address = {**learner.query_params, "present": "1", "step": step}
    app = opened("lessons", **address)
    assert FIRST.look in html(app)
    assert "What you see." not in html(app)
    assert FIRST.exercise.task.split("\n", maxsplit=1)[0] not in html(app)
    assert app.get_by_key("present_next").disabled
    assert len(lab.store.experiments(seen_by=[lab.store.classrooms.of_member(secret)[1].id])) == 1
    lab.store.classrooms.hold(room[0], [])
    app.run()
    assert FIRST.look not in html(app)


def test_a_teacher_sees_predictions_and_reveals(lab, room):
    _, learner = in_lesson(lab, room)
    learner.radio[0].set_value(1).run()
    learner.get_by_key("lesson_run").click().run()
    app = opened("class", teach=room[0])
    app.get_by_key(f"class_hold_{FIRST.id}").set_value(True).run()
    assert lab.store.classrooms.conducted_with(room[0]).held == {FIRST.id}
    assert '<dd class="count">1</dd>' in html(app)
    assert member_of(lab, room[0])[0].name in html(app)
    app.get_by_key("class_split").set_value(False).run()
    assert '<dd class="count">' not in html(app)
    app.get_by_key("class_reveal").click().run()
    assert not app.exception
    assert lab.store.classrooms.conducted_with(room[0]).held == frozenset()


def test_a_teacher_removes_somebody_with_all_they_did(lab, room):
    secret, learner = in_lesson(lab, room)
    learner.get_by_key("lesson_skip").click().run()
    kept = joined(lab, room)
    app = opened("class", teach=room[0])
    app.get_by_key("class_who").set_value(lab.store.classrooms.of_member(secret)[1].id).run()
    app.get_by_key("class_remove_button").click().run()
    assert not app.exception
    assert [member.id for member in member_of(lab, room[0])] == [lab.store.classrooms.of_member(kept)[1].id]
    assert lab.store.experiments() == ()


def test_who_was_sent_by_a_code_is_offered_nothing_else(lab, room):
    app = opened("class", code=room[1])
    assert app.get_by_key("class_code").value == room[1]
    assert "class_open_button" not in [button.key for button in app.button]


def test_a_hostile_name_is_text_everywhere(lab, room):
    secret = joined(lab, room)
    lab.store.classrooms.rename(secret, "<img src=x onerror=a()>**b**")
    seen = opened("class", teach=room[0])
    assert "&lt;img" in html(seen)
    assert "<img src=x" not in html(seen)
    for app in (opened("class", me=secret), opened("lessons", lesson=FIRST.id, me=secret)):
        assert "<img" not in words(app).replace("\\<img", "")
        assert "**b**" not in words(app).replace("\\*", "")


def test_a_learner_takes_another_name(lab, room):
    app = opened("class", me=joined(lab, room))
    app.get_by_key("class_name").set_value("Ada").run()
    app.get_by_key("class_name_button").click().run()
    assert not app.exception
    assert "You are **Ada**" in words(app)


def test_the_way_back_into_a_lesson_keeps_what_was_done(lab, room):
    secret, app = in_lesson(lab, room)
    app.radio[0].set_value(0).run()
    app.get_by_key("lesson_run").click().run()
    from core.ui.classroom.address import lesson_address

    known = member_of(lab, room[0])[0].in_lesson(FIRST.id)
    assert lesson_address(FIRST.id, known, secret) == dict(app.query_params)
    next(button for button in app.button if button.label == "All lessons").click().run()
    assert app.query_params["me"] == secret


def test_looking_at_a_lesson_again_loses_nothing_and_beginning_again_does(lab, room):
    _, app = in_lesson(lab, room)
    app.radio[0].set_value(1).run()
    app.get_by_key("lesson_run").click().run()
    end(lab)
    app.run()
    next(button for button in app.button if button.label == "All lessons").click().run()
    app.get_by_key(f"lessons_{FIRST.id}").click().run()
    known = member_of(lab, room[0])[0].in_lesson(FIRST.id)
    assert (known.step, known.guess) == (Step.ANSWER, 1)
    assert known.runs
    app.radio[0].set_value(1).run()
    app.get_by_key("lesson_run").click().run()
    next(button for button in app.button if button.label == "Begin again").click().run()
    assert not app.exception
    assert member_of(lab, room[0])[0].in_lesson(FIRST.id).step == Step.QUESTION


def test_ending_a_class_asks_first_and_takes_everything(lab, room):
    secret, learner = in_lesson(lab, room)
    learner.get_by_key("lesson_skip").click().run()
    app = opened("class", teach=room[0])
    app.get_by_key("class_end").click().run()
    assert "will be gone" in words(app)
    assert member_of(lab, room[0])
    lab.store.classrooms.end(room[0])
    app.session_state[OVER] = True  # what the dialog leaves, whose buttons nothing here can press
    app.run()
    assert not app.exception
    assert "The class has ended; what was in it is gone." in [success.value for success in app.success]
    assert not app.run().success, "once is enough"
    assert lab.store.experiments() == ()
    late = opened("lessons", lesson=FIRST.id, me=secret)
    assert "has ended" in late.info[0].value


def test_who_is_there_when_a_class_ends_is_told_kindly_and_keeps_their_report(lab, room, monkeypatch):
    made: list[str] = []

    def button(_label, data, name, *_args, **more):
        if name.endswith(".html") and more["key"] == "class_ended_report":
            thread = Thread(target=lambda: made.append(data()))
            thread.start()
            thread.join(60)

    secret, learner = in_lesson(lab, room)
    name = lab.store.classrooms.of_member(secret)[1].name
    learner.radio[0].set_value(FIRST.answer).run()
    learner.get_by_key("lesson_run").click().run()
    end(lab)
    learner.run()
    lab.store.classrooms.end(room[0])
    monkeypatch.setattr("streamlit.download_button", button)
    learner.run()
    assert not learner.exception
    assert [info.value for info in learner.info] == [
        "This class has ended; what you did in it is kept in this tab alone, so take it home now."
    ]
    assert [toast.value for toast in learner.toast] == [learner.info[0].value], "who reads further down is told, too"
    assert not learner.warning, "that its experiments are gone is no news"
    assert learner.get_by_key("lesson_run")
    report = made[0]
    assert name in report
    assert FIRST.options[FIRST.answer] in report
    assert "What you see." in report
    learner.query_params.clear()
    learner.query_params["me"] = secret
    learner.switch_page("../../pages/class.py").run()
    assert not learner.exception
    assert "take it home now" in learner.info[0].value
    assert len(made) == 2
    late = opened("lessons", lesson=FIRST.id, me=secret)
    assert late.info[0].value == "This class has ended. What you do now is yours alone.", "another tab has nothing"


def test_a_teachers_own_lesson_is_taken_home_as_report_and_file(lab):
    from core.ui.classroom.report import report
    from core.ui.classroom.work import from_file, to_file, work_of
    from core.ui.lessons import state

    mine = state.shelf().put((CATALOGUE / "01-scaling.toml").read_bytes())
    app = opened("lessons", lesson=mine.id)
    app.get_by_key("lesson_skip").click().run()
    end(lab)
    app.run()
    assert not app.exception
    work = work_of([state.visit_at(mine, app.query_params)])
    assert f"<h2>{mine.title}</h2>" in report(work)
    assert from_file(to_file(work)) == work
    app = opened("class")
    app.get_by_key("class_file").set_value(("work.json", to_file(work), "application/json")).run()
    assert not app.exception
    assert mine.title in words(app)
    assert "no such lesson" not in words(app)


def test_a_report_shows_a_variant_in_the_colour_it_has_on_the_page(lab):
    from core.ui.chart.variant_colours import places_of

    data = {"source": "sample:iris", "target": "species", "validation_fraction": 0}
    first, second = (
        lab.store.experiment(submit(lab, {"data": data, "vary": {"training.learning_rate": rates}}, trained_well))
        for rates in ([0.1, 0.01], [0.01, 0.1])
    )
    seen: dict[str, int] = {}
    assert [places_of(shown, seen) for shown in (first, second)] == [[0, 1], [1, 0]]
    drawn = {curve.name: curve.variant for curve in drawing_of(second, (), seen).curves}
    assert drawn == {"0.1": 0, "0.01": 1}


def trained_well(run):
    return trained(0.9, run)


def test_a_lesson_of_no_class_tells_nobody(lab, room):
    third = LESSONS[2]
    _, app = in_lesson(lab, room, third)
    app.get_by_key("lesson_skip").click().run()
    assert not app.exception
    assert member_of(lab, room[0])[0].progress == {}


def test_the_right_answer_is_marked_for_the_teacher_unless_it_is_held():
    from core.ui.classroom.teacher import split

    assert split(FIRST, [], revealed=True).count(RIGHT) == 1
    assert RIGHT not in split(FIRST, [], revealed=False)


@pytest.mark.slow
def test_a_presenter_goes_through_a_lesson_without_any_secret(lab, room, monkeypatch):
    called: list[Any] = []

    def draw(shown, names, seen):
        called.append(names)
        return drawing_of(shown, names, seen)

    monkeypatch.setattr("core.ui.classroom.present.drawing_of", draw)
    app = opened("lessons", lesson=FIRST.id, present="1", code=room[1])
    assert FIRST.question in html(app)
    assert room[1] in html(app)
    app.get_by_key("present_split").set_value(True).run()
    assert '<dd class="count">0</dd>' in html(app)
    app.get_by_key("present_next").click().run()
    assert not app.exception
    assert "Training" in words(app)
    end(lab)
    app.run()
    assert FIRST.look in html(app)
    assert "What you see." not in html(app)
    app.get_by_key("present_back").click().run()
    assert RIGHT not in html(app), "the curves alone reveal nothing"
    app.get_by_key("present_next").click().run()
    app.get_by_key("present_next").click().run()
    assert "What you see." in html(app)
    assert called[-1] == ("A · unscaled", "B · min-max"), "as the words call them"
    app.get_by_key("present_back").click().run()
    app.get_by_key("present_back").click().run()
    assert f"{FIRST.answer + 1}. {FIRST.options[FIRST.answer]} {RIGHT}" in html(app)
    app.get_by_key("present_next").click().run()
    app.get_by_key("present_next").click().run()
    app.get_by_key("present_next").click().run()  # the reason
    app.get_by_key("present_next").click().run()  # the repair
    end(lab)
    app.run()
    app.get_by_key("present_next").click().run()
    assert not app.exception
    assert FIRST.exercise.task.split("\n", maxsplit=1)[0] in html(app)
    assert app.get_by_key("present_next").disabled
    assert lab.store.experiments(seen_by=[]) == ()


def test_a_presenter_stops_looking_for_a_class_that_has_ended(lab, room, monkeypatch):
    app = opened("lessons", lesson=FIRST.id, present="1", code=room[1])
    asked, called = [], Classrooms.called

    def spy(self, code, address):
        asked.append(address)
        return called(self, code, address)

    monkeypatch.setattr(Classrooms, "called", spy)
    app.get_by_key("present_split").set_value(True).run()
    assert len(asked) == 2
    assert asked[1] is None
    lab.store.classrooms.end(room[0])
    asked.clear()
    app.run()
    assert not app.exception
    assert "it may have ended" in words(app)
    assert len(asked) == 1


@pytest.mark.parametrize("step", ["-1", "9", "²", "x" * 1000])
def test_a_step_that_is_none_is_the_first(lab, step):
    app = opened("lessons", lesson=FIRST.id, present="1", step=step)
    assert FIRST.question in html(app)


@pytest.mark.parametrize("address", [{}, {"code": "K7P2XM"}, {"me": "nothing"}, {"teach": "nothing"}])
def test_the_door_of_a_class_is_german_for_who_asks_for_it(lab, address):
    assert untranslated("class", **address) == set()


@pytest.mark.slow
def test_a_class_is_german_for_teacher_and_learner(lab, room):
    assert untranslated("class", teach=room[0]) == set()
    secret, learner = in_lesson(lab, room)
    name = lab.store.classrooms.of_member(secret)[1].name
    learner.get_by_key("lesson_skip").click().run()
    end(lab)
    learner.run()
    lab.store.classrooms.hold(room[0], [FIRST.id])
    assert untranslated("class", teach=room[0]) == {name}
    assert untranslated("class", me=secret) == {name}
    waiting = untranslated("lessons", **learner.query_params)
    assert {piece for piece in waiting if not re.search(r"19|20\d\d", piece)} == set(), "but for its sources"


@pytest.mark.parametrize("step", ["0", "1", "2", "3", "4", "5"])
def test_a_presentation_is_german_for_who_asks_for_it(lab, room, step):
    _, learner = in_lesson(lab, room)
    learner.get_by_key("lesson_skip").click().run()
    end(lab)
    address = {name: learner.query_params[name] for name in ("lesson", "guess", "x")}
    assert untranslated("lessons", **address, present="1", code=room[1], step=step) == set()


def test_a_refusal_of_a_class_is_german_for_who_asks_for_it(lab, room):
    app = opened_in("de", "class", code="ZZZZZZ")
    app.get_by_key("class_join_button").click().run()
    assert app.warning[0].value.startswith("Es gibt keinen Kurs mit diesem Code")


def test_the_links_of_a_class_keep_the_language_a_teacher_came_with(lab, room):
    (link,) = [code.value for code in opened_in("de", "class", teach=room[0]).code]
    assert link.endswith(f"code={room[1]}&lang=de")
    (link,) = [code.value for code in opened("class", teach=room[0]).code]
    assert link.endswith(f"code={room[1]}")


def test_a_report_speaks_the_language_of_its_page_though_it_is_made_elsewhere(lab, monkeypatch):
    made: list[str] = []

    def button(_label, data, name, *_args, **_more):
        thread = Thread(target=lambda: made.append(data()))
        if name.endswith(".html"):
            thread.start()
            thread.join(60)

    learner = opened_in("de", "lessons", lesson=FIRST.id)
    learner.get_by_key("lesson_skip").click().run()
    end(lab)
    monkeypatch.setattr("streamlit.download_button", button)
    learner.run()
    assert not learner.exception
    (html_page,) = made
    assert '<html lang="de">' in html_page
    assert "<h1>Laborbericht</h1>" in html_page
    assert lessons_in("de")[0].title in html_page
    assert "epoch<" not in html_page


def test_the_presenter_says_where_a_code_is_typed_and_invites_into_no_class_that_has_ended(lab, room):
    app = opened("lessons", lesson=FIRST.id, present="1", code=room[1])
    assert "/class</p>" in html(app)
    lab.store.classrooms.end(room[0])
    app = opened("lessons", lesson=FIRST.id, present="1", code=room[1])
    assert "There is no class with this code" in words(app)
    assert room[1] not in html(app)
    assert FIRST.question in html(app)
