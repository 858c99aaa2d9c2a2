"""The pages in another language."""

from core.spec import load_spec

from .test_lab import words

IRIS = {"data": {"source": "sample:iris", "target": "species"}, "seeds": 3}


def test_the_list_of_runs_is_german_for_who_asks_for_it_and_user_text_stays_as_it_was_written(app, page, lab):
    lab.store.submit(load_spec({**IRIS, "title": "Runs {count}"}))
    app.query_params["lang"] = "de"
    german = page("runs")
    assert not german.exception
    assert german.title[0].value == "Läufe"
    told = words(german)
    assert "3 Läufe · gerade eben" in told
    assert "Runs \\{count\\}" in told
    assert "3 runs" not in told


def test_a_language_is_chosen_and_stays_on_other_pages(app, page):
    english = page("runs")
    assert english.title[0].value == "Runs"
    german = english.selectbox(key="language").select("de").run()
    assert german.title[0].value == "Läufe"
    assert german.switch_page("../../pages/diagnose.py").run().title[0].value == "Woher kommt dieser Verlust?"
    assert not german.exception


def test_the_card_of_the_data_is_german(app, page):
    app.query_params["lang"] = "de"
    german = page("lab")
    assert not german.exception
    assert "150 Zeilen × 5 Spalten" in words(german)
    assert "Spalten" in [button.label for button in german.button]
