"""The list of experiments."""

from typing import Any

from core.jobs.lab import Lab
from core.jobs.scheduling.queue import Queue
from core.jobs.storage.records import State
from core.spec import load_spec
from core.ui.lab.range_test import range_test_of

from .test_lab import words


def submit(lab: Lab, **more: Any) -> str:
    return lab.store.submit(load_spec({"data": {"source": "sample:iris", "target": "species"}, **more}))


def test_an_empty_list_says_what_to_do_next(page):
    app = page("runs")
    assert not app.exception
    assert "Nothing has been run yet" in words(app)


def test_the_newest_comes_first_and_is_named_by_what_was_varied(page, lab):
    submit(lab, title="**First**")
    submit(lab, vary={"training.learning_rate": [0.1, 0.01]})
    app = page("runs")
    assert not app.exception
    text = words(app)
    assert text.index("→ species") < text.index("First")
    assert "Learning rate: 0.1, 0.01 · 2 runs" in text.replace("\\", "").replace("\u2060", "")
    assert "**First**" not in text.replace("****", "")


def test_a_range_test_is_told_by_the_rates_it_climbs_through(page, lab):
    spec = load_spec({"data": {"source": "sample:iris", "target": "species"}})
    lab.store.submit(range_test_of(spec))
    finish(lab, 3, skill=-1.5, val_skill=-1.75)
    text = words(page("runs")).replace("\\", "").replace("\u2060", "")
    assert "Adam at 0.000001 to 100 × 3 seeds" in text
    assert "3 finished" in text
    assert "best validation skill" not in text


def finish(lab: Lab, count: int, **result: Any) -> None:
    queue = Queue(lab.store.database, lease_seconds=30)
    for _ in range(count):
        claim = queue.claim(queue.waiting()[0][1])
        assert claim is not None
        queue.start(claim)
        queue.finish(claim, State.DONE, result=result)


def test_the_skill_shown_is_that_of_validation_and_is_named_so(page, lab):
    submit(lab)
    finish(lab, 1, skill=0.54, val_skill=0.17)
    text = words(page("runs"))
    assert "best validation skill 0.17" in text
    assert "0.54" not in text


def test_without_validation_rows_the_training_skill_is_named_so(page, lab):
    submit(lab)
    finish(lab, 1, skill=0.54, val_skill=None)
    assert "best training skill 0.54" in words(page("runs"))


def test_what_was_cancelled_did_not_finish(page, lab):
    identity = submit(lab, seeds=18)
    finish(lab, 3, skill=0.5)
    lab.store.cancel(identity)
    text = words(page("runs"))
    assert "3 finished" in text
    assert "15 cancelled" in text
    assert "18 finished" not in text


def test_every_entry_says_what_it_was(page, lab):
    submit(lab, model={"layers": [16, 16], "activation": "tanh"}, training={"optimizer": "sgd"})
    submit(lab, title="A try", model={"layers": []})
    submit(lab, vary={"preprocessing.scaling": ["none", "standard"], "training.seed": [0, 1, 2, 3]})
    submit(lab, model={"layers": [16, {"units": 8, "dropout": 0.5}]}, seeds=3)
    text = words(page("runs")).replace("\\", "").replace("\u2060", "")
    assert "**Iris flowers → species**" in text
    assert "16, 16 tanh, SGD at 0.001 · 1 run" in text
    assert "Iris flowers → species · no hidden layer, Adam at 0.001 · 1 run" in text
    assert "Scaling: unscaled, standard × First seed: 4 values · 8 runs" in text
    assert "16, 8 (dropout 0.5) relu, Adam at 0.001 × 3 seeds · 3 runs" in text
    assert "One setting" not in text


def test_deleting_asks_first(page, lab):
    identity = submit(lab)
    app = page("runs")
    app.get_by_key(f"runs_delete_{identity}").click().run()
    assert not app.exception
    assert len(lab.store.experiments()) == 1
    assert "will be gone" in words(app)
    assert words(app).count("Iris flowers → species") == 2, "in the list, and in the question"


def test_a_long_list_is_paged(page, lab):
    for _ in range(23):
        submit(lab)
    app = page("runs")
    assert len([b for b in app.button if b.label == "Open"]) == 20
    next(b for b in app.button if b.label == "Older").click().run()
    assert not app.exception
    assert len([b for b in app.button if b.label == "Open"]) == 3
