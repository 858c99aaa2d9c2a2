"""The list of experiments."""

from typing import Any

from core.jobs.lab import Lab
from core.spec import load_spec

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
    assert text.index("Learning rate") < text.index("First")
    assert "**First**" not in text.replace("****", "")


def test_deleting_asks_first(page, lab):
    identity = submit(lab)
    app = page("runs")
    app.get_by_key(f"runs_delete_{identity}").click().run()
    assert not app.exception
    assert len(lab.store.experiments()) == 1
    assert "will be gone" in words(app)


def test_a_long_list_is_paged(page, lab):
    for _ in range(23):
        submit(lab)
    app = page("runs")
    assert len([b for b in app.button if b.label == "Open"]) == 20
    next(b for b in app.button if b.label == "Older").click().run()
    assert not app.exception
    assert len([b for b in app.button if b.label == "Open"]) == 3
