"""The words of the app: every message has its translation, and user text is left alone."""

import ast
import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import streamlit as st
from babel.messages.pofile import read_po
from streamlit.testing.v1 import AppTest

from benchmarks.words import SOURCES, marked, messages, placeholders, sentences, updated
from core.paths import ROOT
from core.ui import words
from core.ui.chart import live
from core.ui.chart.words import WORDS as CHART
from core.ui.network import network
from core.ui.pictures import pictures
from core.ui.pictures.words import WORDS as PICTURES
from core.ui.sentences import SENTENCES
from core.ui.text import ago, counted, percent, size, skill_text
from core.ui.words import LANGUAGES, LOCALES, Messages, language, later, number, separators, spoken_in, t, tn

from .speaking import speaking
from .test_series import WITHOUT_NODE

TRANSLATED = sorted(set(LANGUAGES) - {"en"})
SOMEWHERE = ROOT / "pages" / "somewhere.py"


def catalogue(language, folder=LOCALES):
    with (folder / f"{language}.po").open("rb") as file:
        return {
            message.id if isinstance(message.id, str) else tuple(message.id): message
            for message in read_po(file, locale=language)
            if message.id
        }


@pytest.fixture
def german(monkeypatch):
    monkeypatch.setattr(words, "language", lambda: "de")


@pytest.mark.parametrize(("folder", "found"), [(LOCALES, messages), (SENTENCES, sentences)], ids=["pages", "below"])
@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_what_the_app_says_and_nothing_else(language, folder, found):
    known, said = set(catalogue(language, folder)), found()
    missing, stale = sorted(map(str, said - known)), sorted(map(str, known - said))
    assert not missing, "run `python -m benchmarks.words`, then translate"
    assert not stale, "run `python -m benchmarks.words`"


@pytest.mark.parametrize("folder", [LOCALES, SENTENCES], ids=["pages", "below"])
@pytest.mark.parametrize("language", TRANSLATED)
def test_each_translation_is_there_and_has_the_placeholders_of_its_message(language, folder):
    for said, message in catalogue(language, folder).items():
        originals, strings = ([said] if isinstance(said, str) else said), message.string
        for string in [strings] if isinstance(strings, str) else strings:
            assert string, f"{said} is not translated"
            assert placeholders(string) == placeholders(originals[-1]), said
            assert string.count("**") == originals[-1].count("**"), said


def test_messages_are_found_wherever_they_are_said():
    code = """
from core.ui.text import counted
from core.ui.words import later, t, tn as plural
NAME = later("a constant")
print(f"{t('inside a string')}", t("two " "parts", x=1), plural("one", "many", 2), counted(3, "row"), t(NAME))
print(counted(len(NAME) - 1, "diagnosis", "diagnoses"))
"""
    assert set(marked(code, SOMEWHERE)) == {
        "a constant", "inside a string", "two parts", ("one", "many"), ("{count} row", "{count} rows"),
        ("{count} diagnosis", "{count} diagnoses"),
    }  # fmt: skip


@pytest.mark.parametrize("call", ['t(f"{x} rows")', 't("rows: " + x)', 't(x or "none")', 't("a" if x else "b")'])
def test_a_message_that_is_put_together_before_it_is_translated_is_refused(call):
    with pytest.raises(ValueError, match="one literal"):
        list(marked(f"from core.ui.words import t\n{call}", SOMEWHERE))


SPEAKING = {
    "badge", "button", "caption", "checkbox", "dialog", "download_button", "error", "expander", "file_uploader",
    "header", "info", "link_button", "markdown", "metric", "multiselect", "number_input", "page_link", "pills",
    "popover", "progress", "radio", "segmented_control", "selectbox", "slider", "spinner", "status", "subheader",
    "success", "text", "text_area", "text_input", "title", "toast", "toggle", "warning",
}  # fmt: skip
"""Methods of Streamlit whose first argument a person reads."""
LOGS = {"log", "_LOGGER"}
READ = {"label", "help", "placeholder", "text"}
NO_WORDS = re.compile(r":material/\w+:|:[\w-]+\[|<[^>]*>")


def bare(code):
    """Yield the words that a piece of code gives Streamlit to show without asking for a translation."""
    for call in ast.walk(ast.parse(code)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in SPEAKING:
            if ast.unparse(call.func.value) in LOGS:
                continue
            shown = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg in READ)]
            yield from (text for value in shown for text in literals(value) if re.search("[a-zA-Z]{2}", text))


def literals(value):
    match value:
        case ast.Constant(value=str(text)):
            yield NO_WORDS.sub("", text)
        case ast.JoinedStr(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.BoolOp(values=parts):
            yield from (text for part in parts for text in literals(part))
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
            yield from (*literals(one), *literals(other))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_shown_without_asking_for_its_translation(path):
    assert list(bare(path.read_text())) == []


def test_words_that_ask_for_no_translation_are_found_however_they_are_shown():
    said = 'st.title("One")\nleft.button(t("x"), help="Two" if a else b)\nst.markdown(f":gray[{n} three]", key="four")'
    assert [text.strip(" ]") for text in bare(said)] == ["One", "Two", "three"]


def test_an_update_keeps_translations_and_drops_what_is_no_longer_said(tmp_path):
    path = tmp_path / "de.po"
    path.write_text('msgid ""\nmsgstr ""\n"Language: de\\n"\n\nmsgid "a"\nmsgstr "A"\n\nmsgid "gone"\nmsgstr "weg"\n')
    with path.open("rb") as file:
        fresh = updated(read_po(file, locale="de"), {"a", "new", ("one", "many")})
    assert {str(m.id): m.string for m in fresh if m.id} == {"a": "A", "new": None, "('one', 'many')": ("", "")}


@pytest.mark.usefixtures("german")
def test_german_is_spoken_with_its_plurals_and_numbers():
    assert [counted(1, "row"), counted(0, "row"), counted(1000, "row")] == ["1 Zeile", "0 Zeilen", "1.000 Zeilen"]
    assert [number(-1234.5, ",.2f"), number(0.5, "+.0%"), separators()] == ["−1.234,50", "+50\N{NO-BREAK SPACE}%", ",."]
    assert [skill_text(-0.5), skill_text(-1e9), size(100_000), percent(0.37)] == [
        "−0,50",
        "unter −99",
        "0,1 MB",
        "37 %",
    ]


def test_english_is_what_stands_in_the_code():
    assert [t("Runs"), tn("{count} row", "{count} rows", 1), number(-1234.5), number(0.5, ".0%"), separators()] == [
        "Runs", "1 row", "−1,234.5", "50%", ".,",
    ]  # fmt: skip
    assert later("Runs") == "Runs"


@pytest.mark.usefixtures("german")
def test_what_is_not_translated_is_said_in_english():
    assert t("No catalogue has this {thing}.", thing="sentence") == "No catalogue has this sentence."
    assert t("") == ""


def test_a_thread_without_a_session_speaks_the_language_it_is_told():
    with spoken_in("de"):
        assert [language(), t("Runs")] == ["de", "Läufe"]
    assert [language(), t("Runs")] == ["en", "Runs"]


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("text", ["{x}", "{column}", "100 %s %(x)d", "Runs", "{0.__class__}"])
def test_user_text_in_a_message_is_left_alone(text):
    assert t("{column} in the file", column=text) == f"{text} in der Datei"
    assert t(text) == ("Läufe" if text == "Runs" else text)  # a message without values is not searched for names


def show_runs():
    import streamlit as st

    from core.ui.words import language, t

    st.write(t("Runs"))
    st.write(language())


def spoken(browser=None, **address):
    app = AppTest.from_function(show_runs)
    app.query_params.update(address)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(st.context), "locale", property(lambda _self: browser))
        return [element.value for element in app.run().markdown]


def test_the_address_comes_before_the_browser_and_the_browser_before_english():
    assert spoken() == ["Runs", "en"]
    assert spoken(browser="de-AT") == ["Läufe", "de"]
    assert spoken(browser="de-AT", lang="en") == ["Runs", "en"]


@pytest.mark.parametrize("unknown", ["xx", "", "../de", "DE_"])
def test_an_unknown_language_is_passed_over(unknown):
    assert spoken(lang=unknown)[1] == ("de" if unknown == "DE_" else "en")


def test_only_languages_with_a_catalogue_are_offered():
    assert set(LANGUAGES) == {"en"} | {path.stem for path in LOCALES.glob("*.po")}
    assert LANGUAGES["de"] == "Deutsch"


@pytest.mark.usefixtures("german")
def test_distances_in_time_take_the_dative():
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert [ago(now - timedelta(days=days), now) for days in (0, 1, 2)] == ["gerade eben", "vor 1 Tag", "vor 2 Tagen"]


def in_node(expression: str, messages: Messages) -> Any:
    program = f"{speaking(messages)}console.log(JSON.stringify({expression}))"
    node = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(node.stdout)


TOLD: Messages = {"units": later("{count} unit", "{count} units"), "seed_of": later("seed {seed}")}


@pytest.mark.skipif(WITHOUT_NODE, reason="node is not installed")
@pytest.mark.usefixtures("german")
def test_a_browser_says_what_it_was_told_with_the_plurals_and_numbers_of_the_language():
    said = "[1, 0, 12345].map((count) => say('units', { count }))"
    assert in_node(said, TOLD) == ["1 Einheit", "0 Einheiten", "12.345 Einheiten"]
    assert in_node("separated('-1.5e-7')", TOLD) == "−1,5e−7"


@pytest.mark.skipif(WITHOUT_NODE, reason="node is not installed")
def test_a_browser_leaves_user_text_in_a_message_alone():
    assert in_node("say('seed_of', { seed: '{seed} $& $1' })", TOLD) == "seed {seed} $& $1"
    assert in_node("[grouped(999), grouped(1234567), separated('1.5')]", TOLD) == ["999", "1,234,567", "1.5"]


@pytest.mark.parametrize(
    ("script", "messages"),
    [
        (live.COMPONENT.javascript, CHART),
        (network.COMPONENT.javascript, network.WORDS),
        (pictures.COMPONENT.javascript, PICTURES),
    ],
    ids=["chart", "network", "pictures"],
)
def test_a_script_says_only_what_it_is_told(script, messages):
    said = set(re.findall(r'\bsay\((?:[^"`()]*\? )?"(\w+)"', script))
    assert len(said) > 10
    assert said <= set(messages), "the browser would say nothing"
