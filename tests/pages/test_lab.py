"""The lab page, without a browser and without trainers."""

import gc
import json
import re
from itertools import takewhile
from typing import Any

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from core.data.table import Table
from core.errors import WorkFailed
from core.spec import load_spec
from core.ui.data.tables import TABLES
from core.ui.lab.chosen import knob_key
from tests.diagnosis.table import result_of

from .conftest import DATA, ROUTER
from .diagnosed import FRIEDMAN, submit

WIDGETS = ("multiselect", "pills", "number_input", "selectbox", "button")


def words(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.error, app.warning, app.header, app.subheader)
    return "\n".join(element.value for kind in kinds for element in kind)


def button(app: AppTest, key: str = "lab_run_button") -> Any:
    return next(b for b in app.button if b.key == key)


def charts(app: AppTest) -> list[dict[str, Any]]:
    """What the live charts on the page were told."""
    told = (json.loads(component.proto.json) for component in app.get("bidi_component"))
    return [data for data in told if "experiment" in data]


def knob(app: AppTest, path: str) -> Any:
    return app.get_by_key(knob_key(path))


def upload(app: AppTest, content: bytes, name: str = "table.csv") -> AppTest:
    app.file_uploader[0].upload(name, content).run()
    return app


def test_the_empty_lab_offers_a_first_experiment(app):
    app.run()
    assert not app.exception
    assert "What causes the bad training loss?" in words(app)
    assert button(app, "lab_try").label == "Try it with iris"
    assert [shown.key for shown in app.button if shown.proto.type == "primary"] == ["lab_try"]


def test_the_first_experiment_is_shown_and_in_the_address(app, lab):
    app.run()
    button(app, "lab_try").click().run()
    assert not app.exception
    (summary,) = lab.store.experiments()
    assert app.query_params["x"] == summary.id
    chart = charts(app)[0]
    assert chart["experiment"] == summary.id
    assert [run["values"] for run in chart["runs"]][:2] == [["unscaled", "0.001"], ["unscaled", "0.1"]]


def test_what_is_changed_and_not_run_yet_is_told_beside_the_curves_until_it_is_undone(app):
    app.run()
    button(app, "lab_try").click().run()
    assert "Not run yet" not in words(app)
    assert [shown.key for shown in app.button if shown.proto.type == "primary"] == ["lab_run_button"]
    knob(app, "training.learning_rate").set_value(["0.01"]).run()
    assert "Not run yet" in words(app)
    assert "learning rate 0.01" in words(app).replace("\\", "")
    assert ":gray-badge" not in knob(app, "preprocessing.scaling").label
    knob(app, "training.learning_rate").set_value(["0.001", "0.1"]).run()
    assert "Not run yet" not in words(app)
    knob(app, "training.learning_rate").set_value(["0.01"]).run()
    button(app).click().run()
    assert not app.exception
    assert "Not run yet" not in words(app)


def test_variants_whose_names_are_cut_to_the_same_are_still_apart(app, lab):
    layers = [[units + i % 2 for i in range(30)] + [last] for units, last in ((10, 1), (10, 2), (10, 3))]
    spec = load_spec(
        {"data": {"source": "sample:iris", "target": "species"}, "vary": {"model.layers": layers}, "seeds": 2}
    )
    app.query_params["x"] = lab.store.submit(spec)
    app.run()
    chart = charts(app)[0]
    assert [run["variant"] for run in chart["runs"]] == [0, 0, 1, 1, 2, 2]
    assert chart["seeds"] == 2
    assert len(set(chart["groups"])) == 3


def test_titanic_is_understood(app):
    upload(app.run(), (DATA / "titanic.csv").read_bytes(), "titanic.csv")
    assert not app.exception
    assert app.get_by_key("lab_target").value == "survived"
    assert "titanic" in words(app)
    assert "two classes" in words(app)


def test_the_bytes_of_an_upload_do_not_stay_in_the_session(app, monkeypatch):
    forgotten: list[str] = []
    monkeypatch.setattr(MemoryUploadedFileManager, "remove_file", lambda self, session, file: forgotten.append(file))
    upload(app.run(), b"x,y\n1,2\n3,4\n", "t.csv")
    assert not app.exception
    assert len(forgotten) == 1
    assert "lab_upload_0" not in app.session_state


def test_a_picture_called_csv_gets_one_sentence_and_the_old_data_stays(app):
    app.run()
    before = app.get_by_key("lab_target").value
    upload(app, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "cat.csv")
    assert not app.exception
    assert len(app.error) == 1
    assert "Traceback" not in words(app)
    assert app.get_by_key("lab_target").value == before
    assert "Iris flowers" in words(app)


def test_knobs_multiply_the_runs(app):
    app.run()
    assert button(app).label.startswith("Run 1 experiment ·")
    knob(app, "training.learning_rate").set_value(["0.01", "0.1"])
    knob(app, "preprocessing.scaling").set_value(["none", "standard", "minmax"])
    knob(app, "seeds").set_value(3).run()
    assert button(app).label.startswith("Run 18 experiments ·")


def test_the_widest_of_the_runs_counts(app):
    upload(app.run(), (DATA / "titanic.csv").read_bytes(), "titanic.csv")

    def inputs(*encodings):
        knob(app, "preprocessing.encoding").set_value(list(encodings)).run()
        return int(re.findall(r"(\d+) inputs after encoding", words(app))[0])

    narrow, wide = inputs("ordinal"), inputs("one_hot")
    assert narrow < wide
    assert inputs("ordinal", "one_hot") == wide
    assert inputs("one_hot", "ordinal") == wide


def test_what_could_be_run_is_told_to_the_trainers_and_what_could_not_is_not(app, lab, monkeypatch):
    told: list[Any] = []
    monkeypatch.setattr(lab, "expect", told.append)
    upload(app.run(), (DATA / "titanic.csv").read_bytes(), "titanic.csv")
    knob(app, "model.activation").set_value(["tanh"]).run()
    assert [run.model.activation for run in told[-1].runs()] == ["tanh"]
    count = len(told)
    knob(app, "model.layers").set_value(["4000, 4000"]).run()
    assert len(told) == count


def test_a_run_that_takes_much_memory_says_how_much(app):
    app.run()
    assert "MB" not in button(app).label
    knob(app, "model.layers").set_value(["8192, 2000", "16"]).run()
    assert not app.exception
    assert re.fullmatch(r"Run 2 experiments · about .* · \d+ MB each", button(app).label)


def test_a_run_too_large_for_a_trainer_cannot_be_pressed_and_the_page_says_what_fits(app, lab):
    lab.store.run_bytes = 400_000_000
    app.run()
    assert not button(app).disabled
    knob(app, "model.layers").set_value(["8192, 2000"]).run()
    assert not app.exception
    assert button(app).disabled
    said = words(app)
    need = r"Hidden layers\W+a run needs about \d+ MB of memory\W+allowed\W+400 MB\W+with 7[\W\d]+ weights"
    assert re.search(need, said)
    knob(app, "model.layers").set_value(["16"]).run()
    assert not button(app).disabled
    assert "of memory" not in words(app)


def test_a_value_typed_and_chosen_from_the_list_is_there_once(app):
    knob(app.run(), "training.learning_rate").set_value(["0.1", "0.1", "0.07"]).run()
    assert not app.exception
    assert knob(app, "training.learning_rate").value == ["0.1", "0.07"]
    assert button(app).label.startswith("Run 2 experiments")


@pytest.mark.parametrize("seeds", [2, 100])
def test_any_number_of_seeds_up_to_a_hundred_can_be_chosen(app, seeds):
    knob(app.run(), "seeds").set_value(seeds).run()
    assert not app.exception
    assert button(app).label.startswith(f"Run {seeds} experiments ·")


def drawn_at(app: AppTest, path: str) -> list[str]:
    """What is said between a knob and the next widget."""
    elements: list[Any] = [element for element in app.main if element.type in {*WIDGETS, "markdown"}]
    place = next(i for i, element in enumerate(elements) if getattr(element, "key", None) == knob_key(path))
    return [element.value for element in takewhile(lambda element: element.type == "markdown", elements[place + 1 :])]


@pytest.mark.parametrize(
    ("path", "token", "label", "allowed"),
    [
        ("training.epochs", "0", "Epochs", "at least 1"),
        ("training.batch_size", "1.5", "Batch size", "a whole number"),
        ("model.layers", "16, 99999", "Hidden layers", "at most 8192"),
        ("data.validation_fraction", "1", "Validation share", "less than 1"),
    ],
)
def test_a_refusal_stands_at_its_knob_in_plain_words(app, path, token, label, allowed):
    knob(app.run(), path).set_value([token]).run()
    assert not app.exception
    (refusal,) = drawn_at(app, path)
    assert label in refusal
    assert allowed in refusal
    assert button(app).disabled
    assert path not in words(app).replace("\\", "")
    assert f"{label} needs another value" in words(app).replace("\\", "")


def test_a_refusal_that_is_folded_away_is_named_on_its_fold(app):
    knob(app.run(), "data.validation_fraction").set_value(["1"]).run()
    assert [fold.label for fold in app.expander if "More" in fold.label] == [
        ":red[More: Validation share]", "More", "More"
    ]  # fmt: skip


def test_a_refusal_is_gone_once_it_is_mended(app):
    app.run()
    knob(app, "training.epochs").set_value(["0"])
    button(app).click().run()
    knob(app, "training.epochs").set_value(["5"]).run()
    assert not button(app).disabled
    assert "refused" not in words(app)


def test_a_typed_value_that_means_nothing_disables_the_button_and_says_why(app):
    app.run()
    knob(app, "training.learning_rate").set_value(["fast"]).run()
    assert not app.exception
    assert button(app).disabled
    assert "Learning rate" in words(app)
    assert "Traceback" not in words(app)


def test_two_clicks_before_the_end_are_one_experiment(app, lab):
    app.run()
    button(app).click().run()
    button(app).click().run()
    assert len(lab.store.experiments()) == 1


def test_a_link_brings_back_knobs_and_curves(app, lab):
    spec = load_spec(
        {
            "data": {"source": "sample:moons", "target": "label"},
            "training": {"optimizer": "sgd"},
            "vary": {"training.learning_rate": [0.5, 0.02]},
        }
    )
    app.query_params["x"] = identity = lab.store.submit(spec)
    app.run()
    assert not app.exception
    assert knob(app, "training.learning_rate").value == ["0.5", "0.02"]
    assert knob(app, "training.optimizer").value == ["sgd"]
    assert charts(app)[0]["experiment"] == identity
    button(app).click().run()
    again = lab.store.experiment(app.query_params["x"])
    assert again.spec == spec


def test_an_unknown_link_gets_a_sentence(app):
    app.query_params["x"] = "nowhere"
    app.run()
    assert not app.exception
    assert "There is no such experiment" in words(app)
    assert not charts(app)


def test_a_hostile_column_name_stays_text(app):
    name = "**x** <img src=y onerror=z> :material/home:"
    upload(app.run(), f"{name},target\n1,2.5\n2,3.5\n3,4.5\n4,6.5\n".encode(), "**evil**.csv")
    app.get_by_key("lab_target").set_value(name).run()
    assert not app.exception
    assert "img src" in words(app)
    assert not re.search(r"(?<!\\)<img|\*\*x\*\*|\*\*evil|:material/home:", words(app))


def test_a_comparison_leaves_the_knobs_and_takes_nothing_from_the_one_before(app, lab):
    upload(app.run(), (DATA / "titanic.csv").read_bytes(), "titanic.csv")
    knob(app, "training.learning_rate").set_value(["0.01", "0.1"])
    knob(app, "preprocessing.scaling").set_value(["robust"]).run()
    assert "takes the first: learning rate 0\\.01" in words(app)
    button(app, "lab_all_scaling").click().run()
    button(app, "lab_all_missing").click().run()
    assert not app.exception
    imputations, scalings = (lab.store.experiment(summary.id) for summary in lab.store.experiments())
    assert scalings.title == "Every scaling · learning rate 0.01"
    assert imputations.title == "Every way to treat missing values · learning rate 0.01"
    assert len(scalings.runs) == 3 * len(knob(app, "preprocessing.scaling").options)
    assert len(imputations.runs) == 3 * len(knob(app, "preprocessing.missing").options)
    assert {run.spec.preprocessing.scaling for run in imputations.runs} == {"robust"}
    assert {run.spec.training.learning_rate for run in (*scalings.runs, *imputations.runs)} == {0.01}
    assert knob(app, "training.learning_rate").value == ["0.01", "0.1"]
    assert knob(app, "preprocessing.scaling").value == ["robust"]
    assert knob(app, "seeds").value == 1
    assert button(app).label.startswith("Run 2 experiments")


def test_a_comparison_keeps_more_seeds_than_it_needs_and_refuses_too_many(app, lab):
    knob(app.run(), "seeds").set_value(5).run()
    scalings = len(knob(app, "preprocessing.scaling").options)
    button(app, "lab_all_scaling").click().run()
    assert [summary.runs for summary in lab.store.experiments()] == [5 * scalings]
    knob(app, "seeds").set_value(100).run()
    button(app, "lab_all_scaling").click().run()
    assert not app.exception
    assert f"{100 * scalings} runs are too many" in words(app)
    assert len(lab.store.experiments()) == 1


def test_an_own_table_is_offered_before_anything_else(app):
    app.run()
    first, *_ = app.get_by_key("lab_data").children.values()
    assert first.type == "file_uploader"


def reloaded(**address: str) -> Any:
    """The lab in a new session, as a reload or another person's browser begins one."""
    anew = AppTest.from_file(str(ROUTER), default_timeout=60)
    anew.query_params.update(address)
    anew.run()
    assert not anew.exception
    return anew


def test_an_uploaded_table_survives_a_reload_before_anything_was_run(app, lab):
    app.run()
    upload(app, b"a,b\n1,2\n3,4\n5,7\n", "mine.csv")
    assert set(app.query_params) == {"data"}
    first = app.query_params["data"]
    assert "mine\\.csv" in words(reloaded(**app.query_params))
    assert "mine\\.csv" not in words(reloaded()), "nobody else sees it"
    assert lab.store.experiments() == ()
    upload(app, b"a,b\n1,2\n3,4\n5,8\n", "other.csv")
    newest = app.query_params["data"]
    app.query_params["data"] = first  # sent by a browser that has not heard of the newest
    button(app).click().run()
    assert lab.store.experiment(app.query_params["x"]).spec.data.source == f"dataset:{newest}"
    assert set(app.query_params) == {"x"}
    again = reloaded(data=newest)
    again.get_by_key("lab_sample").set_value("diabetes").run()
    assert not again.query_params


@pytest.mark.parametrize("sha", ["0" * 64, "<b>", "../../../etc/passwd"])
def test_an_address_of_no_table_says_so_and_shows_the_lab(lab, sha):
    anew = reloaded(data=sha)
    assert "there is no such table" in anew.warning[0].value
    assert button(anew, "lab_try")
    anew.run()
    assert not anew.warning
    assert not anew.query_params


def test_after_an_upload_the_stage_shows_nothing_of_iris(app):
    upload(app.run(), (DATA / "titanic.csv").read_bytes(), "titanic.csv")
    assert not app.exception
    assert "Nothing trained on titanic\\.csv yet" in words(app)
    assert "predict **survived** from 14 columns" in words(app)
    assert "iris" not in words(app).lower()
    assert not charts(app)


def test_after_an_upload_the_experiment_before_it_is_neither_shown_nor_in_the_address(app, lab):
    app.run()
    button(app, "lab_try").click().run()
    assert charts(app)
    upload(app, (DATA / "titanic.csv").read_bytes(), "titanic.csv")
    assert "x" not in app.query_params
    assert not charts(app)
    button(app).click().run()
    chart = charts(app)[0]
    assert chart["title"] == "titanic.csv → survived"
    assert chart["experiment"] == app.query_params["x"]


def test_cancel_is_offered_while_something_runs(app, lab):
    app.run()
    button(app).click().run()
    next(b for b in app.button if b.label == "Cancel").click().run()
    (summary,) = lab.store.experiments()
    assert lab.store.experiment(summary.id).finished
    assert not [b for b in app.button if b.label == "Cancel"]


def test_a_title_does_not_outlive_a_change(app, lab):
    titled = {"title": "Mine", "data": {"source": "sample:iris", "target": "species"}}
    app.query_params["x"] = lab.store.submit(load_spec(titled))
    app.run()
    knob(app, "training.epochs").set_value(["30"]).run()
    button(app).click().run()
    assert lab.store.experiments()[0].title == ""


def test_a_target_that_was_chosen_is_no_longer_varied(app, lab):
    varied = {"data.target": ["species", "petal length"], "training.epochs": [10, 30]}
    app.query_params["x"] = lab.store.submit(
        load_spec({"data": {"source": "sample:iris", "target": "species"}, "vary": varied})
    )
    app.run()
    app.get_by_key("lab_target").set_value("petal width").run()
    button(app).click().run()
    assert not app.exception
    chosen = lab.store.experiment(app.query_params["x"]).spec
    assert (chosen.data.target, list(chosen.vary)) == ("petal width", ["training.epochs"])


def test_other_data_keeps_the_knobs_but_not_the_old_columns(app):
    app.run()
    knob(app, "training.learning_rate").set_value(["0.1"]).run()
    app.get_by_key("lab_sample").set_value("diabetes").run()
    assert not app.exception
    assert app.get_by_key("lab_target").value == "progression"
    assert knob(app, "training.learning_rate").value == ["0.1"]
    assert knob(app, "preprocessing.target_scaling") is not None


def test_rows_of_another_length_are_left_out_only_if_the_person_says_so(app):
    content = b"a,b,target\n" + b"1,2,3.5\n" * 20 + b"1,2\n" + b"4,5,6.5\n" * 20
    upload(app.run(), content, "ragged.csv")
    assert not app.exception
    assert "Iris flowers" in words(app)
    offer = next(b for b in app.button if b.label == "Leave out 1 row")
    offer.click().run()
    assert not app.exception
    assert "ragged" in words(app)
    assert "40 rows" in words(app)
    assert not [b for b in app.button if b.label.startswith("Leave out")]


def test_a_file_that_has_to_be_decided_on_can_be_forgotten(app):
    upload(app.run(), b"a,b,target\n1,2,3\n1,2\n" * 3, "ragged.csv")
    next(b for b in app.button if b.label == "Forget this file").click().run()
    assert not app.exception
    assert "Iris flowers" in words(app)
    assert not [b for b in app.button if b.label == "Forget this file"]


def test_run_takes_what_the_knobs_say_when_it_is_pressed(app, lab):
    """A person types and presses at once: the button was drawn before the page had heard of the new value."""
    app.run()
    knob(app, "training.epochs").set_value(["7"])
    button(app).click().run()
    assert not app.exception
    (summary,) = lab.store.experiments()
    assert {run.epochs for run in lab.store.experiment(summary.id).runs} == {7}


def test_a_value_that_is_refused_at_the_press_runs_nothing(app, lab):
    app.run()
    knob(app, "training.learning_rate").set_value(["fast"])
    button(app).click().run()
    assert not app.exception
    assert lab.store.experiments() == ()
    assert "fast" in words(app)


def test_work_that_comes_first_is_said_in_the_estimate(app, lab, monkeypatch):
    app.run()
    alone = button(app).label
    assert re.search(r"about \d+ s$", alone)
    slow = {"epochs": 100_000}
    for who in range(lab.settings.slots):  # a run of each comes first
        spec = {"data": {"source": "sample:iris", "target": "species"}, "training": slow, "seeds": 100}
        lab.store.submit(load_spec(spec), owner=str(who))
    app.run()
    assert re.fullmatch(re.escape(alone) + r", after \d+ (s|min) of waiting", button(app).label)
    assert f"{lab.settings.slots} runs ahead in the queue" in words(app)
    with monkeypatch.context() as patched:
        patched.setattr(lab.backlog, "_left", busy)
        app.run()
        assert not app.exception
        assert button(app).label == alone
    lab.store.cancel(lab.store.experiments()[0].id)
    app.run()
    assert "in the queue" not in words(app)
    assert button(app).label == alone


def busy() -> Any:
    raise WorkFailed("The database could not be used just now.")


def test_where_no_setting_came_to_a_result_that_is_said_and_the_curves_stay(app, lab):
    rates = {"vary": {"training.learning_rate": [10.0, 100.0, 1000.0]}}
    app.query_params["x"] = submit(lab, {**FRIEDMAN, **rates}, lambda _: result_of(None, state="diverged"))
    app.run()
    assert not app.exception
    assert "No setting came to a result" in words(app)
    assert app.get("plotly_chart") == []
    assert len(charts(app)[0]["runs"]) == 3


def test_everybody_sees_their_own_name_of_a_file_that_two_have_brought(lab):
    content = b"x,y\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(30))
    apps = {name: AppTest.from_file(str(ROUTER), default_timeout=60).run() for name in ("mine.csv", "yours.csv")}
    for name, app in apps.items():
        upload(app, content, name)
        button(app).click().run()
        assert not app.exception
    for name, app in apps.items():
        other = next(there for there in apps if there != name)
        app.run()
        text = words(app).replace("\\", "")
        assert name in text
        assert other not in text
        # A link tells the name, too.
        visitor = AppTest.from_file(str(ROUTER), default_timeout=60)
        visitor.query_params["x"] = app.query_params["x"]
        assert name in words(visitor.run()).replace("\\", "")
    assert {summary.source for summary in lab.store.experiments()} == set(apps)


def test_a_session_holds_no_table_of_the_files_it_has_read(app):
    app.run()
    for number in range(4):
        rows = b"".join(b"%d,%d\n" % (i, i * number) for i in range(31))
        upload(app, b"x,y\n" + rows, f"file {number}.csv")
    assert not app.exception
    TABLES.clear()
    gc.collect()
    held = [one for one in gc.get_objects() if isinstance(one, Table) and len(one.frame) == 31]
    assert held == []
