"""Links to the lab: what they hide, lock and set, and the dialog that makes them."""

import pytest

from core.spec import load_spec
from core.ui.lab.knobs import FIRST
from core.ui.lab.link import decode, encode

from .test_class import opened
from .test_lab import button, knob, words

LINKED = load_spec(
    FIRST.model_dump(mode="json") | {"title": "", "vary": {"training.learning_rate": [0.5, 0.25]}, "seeds": 2}
)


def keys(app):
    return [widget.key for kind in ("multiselect", "pills", "number_input") for widget in app.get(kind)]


def test_what_a_link_hides_is_not_there_and_still_applies(lab):
    app = opened("lab", spec=encode(LINKED), hide="learning_rate,training.epochs,data,seeds", lock="scaling")
    assert not {key for key in keys(app) if key.endswith(("learning_rate", "epochs", "seeds"))}
    assert knob(app, "preprocessing.scaling").disabled
    assert not knob(app, "training.batch_size").disabled
    assert not app.file_uploader
    button(app).click().run()
    assert not app.exception
    (summary,) = lab.store.experiments()
    assert lab.store.experiment(summary.id).spec.hash() == LINKED.hash()
    assert app.query_params["hide"]


def test_a_whole_group_can_be_hidden(lab):
    from core.ui.lab.knobs import KNOBS, OPTIMISATION

    app = opened("lab", hide=",".join(knob.path for knob in KNOBS if knob.group == OPTIMISATION))
    assert not [key for key in keys(app) if key.startswith("lab_knob_training")]
    assert "Architecture" in words(app)
    assert "**Optimisation**" not in words(app)


def test_a_name_that_is_none_is_told_and_the_rest_holds(lab):
    app = opened("lab", hide="scaling,**x**")
    (told,) = [warning.value for warning in app.warning]
    assert "is no control here" in told
    assert "**x**" not in told
    assert "lab_knob_preprocessing_scaling" not in keys(app)


def test_a_broken_link_leaves_the_lab_as_it_was(lab):
    app = opened("lab", spec="nonsense")
    assert "not complete" in words(app)
    assert knob(app, "training.learning_rate")
    assert lab.store.experiments() == ()


@pytest.mark.parametrize("target", ["petal_zz", ["species", "petal_zz"]])
def test_a_link_to_a_target_that_is_not_there_is_told_and_can_be_mended(lab, target):
    spec = FIRST.model_dump(mode="json") | {"data": {"source": "sample:iris", "target": target}}
    app = opened("lab", spec=encode(load_spec(spec)))
    assert not app.exception
    assert any("zz" in told.value for kind in (app.error, app.warning, app.markdown) for told in kind)
    app.run()
    assert not app.exception


def shared(app):
    """The parameters of the link in the dialog."""
    from urllib.parse import parse_qs, urlsplit

    return {name: values[0] for name, values in parse_qs(urlsplit(app.code[0].value).query).items()}


def test_sharing_makes_a_link_to_the_settings_as_they_are(lab):
    app = opened("lab")
    knob(app, "training.learning_rate").set_value(["0.25"]).run()
    button(app, "lab_share").click().run()
    assert not app.exception
    assert decode(shared(app)["spec"]).training.learning_rate == 0.25
    assert "QR code" in " ".join(element.proto.body for element in app.get("html"))
    assert not app.radio, "nothing was run, so there is nothing to choose"
    assert lab.store.experiments() == ()


@pytest.mark.parametrize("name", ["repair", "exercise"])
def test_a_link_leaves_a_part_of_a_lesson_out(lab, name):
    from core.lessons import LESSONS

    from .test_lessons import end

    app = opened("lessons", lesson=LESSONS[0].id, hide=name)
    app.get_by_key("lesson_skip").click().run()
    end(lab)
    app.run()
    assert not app.exception
    titles = {"repair": "Repair it", "exercise": "Try it yourself"}
    assert titles.pop(name) not in words(app)
    assert titles.popitem()[1] in words(app)
    assert app.query_params["hide"] == name


def test_a_link_locks_knobs_of_an_exercise(lab):
    from core.lessons import LESSONS

    from .test_lessons import end

    app = opened("lessons", lesson=LESSONS[0].id, hide="epochs", lock="learning_rate")
    app.get_by_key("lesson_skip").click().run()
    end(lab)
    app.run()
    found = {group.key.rpartition(".")[2]: group.disabled for group in app.button_group if "lesson_knob" in group.key}
    assert found == {"learning_rate": True, "scaling": False}
    app.get_by_key("lesson_try").click().run()
    assert not app.exception
