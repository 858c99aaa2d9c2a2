"""The page Diagnose at every stage, without a browser, trainers or a diagnoser."""

import json
from dataclasses import replace

import pytest

from core.jobs.diagnosers.diagnoses import Budget
from core.jobs.diagnosers.written_report import FORMAT
from core.jobs.storage.records import State
from core.training.result import History

from .diagnosed import FRIEDMAN, ask, begin, diagnose, refuse, submit, trained
from .spoken import untranslated
from .test_lab import charts as live_charts
from .test_lab import words

SUSPECT = {"cause": "dying_relu", "strength": 0.8, "evidence": ["**all** units answer 0 to every row"]}


def sick(run):
    """Cured by a scaled target alone."""
    return trained(0.85 if run.preprocessing.target_scaling == "standard" else 0.02, run)


def healthy(run):
    return trained(0.85, run)


def titles(app):
    return [title.value for title in app.title]


def buttons(app):
    return [b.label for b in app.button]


def charts(app):
    return [chart.proto for chart in app.get("plotly_chart")]


@pytest.fixture
def open_page(page, app):
    def go(**address):
        app.query_params.clear()
        for name, value in address.items():
            app.query_params[name] = value
        opened = page("diagnose")
        assert not opened.exception
        return opened

    return go


def test_with_nothing_run_the_page_says_what_to_do(open_page):
    app = open_page()
    assert titles(app) == ["What causes this loss?"]
    assert "Nothing has been run" in words(app)
    assert not app.error


def test_the_worst_run_of_what_was_run_lately_is_offered(open_page, lab):
    experiment = submit(lab, {**FRIEDMAN, "vary": {"training.learning_rate": [0.1, 0.5]}}, lambda run: trained(
        0.8 if run.training.learning_rate == 0.1 else 0.1, run))  # fmt: skip
    app = open_page()
    assert "the worst\\:\u2060 Learning rate 0\\.5" in words(app)
    assert "Learning rate\\:\u2060 0\\.1\\, 0\\.5 · 2 runs" in words(app)
    app.get_by_key(f"diagnose_start_{experiment}").click().run()
    assert not app.exception
    assert app.query_params["run"] == "1"
    assert titles(app) == ["Looking for the cause"]


def test_opening_a_run_asks_for_its_diagnosis_once(open_page, lab):
    experiment = submit(lab, FRIEDMAN, sick)
    app = open_page(x=experiment, run="0")
    assert titles(app) == ["Looking for the cause"]
    assert "Cancel" in buttons(app)
    app.run()
    assert len(lab.store.diagnoses.recent()) == 1


def test_suspects_are_shown_while_they_are_tried_and_cancel_stops(open_page, lab):
    experiment = submit(lab, FRIEDMAN, sick)
    asked = begin(lab, experiment, {"stage": "repairs", "runs": 4, "suspects": [SUSPECT]})
    app = open_page(d=asked)
    text = words(app)
    assert "repairs · 4 runs trained so far" in text
    assert "ReLU units have died" in text
    assert "**all**" not in text
    next(b for b in app.button if b.label == "Cancel").click().run()
    assert lab.store.diagnoses.get(asked).state == State.CANCELLED
    assert titles(app) == ["The diagnosis was cancelled"]
    assert "Cancel" not in buttons(app)


def test_a_report_names_the_cause_and_shows_its_proof(open_page, lab):
    experiment = submit(lab, FRIEDMAN, sick)
    app = open_page(d=diagnose(lab, experiment, sick))
    text = words(app)
    assert titles(app) == ["The target is not scaled"]
    verdict = (
        "It explains 2% of the variance on rows it has not seen. With one change it is 85%: better in 3 of 3 seeds."
    )
    assert verdict in text
    assert "Target scaling\\:\u2060 unscaled → standard" in text
    assert "Better in 3 of 3 seeds. Explained: 2% → 85%, +83%." in text
    assert "It costs nothing." in text
    assert "target_scaler = StandardScaler().fit(y_train)" in app.code[0].value
    assert "Dead units" in text
    assert "Gradient norm" in text
    assert "Saturated units" not in text
    assert all(chart.alt for chart in charts(app))
    trial = json.loads(charts(app)[2].spec)
    names = {trace["name"] for trace in trial["data"] if trace.get("name")}
    assert {"as it is", "with the fix"} <= names


def test_a_card_leads_from_its_cause_to_the_mark_in_the_curve(open_page, lab):
    def stuck(run):
        return trained(0.85 if run.preprocessing.target_scaling == "standard" else 0.01, run)

    app = open_page(d=diagnose(lab, submit(lab, FRIEDMAN, stuck), stuck))
    (chain,) = [m.value for m in app.markdown if "(#loss-curve)" in m.value]
    assert chain.startswith("a target with mean")
    assert (
        "90\\% of a layer\\'s ReLU units are dead :gray[→] no better than guessing\N{NO-BREAK SPACE}[①](#loss-curve)"
        in chain
    )
    flags = [note["text"] for note in json.loads(charts(app)[1].spec)["layout"]["annotations"]]
    assert any(flag.startswith("① flat from epoch") for flag in flags)
    assert "NaN" not in chain
    assert 'id="loss-curve"' in "".join(html.proto.body for html in app.get("html"))


def test_two_who_apply_the_fix_of_one_diagnosis_have_an_experiment_each(open_page, lab):
    asked = diagnose(lab, submit(lab, FRIEDMAN, sick), sick)
    key = lab.store.classrooms.open(["scaling"], 3600)
    code = lab.store.classrooms.conducted_with(key).code
    before = {summary.id for summary in lab.store.experiments()}
    secrets = [lab.store.classrooms.join(code, "here") for _ in range(2)]
    for secret in (*secrets, secrets[0]):
        app = open_page(d=asked)
        app.session_state["classroom_last"] = secret
        app.get_by_key("diagnose_apply_1").click().run()
    made = [summary.id for summary in lab.store.experiments() if summary.id not in before]
    assert len(made) == 2
    for secret in secrets:
        me = lab.store.classrooms.of_member(secret)[1].id
        assert len({found.id for found in lab.store.experiments(seen_by=[me])} & set(made)) == 1


def test_applying_a_fix_trains_both_and_opens_the_lab(open_page, lab):
    experiment = submit(lab, FRIEDMAN, sick)
    app = open_page(d=diagnose(lab, experiment, sick))
    before = {summary.id for summary in lab.store.experiments()}
    for _ in range(2):
        app = open_page(d=lab.store.diagnoses.recent()[0].id)
        app.get_by_key("diagnose_apply_1").click().run()
        assert not app.exception
    (new,) = {summary.id for summary in lab.store.experiments()} - before
    runs = lab.store.experiment(new).runs
    repaired, sick_one = {"preprocessing.target_scaling": "standard"}, {"preprocessing.target_scaling": "none"}
    assert [run.variant for run in runs] == 3 * [repaired] + 3 * [sick_one], "with as many seeds as it was proven with"
    assert app.query_params["x"] == new
    assert live_charts(app)[0]["experiment"] == new


def test_a_fix_of_two_settings_is_two_programs_not_four_with_as_many_seeds_as_a_fix_of_one(open_page, lab):
    layers = [{"units": 8, "activation": "exponential"}]

    def wild(run):
        tame = "activation" not in str(run.model.layers[0]) or run.model.hidden[0].activation in {"relu", "tanh"}
        return trained(0.85 if tame else 0.02, run)

    spec = {
        **FRIEDMAN,
        "preprocessing": {"target_scaling": "standard"},
        "model": {"layers": layers, "activation": "linear"},
    }
    app = open_page(d=diagnose(lab, submit(lab, spec, wild), wild))
    assert titles(app) == ["The hidden activation is unsuitable"]
    assert "8 \\(exponential\\) → 8" in words(app)
    app.get_by_key("diagnose_apply_1").click().run()
    assert not app.exception
    new = lab.store.experiment(app.query_params["x"])
    assert [run.spec.model.hidden[0].activation for run in new.runs] == 3 * ["relu"] + 3 * ["exponential"]
    assert [run.seed for run in new.runs] == 2 * [0, 1, 2]
    assert new.spec.model.hidden[0].activation == "relu"
    chart = live_charts(app)[0]
    assert chart["settings"] == ["Hidden layers", "Activation"]


def test_a_healthy_run_is_said_to_be_healthy(open_page, lab):
    experiment = submit(lab, FRIEDMAN, healthy)
    app = open_page(d=diagnose(lab, experiment, healthy))
    assert titles(app) == ["This run is healthy"]
    assert "It explains 85% of the variance on rows it has not seen; simple models explain" in words(app)
    assert "Apply this fix" not in buttons(app)


def test_a_refusal_is_one_sentence_and_can_be_tried_again(open_page, lab):
    experiment = submit(lab, FRIEDMAN, healthy)
    app = open_page(d=refuse(lab, experiment, "data.target: there is no column **z**."))
    assert titles(app) == ["There is no diagnosis"]
    assert len(app.warning) == 1
    assert "**z**" not in words(app)
    app.get_by_key("diagnose_more").click().run()
    assert not app.exception
    assert titles(app) == ["Looking for the cause"]
    assert len(lab.store.diagnoses.recent()) == 2


def test_the_effort_can_be_chosen(open_page, lab):
    experiment = submit(lab, FRIEDMAN, healthy)
    app = open_page(d=diagnose(lab, experiment, healthy))
    next(c for c in app.segmented_control if c.label == "Effort").set_value(Budget.QUICK).run()
    app.get_by_key("diagnose_more").click().run()
    assert lab.store.diagnoses.recent()[0].budget == Budget.QUICK


def hopeless(run):
    return trained(0.0, run)


def test_where_there_was_no_time_to_prove_anything_one_can_go_on(open_page, lab):
    experiment = submit(lab, FRIEDMAN, hopeless)
    app = open_page(d=diagnose(lab, experiment, hopeless, budget=1))
    (go_on,) = [button for button in app.button if "go on" in button.label]
    assert "about 20 s" in go_on.label
    go_on.click().run()
    assert lab.store.diagnoses.recent()[0].budget == Budget.THOROUGH


def test_where_all_was_tried_there_is_nothing_to_go_on_with(open_page, lab):
    experiment = submit(lab, FRIEDMAN, hopeless)
    app = open_page(d=diagnose(lab, experiment, hopeless))
    assert titles(app) == ["Not decided"]
    assert not [label for label in buttons(app) if "go on" in label]


@pytest.mark.parametrize(
    "address",
    [{"d": "nowhere"}, {"x": "nowhere", "run": "0"}, {"x": "EXPERIMENT", "run": "9"}, {"x": "EXPERIMENT", "run": "-1"},
     {"x": "EXPERIMENT", "run": "٣"}],
    ids=str,
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_a_kind_start(open_page, lab, address):
    experiment = submit(lab, FRIEDMAN, healthy)
    app = open_page(**{name: experiment if value == "EXPERIMENT" else value for name, value in address.items()})
    assert titles(app) == ["What causes this loss?"]
    assert len(app.warning) == 1
    assert "Diagnose" in buttons(app)
    assert lab.store.diagnoses.recent() == ()


def test_a_run_that_trains_still_is_not_diagnosed_yet(open_page, lab):
    from core.spec import load_spec

    app = open_page(x=lab.store.submit(load_spec(FRIEDMAN)), run="0")
    assert titles(app) == ["This run has not finished"]
    assert lab.store.diagnoses.recent() == ()


@pytest.mark.parametrize("written", [{"format": FORMAT - 1}, {"format": FORMAT + 1}, {"verdict": "healthy"}], ids=str)
def test_a_report_of_another_version_is_not_misread(open_page, lab, written):
    experiment = submit(lab, FRIEDMAN, healthy)
    asked = diagnose(lab, experiment, healthy)
    with lab.store.database.write() as connection:
        report = json.loads(connection.exec_driver_sql("SELECT report FROM diagnosis").scalar_one())
        old = {name: value for name, value in report.items() if name != "format"} | written
        connection.exec_driver_sql("UPDATE diagnosis SET report = ?", (json.dumps(old),))
    app = open_page(d=asked)
    assert titles(app) == ["There is no diagnosis"]
    assert "Another version of the lab" in words(app)


def test_the_page_comes_back_to_what_it_showed_until_another_run_is_wanted(open_page, lab):
    experiment = submit(lab, FRIEDMAN, healthy)
    asked = diagnose(lab, experiment, healthy)
    app = open_page(d=asked)
    app.query_params.clear()
    app.run()
    assert titles(app) == ["This run is healthy"]
    next(b for b in app.button if b.label == "Another run").click().run()
    assert titles(app) == ["What causes this loss?"]
    app.get_by_key(f"diagnose_open_{asked}").click().run()
    assert titles(app) == ["This run is healthy"]


def test_deleting_the_experiment_takes_the_page_back_to_its_start(open_page, lab):
    experiment = submit(lab, FRIEDMAN, healthy)
    asked = ask(lab, experiment)
    app = open_page(d=asked)
    lab.store.delete(experiment)
    app.run()
    assert not app.exception
    assert titles(app) == ["What causes this loss?"]


def test_a_long_curve_is_drawn_with_its_extremes_and_read_once(open_page, lab, monkeypatch):
    def spiky(run):
        result = trained(0.8, run)
        loss = list(result.history["loss"])
        loss[3333] = 77.0
        return replace(result, history=History.of({"loss": loss, "val_loss": loss}))

    experiment = submit(lab, {**FRIEDMAN, "training": {"epochs": 5000}, "seeds": 2}, spiky)
    ask(lab, experiment)
    app = open_page(x=experiment, run="0")
    assert "5,000 epochs, drawn with their extremes." in words(app)
    lines = [trace for trace in json.loads(charts(app)[0].spec)["data"] if len(trace["x"]) > 2]
    assert len(lines) == 4
    for line in lines:
        assert len(line["x"]) <= 602
        assert line["y"][line["x"].index(3334)] == 77.0
    marked = charts(app)[0].alt
    monkeypatch.setattr(lab.store, "results", lambda *_: pytest.fail("a history was read again"))
    assert charts(open_page(x=experiment, run="0"))[0].alt == marked


def test_a_short_curve_is_not_said_to_be_thinned(open_page, lab):
    experiment = submit(lab, {**FRIEDMAN, "training": {"epochs": 600}}, healthy)
    ask(lab, experiment)
    assert "extremes" not in words(open_page(x=experiment, run="0"))


@pytest.mark.parametrize("look_up", [sick, healthy, hopeless])
@pytest.mark.usefixtures("app")
def test_a_report_is_told_in_german(lab, look_up):
    asked = diagnose(lab, submit(lab, FRIEDMAN, look_up), look_up)
    causes = lab.store.diagnoses.get(asked).report["causes"]
    code = {line.strip(" *.:") for cause in causes for line in cause["keras"].splitlines()}
    assert untranslated("diagnose", d=asked) - code <= {"In Keras"}
