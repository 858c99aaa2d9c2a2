"""A guest whose class has ended: back before the door, with what they did in their hands."""

from tests.pages.test_class import FIRST
from tests.pages.test_lessons import end

from .test_rules import page_for


def test_a_guest_whose_class_has_ended_takes_their_work_home_and_trains_nothing_more(lab):
    key = lab.store.classrooms.open([FIRST.id], 3600)
    secret = lab.store.classrooms.join(lab.store.classrooms.conducted_with(key).code, "here")
    address = {"lesson": FIRST.id, "me": secret}
    learner = page_for("guest", "class", {"me": secret})
    learner.query_params.update(address)
    learner.switch_page("../../pages/lessons.py").run()
    learner.radio[0].set_value(FIRST.answer).run()
    learner.get_by_key("lesson_run").click().run()
    end(lab)
    learner.run()
    lab.store.classrooms.end(key)
    learner.run()
    assert not learner.exception
    assert [info.value for info in learner.info] == [
        "This class has ended; what you did in it is kept in this tab alone, so take it home now."
    ]
    assert [button.key for button in learner.button if button.key.startswith("lesson")] == []
    assert not page_for("guest", "lessons", address).info, "another tab has nothing"
