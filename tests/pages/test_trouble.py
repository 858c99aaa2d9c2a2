"""A database that cannot be used just now, and what somebody else has just deleted: a sentence on every page."""

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import WorkFailed
from core.jobs.storage.room import FULL, Room
from core.lessons import LESSONS
from core.spec import load_spec
from core.ui.lessons.state import RUNS
from core.ui.trouble import say

from .conftest import ROUTER
from .diagnosed import FRIEDMAN, ask, submit, trained

BUSY = "The database could not be used just now (database is locked)."
IRIS = {"data": {"source": "sample:iris", "target": "species"}}


def opened(path, **address):
    """Open a page in a new tab."""
    app = AppTest.from_file(str(ROUTER), default_timeout=60).run()
    app.query_params.update(address)
    return app.switch_page(f"../../pages/{path}.py").run()


def said(app):
    told = [*app.error, *app.warning, *app.toast]
    return " ".join(element.value for element in told).replace("\\", "").replace("\u2060", "")


def press(app, label):
    return next(button for button in app.button if button.label == label).click().run()


def busy(**_how):
    raise WorkFailed(BUSY)


PLACES = [
    "the lab",
    "a lesson",
    "a diagnosis",
    "the start of a diagnosis",
    "a seat in a class",
    "a class",
    "the runs",
    "the presenter",
]


@pytest.fixture
def addresses(lab):
    """For each page an address of which it has to read something."""
    experiment = submit(lab, FRIEDMAN, lambda run: trained(0.5, run))
    key = lab.store.classrooms.open([LESSONS[0].id], 3600)
    secret = lab.store.classrooms.join(lab.store.classrooms.conducted_with(key).code, "test")
    return {
        "the lab": ("lab", {"x": experiment}),
        "a lesson": ("lessons", {"lesson": LESSONS[0].id, "me": secret}),
        "a diagnosis": ("diagnose", {"x": experiment, "run": "0"}),
        "the start of a diagnosis": ("diagnose", {}),
        "a seat in a class": ("class", {"me": secret}),
        "a class": ("class", {"teach": key}),
        "the runs": ("runs", {}),
        "the presenter": ("lessons", {"lesson": LESSONS[0].id, "present": "1", "me": secret}),
    }


@pytest.mark.parametrize("name", PLACES)
def test_a_page_whose_read_fails_says_so_and_is_there_again_after_it(name, lab, addresses, monkeypatch):
    path, address = addresses[name]
    app = opened(path, **address)
    assert not app.exception
    assert BUSY not in said(app)
    with monkeypatch.context() as patch:
        patch.setattr(lab.store.database, "read", busy)
        lab.store._parsed.clear()
        app.run()
        assert not app.exception
        assert BUSY in said(app)
    app.run()
    assert not app.exception
    assert BUSY not in said(app)


@pytest.mark.parametrize("name", PLACES)
def test_every_page_can_be_opened_on_a_full_disk_and_says_that_it_is_full(name, lab, addresses, monkeypatch):
    path, address = addresses[name]
    with monkeypatch.context() as patch:
        patch.setattr(Room, "free", 0)
        app = opened(path, **address)
        assert not app.exception
        assert [warning.value for warning in app.warning] == [FULL]
    app.run()
    assert FULL not in said(app)


def test_what_fills_the_disk_can_be_deleted(lab, monkeypatch):
    def dialog(identity):
        import streamlit as st

        from core.ui.runs.experiment_list import _delete

        st.session_state.gone = _delete(identity)

    identity = lab.store.submit(load_spec(IRIS))
    monkeypatch.setattr(Room, "free", 0)
    app = AppTest.from_function(dialog, args=(identity,)).run()
    assert not app.exception
    assert app.session_state.gone
    assert lab.store.experiments() == ()


def test_run_on_a_full_disk_says_why_not(lab, monkeypatch):
    app = opened("lab")
    monkeypatch.setattr(Room, "free", 0)
    press(app, next(button.label for button in app.button if button.label.startswith("Run ")))
    assert not app.exception
    assert any("red[The disk is full" in words.value for words in app.markdown)
    assert lab.store.experiments() == ()


def test_cancel_of_an_experiment_that_was_deleted_says_so(lab):
    identity = lab.store.submit(load_spec(IRIS))
    app = opened("lab", x=identity)
    lab.store.delete(identity)
    press(app, "Cancel")
    assert not app.exception
    assert "There is no such experiment" in said(app)


def test_cancel_of_a_lesson_that_was_deleted_says_so(lab):
    app = opened("lessons", lesson=LESSONS[0].id)
    app.get_by_key("lesson_skip").click().run()
    lab.store.delete(app.query_params[RUNS])
    press(app, "Cancel")
    assert not app.exception
    assert "There is no such experiment" in said(app)


@pytest.mark.parametrize("page", ["lab", "lessons", "diagnose"])
def test_cancel_while_the_database_is_busy_says_so_and_cancels_nothing(page, lab, monkeypatch):
    if page == "lessons":
        app = opened("lessons", lesson=LESSONS[0].id)
        app.get_by_key("lesson_skip").click().run()
    elif page == "lab":
        app = opened("lab", x=lab.store.submit(load_spec(IRIS)))
    else:
        app = opened("diagnose", d=ask(lab, submit(lab, FRIEDMAN, lambda run: trained(0.5, run))))
    with monkeypatch.context() as patch:
        patch.setattr(lab.store.database, "write", busy)
        press(app, "Cancel")
    assert not app.exception
    assert BUSY in said(app)
    assert "Cancel" in [button.label for button in app.run().button]


@pytest.mark.parametrize("what", ["delete", "end"])
def test_delete_and_end_say_so_in_their_dialog_while_the_database_is_busy(what, lab, monkeypatch):
    def dialog(what):
        import streamlit as st

        from core.ui.classroom.teacher import _ended
        from core.ui.runs.experiment_list import _delete

        st.session_state.gone = {"delete": _delete, "end": _ended}[what]("whatever")

    monkeypatch.setattr(lab.store.database, "write", busy)
    app = AppTest.from_function(dialog, args=(what,)).run()
    assert not app.exception
    assert said(app) == BUSY
    assert not app.session_state.gone


def test_a_table_that_was_lost_on_disk_is_told_and_the_lab_starts_afresh(lab, tmp_path):
    table = lab.store.datasets.add(b"x,y\n1,2\n2,3\n3,4\n4,5\n", "mine.csv")
    spec = {"data": {"source": f"dataset:{table}", "target": "y"}}
    identity = lab.store.submit(load_spec(spec))
    (tmp_path / "datasets" / table).unlink()
    app = opened("lab", x=identity)
    assert not app.exception
    assert "upload it again" in said(app)
    press(app, "Start afresh with iris")
    assert not app.exception
    assert "upload it again" not in said(app)


def test_only_what_has_a_sentence_for_people_is_told_to_them():
    def part():
        from core.errors import WorkFailed
        from core.ui.trouble import told

        def broken():
            raise WorkFailed("The disk is **full**.")

        told(broken)()

    app = AppTest.from_function(part).run()
    assert not app.exception
    assert said(app) == "The disk is **full**."
    assert not say(ZeroDivisionError("secret of the machine"))


def test_the_example_of_the_start_page_is_run_again_where_somebody_deleted_it(lab):
    import app
    from core.ui.lab.state import EXAMPLE_KEY

    app._run_example(lab)
    first = lab.store.find(EXAMPLE_KEY)
    app._run_example(lab)
    assert lab.store.find(EXAMPLE_KEY) == first
    lab.store.delete(first)
    app._run_example(lab)
    assert lab.store.find(EXAMPLE_KEY) not in {None, first}


def test_the_server_has_the_same_answer_for_what_no_page_has_caught():
    import app

    assert app.app._on_script_error is say
    assert not app.app._on_script_error(KeyError("x"))
