"""The pages in another language."""

import pytest

from benchmarks.words import messages, placeholders
from core.lessons import LESSONS, lessons_in
from core.lessons.translation import texts_of
from core.spec import load_spec
from core.ui.text import inert

from .diagnosed import FRIEDMAN, diagnose, submit
from .spoken import lines, opened_in
from .test_diagnose import sick
from .test_lab import knob, words
from .test_network import diagram

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


def script(app):
    """What the browser is told about the language."""
    return next(html.proto.body for html in app.get("html") if "documentElement.lang" in html.proto.body)


def test_a_browser_is_told_to_put_the_language_it_came_with_into_every_address(app, page):
    app.query_params["lang"] = "de"
    german = page("runs")
    before = script(german)
    german.query_params.clear()  # as a link to another page does
    after = script(german.switch_page("../../pages/diagnose.py").run())
    assert 'searchParams.set("lang", "de")' in after
    assert after != before, "it runs again"
    english = german.selectbox(key="language").select("en").run()
    assert 'searchParams.set("lang", "en")' in script(english)
    assert not english.exception


def test_a_language_that_did_not_come_with_the_address_is_put_into_none(page):
    german = page("runs").selectbox(key="language").select("de").run()
    assert "lang" not in german.query_params
    assert "searchParams" not in script(german)


@pytest.mark.parametrize("path", ["lab", "diagnose"])
def test_a_link_to_what_is_gone_is_refused_in_german(lab, path):
    told = lines(opened_in("de", path, x="nothing"))
    assert [line for line in told if "Dieses Experiment gibt es nicht" in line]


def test_the_card_of_the_data_is_german(app, page):
    app.query_params["lang"] = "de"
    german = page("lab")
    assert not german.exception
    assert "150 Zeilen × 5 Spalten" in words(german)
    assert "Spalten" in [button.label for button in german.button]


def test_a_diagnosis_is_german_but_for_what_was_stored(app, page, lab):
    app.query_params.update({"lang": "de", "d": diagnose(lab, submit(lab, FRIEDMAN, sick), sick)})
    german = page("diagnose")
    assert not german.exception
    assert german.title[0].value == "Die Zielgröße ist nicht skaliert"
    told = words(german) + "".join(f"{button.label}\n{button.help}\n" for button in german.button)
    assert "Besser in 3 von 3 Seeds." in told
    left = [
        said for said in messages()
        if isinstance(said, str) and len(said.split()) > 2 and not placeholders(said) and said in told
    ]  # fmt: skip
    assert left == []


def test_a_lesson_is_german_and_so_is_what_stands_around_it(app, page):
    first = lessons_in("de")[0]
    app.query_params.update({"lang": "de", "lesson": first.id})
    german = page("lessons")
    assert not german.exception
    assert german.title[0].value == f"1. {first.title}"
    assert german.radio[0].options == list(map(inert, first.options))
    said = [button.label for button in german.button]
    assert {"Frage überspringen", "Alle Lektionen"} <= set(said)
    assert f"Weiter: 2. {lessons_in('de')[1].title}" in said
    told = words(german) + "".join(f"{button.label}\n" for button in german.button)
    assert [sentence for _, sentence in texts_of(LESSONS[0]) if sentence in told] == []


def test_the_gallery_of_lessons_is_german(app, page):
    app.query_params["lang"] = "de"
    german = page("lessons")
    assert not german.exception
    assert [heading.value.partition(". ")[2] for heading in german.subheader] == [one.title for one in lessons_in("de")]


def test_the_lab_is_german_from_its_knobs_to_the_words_of_its_network(app, page):
    app.query_params["lang"] = "de"
    german = page("lab")
    assert not german.exception
    assert knob(german, "training.learning_rate").label == "Lernrate"
    buttons = [button.label for button in german.button]
    assert any(label.startswith("1 Experiment trainieren · etwa ") for label in buttons)
    assert "**Datenvorverarbeitung**" in words(german)
    assert diagram(german)["words"]["messages"]["units"] == {"one": "{count} Einheit", "other": "{count} Einheiten"}
    assert not {"Run", "Share", "Undo"} & set(buttons)
