"""Live in the lab: a turn of a knob trains at once, the next one supersedes it, undo goes back."""

import pytest
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest

from core.jobs.lab import Lab
from core.jobs.storage import schema
from core.jobs.storage.records import Experiment, State
from core.spec import load_spec

from .test_lab import button, charts, knob, words

IRIS = {"data": {"source": "sample:iris", "target": "species"}}
RATE = "training.learning_rate"


def experiments(lab: Lab) -> list[Experiment]:
    """All there are, listed or not, in the order of their submission."""
    first = select(schema.run.c.experiment).where(schema.run.c.position == 0).order_by(schema.run.c.id)
    with lab.store.database.read() as connection:
        return [lab.store.experiment(row.experiment) for row in connection.execute(first)]


def end(lab: Lab) -> None:
    """Let all runs that wait end well."""
    with lab.store.database.write() as connection:
        connection.execute(update(schema.run).where(schema.run.c.state == State.QUEUED).values(state=State.DONE))


def shown(app: AppTest) -> str:
    return str(charts(app)[0]["experiment"])


def turn(app: AppTest, *tokens: str, path: str = RATE) -> None:
    knob(app, path).set_value(list(tokens)).run()
    assert not app.exception


@pytest.fixture
def live(app):
    """The lab with the switch on and what it trained for that."""
    app.run()
    app.get_by_key("live").set_value(True).run()
    assert not app.exception
    return app


def test_it_is_off_at_first_and_a_turn_trains_nothing(app, lab):
    app.run()
    assert app.get_by_key("live").value is False
    turn(app, "0.1")
    assert experiments(lab) == []
    assert button(app).label.startswith("Run 1 experiment")


def test_a_turn_trains_once_and_what_is_no_turn_trains_nothing(live, lab):
    assert len(experiments(lab)) == 1
    turn(live, "0.1")
    turn(live, "0.1")
    live.run()
    first, second = experiments(lab)
    assert (first.spec.training.learning_rate, second.spec.training.learning_rate) == (0.001, 0.1)
    assert shown(live) == second.id == live.query_params["x"]
    assert not [b for b in live.button if b.key == "lab_run_button"]
    turn(live, "fast")
    assert len(experiments(lab)) == 2


@pytest.mark.parametrize(
    ("path", "before", "chosen"), [("preprocessing.scaling", "standard", "minmax"), (RATE, "0.001", "0.1")]
)
def test_a_value_that_is_chosen_takes_the_place_of_the_one_before(app, lab, live, path, before, chosen):
    assert knob(live, path).value == [before]
    turn(live, before, chosen, path=path)
    assert knob(live, path).value == [chosen]
    assert len(experiments(lab)[-1].runs) == 1
    turn(live, chosen, before, path=path)
    assert knob(live, path).value == [before]
    live.get_by_key("live").set_value(False).run()
    turn(live, before, chosen, path=path)
    assert knob(live, path).value == [before, chosen]
    live.get_by_key("live").set_value(True).run()
    assert len(experiments(lab)[-1].runs) == 2, "what was compared stays compared"


def test_the_next_turn_cancels_the_one_before_and_nobody_elses(live, lab):
    other = lab.store.submit(load_spec(IRIS), series="somebody else")
    ordinary = lab.store.submit(load_spec(IRIS))
    turn(live, "0.1")
    turn(live, "0.01")
    states = {e.id: e.runs[0].state for e in experiments(lab)}
    assert [states.pop(there) for there in (other, ordinary)] == [State.QUEUED, State.QUEUED]
    assert list(states.values()) == [State.CANCELLED, State.CANCELLED, State.QUEUED]


def test_turns_are_in_no_list_until_one_is_kept_and_that_one_is_not_cancelled(live, lab):
    turn(live, "0.1")
    kept = shown(live)
    assert lab.store.experiments() == ()
    button(live, "lab_keep").click().run()
    assert button(live, "lab_keep").disabled
    turn(live, "0.01")
    assert [summary.id for summary in lab.store.experiments()] == [kept]
    assert lab.store.experiment(kept).runs[0].state == State.QUEUED


def test_undo_brings_back_knobs_and_curves_at_once_and_redo_leads_forth(live, lab):
    end(lab)
    before = shown(live)
    turn(live, "0.1")
    end(lab)
    after = shown(live)
    turn(live, "sgd", path="training.optimizer")
    end(lab)
    for _ in range(2):
        button(live, "lab_undo").click().run()
    assert (knob(live, RATE).value, knob(live, "training.optimizer").value) == (["0.001"], ["adam"])
    assert shown(live) == before
    assert button(live, "lab_undo").disabled
    button(live, "lab_redo").click().run()
    assert (knob(live, RATE).value, shown(live)) == (["0.1"], after)
    assert len(experiments(lab)) == 3
    assert live.query_params["x"] == after


def test_undo_trains_again_what_was_cut_short(live, lab):
    turn(live, "0.1")
    button(live, "lab_undo").click().run()
    *_, cut, again = experiments(lab)
    assert cut.runs[0].state == State.CANCELLED
    assert shown(live) == again.id
    assert (again.spec.training.learning_rate, again.runs[0].state) == (0.001, State.QUEUED)


def test_a_value_turned_back_to_is_shown_and_not_trained_again(live, lab):
    end(lab)
    before = shown(live)
    turn(live, "0.1")
    turn(live, "0.001")
    assert shown(live) == before
    assert len(experiments(lab)) == 2


def test_an_address_that_comes_late_turns_no_knob_back(live, lab):
    """A browser sends the address it had when the knob was turned, before it has heard of the one after."""
    late = live.query_params["x"]
    turn(live, "0.1")
    live.query_params["x"] = late
    turn(live, "0.01")
    assert knob(live, RATE).value == ["0.01"]
    assert [e.spec.training.learning_rate for e in experiments(lab)] == [0.001, 0.1, 0.01]


def test_an_address_somebody_else_gave_is_followed(live, lab):
    turn(live, "0.1")
    live.query_params["x"] = link = lab.store.submit(load_spec(IRIS | {"training": {"optimizer": "sgd"}}))
    live.run()
    assert shown(live) == link
    assert knob(live, "training.optimizer").value == ["sgd"]
    assert len(experiments(lab)) == 3


def test_who_follows_a_link_to_a_turn_keeps_it(app, lab):
    app.query_params["x"] = step = lab.store.submit(load_spec(IRIS), series="somebody else")
    app.run()
    assert [summary.id for summary in lab.store.experiments()] == [step]


def test_a_link_to_the_curves_of_a_turn_keeps_them_and_one_to_the_settings_does_not(live, lab):
    turn(live, "0.1")
    button(live, "lab_share").click().run()
    assert lab.store.experiments() == ()
    live.get_by_key("lab_share_curves").set_value(True).run()
    assert not live.exception
    assert [summary.id for summary in lab.store.experiments()] == [shown(live)]


def test_a_link_opens_live(app, lab):
    app.query_params["live"] = "true"
    app.run()
    assert app.get_by_key("live").value is True
    assert len(experiments(lab)) == 1


def test_what_takes_long_needs_the_button(live, lab):
    turn(live, "10000", path="training.epochs")
    assert "Too large for" not in words(live)
    turn(live, "100000", path="training.epochs")
    assert "Too large for" in words(live)
    assert len(experiments(lab)) == 2
    button(live).click().run()
    assert [summary.id for summary in lab.store.experiments()] == [shown(live)]


def test_other_data_is_a_turn_with_axes_of_its_own(live, lab):
    view = charts(live)[0]["view"]
    turn(live, "0.1")
    assert charts(live)[0]["view"] == view != ""
    live.get_by_key("lab_sample").set_value("diabetes").run()
    assert not live.exception
    assert experiments(lab)[-1].spec.data.source == "sample:diabetes"
    assert charts(live)[0]["view"] != view


def test_undo_without_live_takes_back_a_knob_and_then_a_run(app, lab):
    app.run()
    button(app).click().run()
    first = shown(app)
    turn(app, "0.1")
    button(app, "lab_undo").click().run()
    assert (knob(app, RATE).value, shown(app)) == (["0.001"], first)
    turn(app, "0.1")
    button(app).click().run()
    button(app, "lab_undo").click().run()
    assert (knob(app, RATE).value, shown(app)) == (["0.001"], first)
    assert len(experiments(lab)) == 2
