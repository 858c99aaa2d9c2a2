import json

from core.jobs.storage.overview import WHOLE
from core.settings import Settings
from tests.jobs.conftest import Labs, fake_spec, finished
from tests.jobs.fake import QUICK


def test_a_long_run_is_told_with_what_a_chart_draws_of_it(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(QUICK, epochs=5000))
    assert finished(lab, experiment) == ["done"]
    news = lab.store.news(experiment)
    assert [(piece.first_epoch, len(piece.history["loss"])) for piece in news.points] == [(1, WHOLE)]
    drawn = [json.loads(block.text)["loss"] for block in news.blocks]
    assert drawn[0]["epochs"][0] == WHOLE + 1
    assert (drawn[-1]["epochs"][-1], drawn[-1]["values"][-1]) == (5000, 1 / 5000)
    assert sum(len(curve["epochs"]) for curve in drawn) < 1500
    assert len(lab.store.results(experiment, [0])[0].history["loss"]) == 5000


def test_a_run_of_few_epochs_has_no_overview(labs: Labs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(QUICK, epochs=WHOLE))
    assert finished(lab, experiment) == ["done"]
    news = lab.store.news(experiment)
    assert news.blocks == ()
    assert [len(piece.history["loss"]) for piece in news.points] == [WHOLE]
