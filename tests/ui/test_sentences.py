"""What is said below the pages, in the reader's language: the template is found again, user text is left alone."""

import time
from string import Formatter

import pytest

from benchmarks.words import sentences
from core.data.csv.read_options import ReadOptions
from core.data.table import read_table
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import suspects
from core.diagnosis.evidence.links.chain import LINKS
from core.diagnosis.evidence.symptoms import SYMPTOMS
from core.errors import InputRefused
from core.lessons import shelf
from core.sentence import said
from core.spec import load_spec
from core.ui.sentences import SENTENCES, _catalogue, translated
from core.ui.words import signs, spoken_in
from tests.diagnosis.causes.test_catalogue import FAULTY
from tests.diagnosis.table import DATA, observation_of

from .test_words import catalogue

TEMPLATES = sorted(str(message) for message in sentences())
PLACES = {
    "n": ("1.5 GB", "1,5 GB"), "t": ("no parameters", "keine Parameter"), "w": ("text", "Text"),
    "m": ("tabs", "Tabulatoren"), "l": ("X and 2 more", "X und 2 weitere"), "r": ("X", "'X'"),
}  # fmt: skip
IRIS = {"data": {"source": "sample:iris", "target": "species"}}


@pytest.fixture(autouse=True)
def german():
    with spoken_in("de"):
        yield


def instance(template):
    """Return a sentence of a template, and what stands in its places in German."""
    values: dict[str, object] = {}
    german: dict[str, str] = {}
    for _, name, style, conversion in Formatter().parse(template):
        if name is None:
            continue
        if style:
            values[name], german[name] = 1234, format(1234, style).translate(signs("de"))
        else:
            values[name], german[name] = PLACES.get(conversion or "", ("Xx", "Xx"))
    return said(template, **values), german


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_sentence_finds_its_own_template(template):
    text, german = instance(template)
    assert translated(text) == catalogue("de", SENTENCES)[template].string.format(**german)


@pytest.mark.parametrize("template", TEMPLATES)
def test_two_places_of_a_template_have_words_between_them(template):
    fields = [(literal, name) for literal, name, *_ in Formatter().parse(template)]
    assert all(literal for literal, name in fields[1:] if name is not None)


def refused(spec):
    with pytest.raises(InputRefused) as refusal:
        load_spec(IRIS | spec)
    return translated(str(refusal.value))


def test_a_refused_spec_is_refused_in_german():
    assert refused({"training": {"learning_rate": -1}}) == (
        "training.learning_rate: -1 ist nicht möglich; erlaubt: mindestens 0,000000000001."
    )
    assert refused({"training": {"batch_size": 1.5}}) == (
        "training.batch_size: 1.5 ist nicht möglich; erlaubt: eine ganze Zahl."
    )
    assert refused({"training": {"rate": 1}}).startswith("training.rate: Diese Einstellung gibt es nicht; erlaubt: ")
    assert refused({"training": {"optimizer": "text"}}).startswith(
        'training.optimizer: "text" ist nicht erlaubt; erlaubt: '
    )
    assert refused({"model": {"layers": [8000] * 9}}) == (
        "model.layers: eine Liste ist nicht möglich; "
        "512.000.000 Gewichte zwischen den Schichten sind zu viele, erlaubt: höchstens 20.000.000."
    )
    assert refused({"vary": {"training.epochs": list(range(1, 600))}}) == (
        "vary: 599 Läufe sind zu viele, erlaubt: höchstens 512."
    )


def test_a_refused_file_is_refused_in_german():
    with pytest.raises(InputRefused) as refusal:
        read_table(b"a,b\n1,2\n3\n4,5,6\n7,8\n", "x: y.csv", **vars(ReadOptions()))
    assert translated(str(refusal.value)) == (
        "x: y.csv: Zeile 3 hat 1 Zelle, die erste Zeile 2, und 1 weitere Zeile weicht ab; "
        "erlaubt: gleich viele in jeder Zeile, oder sie wegzulassen."
    )
    with pytest.raises(InputRefused) as refusal:
        shelf._lesson(b"id = 1", "x")
    assert translated(str(refusal.value)) == (
        "Die Datei ist keine Lektion: id: Die Datei einer Lektion hat keine; sie folgt aus Name oder Inhalt."
    )


def test_how_a_table_was_read_is_told_in_german():
    rows = "\n".join(f"{place};1,5;a" for place in range(20))
    notes = read_table(f"id;size;kind\n{rows}\n".encode()).notes
    assert [translated(note) for note in notes] == [
        "Trennzeichen der Zellen: Semikolons.", "Zahlen sind mit Dezimalkomma geschrieben in size.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["text", "{x}", "{0.__class__}", "a is missing", "; allowed: 1", "a list", "no or a list"]
)
def test_user_text_in_a_sentence_is_left_alone(name):
    told = said("data.features: {column} is the target; allowed: every other column.", column=name)
    assert translated(told) == f"data.features: {name} ist die Zielgröße; erlaubt: jede andere Spalte."


@pytest.mark.parametrize("text", ["", "x or y", "name: value", "Nobody has said this.", "text or y.", "5"])
def test_what_is_no_sentence_of_the_lab_stays_as_it_is(text):
    assert translated(text) == text.replace("text or", "Text oder")


def test_the_numbers_of_a_sentence_are_written_as_the_language_writes_them():
    change = said("with a batch size of {count:,}", count=22000)
    template = "{where}: a run needs about {need!n} of memory; allowed: {allowed!n}, {change!t}."
    told = said(template, where="Batch 1.5", need="9.3 GB", allowed="3.0 GB", change=change)
    assert translated(told) == (
        "Batch 1.5: Ein Lauf braucht etwa 9,3 GB Speicher; erlaubt: 3,0 GB, mit einer Batchgröße von 22.000."
    )


def test_english_is_what_was_said():
    with spoken_in("en"):
        assert translated("The file is no text in UTF-8.") == "The file is no text in UTF-8."


@pytest.mark.parametrize("words", ["; allowed: x is refused", " or ", ": a list and ", ", "])
def test_a_text_is_read_at_once_however_it_repeats_the_words_of_templates(words):
    _catalogue("de")
    began = time.perf_counter()
    translated(f"x is refused{words * (1900 // len(words))} for y")
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(("cause", "facts", "signals", "sections"), FAULTY, ids=[f[0] for f in FAULTY])
def test_what_a_diagnosis_sees_is_told_in_german(cause, facts, signals, sections):
    if "skills" in facts:
        facts = facts | {"skills": {"linear": 0.0} | facts["skills"]}
    if "data" in sections:
        sections = sections | {"data": DATA | sections["data"]}
    observed = observation_of(facts, signals, **sections)
    told = {piece.text for suspect in suspects(observed, CAUSES.values()) for piece in suspect.evidence}
    told |= {text for look in SYMPTOMS.values() for text in look(observed)}
    told |= {text for known in CAUSES.values() for text in known.remarks(observed)}
    told |= {question.ask for known in CAUSES.values() for question in known.asks(observed)}
    told |= {text for link in LINKS.values() if (text := link.look(observed))}
    assert told
    assert {text for text in told - {"a is y"} if translated(text) == text} == set(), cause


def test_evidence_of_a_stored_report_is_told_with_its_numbers_and_names():
    text = "price alone explains 97 % of the variance of and 5 more, on rows it has not seen; "
    assert translated(f"{text}the other inputs together explain 3%") == (
        "price allein erklärt 97 % der Varianz von and 5 more, auf nicht gesehenen Zeilen; "
        "die anderen Eingaben zusammen erklären 3\N{NO-BREAK SPACE}%"
    )
    assert translated("a rate of 1e-06, 1/1,000 of the usual one") == "eine Lernrate von 1e−06, 1/1.000 der üblichen"
    assert translated("a is -999 in 12 rows, b: c is 0.5 in 5 rows: it may stand for a missing value") == (
        "a ist −999 in 12 Zeilen, b: c ist 0,5 in 5 Zeilen: Das könnte für einen fehlenden Wert stehen"
    )
    assert translated("The loss stands still at 0.6931 = the loss of predicting 1.5 every time with certainty.") == (
        "Der Verlust bleibt bei 0,6931 stehen = der Verlust, wenn jedes Mal mit Sicherheit 1.5 vorhergesagt wird."
    )
