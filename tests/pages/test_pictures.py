"""What a page tells the browser of the pictures of an experiment."""

from core.jobs.storage.frames import MOST_RUNS
from core.plot import COLOURS
from core.spec import load_spec
from core.ui.chart.live import live_data
from core.ui.chart.variant_colours import colours_of
from core.ui.pictures.pictures import pictures_data

IRIS = {"source": "sample:iris", "target": "species"}


def test_one_run_of_each_variant_is_shown_first_named_and_coloured_as_in_the_chart(lab):
    spec = load_spec({"data": IRIS, "seeds": 2, "vary": {"training.learning_rate": [0.001, 0.01, 0.1]}})
    experiment = lab.store.experiment(lab.store.submit(spec))
    told, chart = pictures_data(experiment), live_data(experiment, colours=colours_of(experiment))
    assert [run["variant"] for run in told["runs"] if run["id"] in told["first"]] == [0, 1, 2]
    assert (told["groups"], told["colours"], told["runs"]) == (chart["groups"], chart["colours"], chart["runs"])
    assert told["palette"] == COLOURS  # of classes: it does not change with the runs
    assert told["pictures"] == f"api/experiments/{experiment.id}/pictures"


def test_an_optimizer_is_named_whose_steps_do_not_shrink_with_its_gradients(lab):
    spec = load_spec({"data": IRIS, "vary": {"training.optimizer": ["adam", "sgd"]}})
    assert list(pictures_data(lab.store.experiment(lab.store.submit(spec)))["unit_steps"].values()) == ["Adam", ""]


def test_never_more_are_asked_for_than_the_lab_tells(lab):
    rates = [0.001 * i for i in range(1, 10)]
    spec = load_spec({"data": IRIS, "vary": {"training.learning_rate": rates}})
    told = pictures_data(lab.store.experiment(lab.store.submit(spec)))
    assert len(told["first"]) == told["most"] == MOST_RUNS
