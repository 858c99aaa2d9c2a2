"""The diagram of the network in the lab: another view of the knob of the hidden layers, not a second value."""

import json
from typing import Any

from core.spec import load_spec
from core.ui.lab.chosen import knob_key
from core.ui.network.network import _edited

from .test_lab import knob

IRIS = {"data": {"source": "sample:iris", "target": "species"}}


def diagram(app: Any) -> dict[str, Any]:
    found = [json.loads(component.proto.json) for component in app.get("bidi_component")]
    data: dict[str, Any] = next(data for data in found if "layers" in data)
    return data


def units(app: Any) -> list[int]:
    return [layer["units"] for layer in diagram(app)["layers"]]


def test_it_shows_inputs_layers_and_output_of_what_the_knobs_say(app):
    app.run()
    knob(app, "model.activation").set_value(["tanh"])
    knob(app, "model.layers").set_value(["16, 8"]).run()
    shown = diagram(app)
    assert shown["inputs"] == 4
    assert shown["layers"] == [{"units": 16, "activation": "tanh"}, {"units": 8, "activation": "tanh"}]
    assert shown["output"] == {"units": 3, "activation": "softmax"}
    knob(app, "model.layers").set_value(["none"]).run()
    assert units(app) == []


def test_an_edit_is_what_the_knob_says_and_leaves_the_other_networks(app):
    app.run()
    knob(app, "model.layers").set_value(["16, 8", "32"]).run()
    assert "first of 2" in diagram(app)["note"]
    app.session_state[knob_key("model.layers")] = edited(app, [16, 16])
    app.run()
    assert not app.exception
    assert (knob(app, "model.layers").value, units(app)) == (["16, 16", "32"], [16, 16])


def edited(app: Any, layers: list[int]) -> list[str]:
    """What the callback of the diagram makes of the knob, since a component cannot be clicked here."""
    from core.ui.lab.architecture import _first_replaced

    return _first_replaced(layers, list(knob(app, "model.layers").value))


def test_layers_with_settings_of_their_own_are_shown_and_not_edited(app, lab):
    own = {"layers": [{"units": 8, "activation": "tanh"}, 4]}
    app.query_params["x"] = lab.store.submit(load_spec(IRIS | {"model": own}))
    app.run()
    assert not app.exception
    assert diagram(app)["layers"] == [{"units": 8, "activation": "tanh"}, {"units": 4, "activation": "relu"}]
    assert diagram(app)["editable"] is False
    knob(app, "model.layers").set_value(["16"]).run()
    assert diagram(app)["editable"] is True


def test_a_network_that_is_refused_is_still_drawn_so_that_it_can_be_narrowed(app):
    app.run()
    knob(app, "model.layers").set_value(["8192, 8192"]).run()
    assert units(app) == [8192, 8192]
    knob(app, "model.layers").set_value(["many"]).run()
    assert not app.exception
    assert not [c for c in app.get("bidi_component") if "layers" in json.loads(c.proto.json)]


def test_what_no_button_sends_changes_nothing():
    taken: list[Any] = []
    for sent in (None, "16", [1.5], [True], ["16"], {"0": 1}):
        _edited(sent, taken.append)
    assert taken == []
    _edited([16, 8], taken.append)
    assert taken == [[16, 8]]
