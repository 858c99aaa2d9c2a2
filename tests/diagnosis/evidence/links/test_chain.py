"""The chain from a cause to the curve: only what was measured, in its order."""

from dataclasses import replace
from typing import get_args

import pytest

from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.evidence.links.chain import LINKS, chain
from core.diagnosis.evidence.marks import MarkKind
from tests.diagnosis.faulty import faulty
from tests.diagnosis.table import observation_of


def words(cause, facts=(), signals=(), **sections):
    return [link.words for link in chain(observation_of(facts, signals, **sections), CAUSES[cause].links)]


def test_a_chain_leads_from_the_cause_over_the_layers_to_the_curve():
    signals = {"kick": 140.0, "dead": 0.97, "constant": 0.25, "skill": (0.0,) * 3}
    told = words("inputs_unscaled", {"input_offset": 500.0}, signals, preprocessing={"scaling": "none"})
    assert told == [
        "inputs with a mean of up to 500 and a spread of up to 1",
        "the first epoch makes the loss 140 times worse",
        "97% of a layer's ReLU units are dead",
        "the loss stands still at 0.25",
        "no better than guessing",
    ]


def test_what_was_not_measured_is_left_out():
    signals = {"constant": 0.25, "dead": 0.1}
    told = words("inputs_unscaled", {"input_offset": 500.0}, signals, preprocessing={"scaling": "none"})
    assert told == ["inputs with a mean of up to 500 and a spread of up to 1", "the loss stands still at 0.25"]
    assert not [link for link in told if "dead" in link or "worse" in link]


def test_of_a_sample_the_numbers_are_those_a_person_has_set():
    """On a sample, a patience of 1 is one of 20 shorter epochs."""
    stopping = {"monitor": "val_loss", "patience": 20}
    light = observation_of({}, {"stopped": 0.1}, training={"epochs": 988, "early_stopping": stopping})
    asked = light.run.changed({"training.epochs": 50, "training.early_stopping": stopping | {"patience": 1}})
    told = chain(replace(light, whole=asked), CAUSES["early_stopping_too_eager"].links)
    assert [link.words for link in told][:2] == ["a patience of 1 epochs", "stopped after 5 of 50 epochs"]
    (evidence,) = CAUSES["early_stopping_too_eager"].look(replace(light, whole=asked))
    assert "5 of 50 epochs, with a patience of 1" in evidence.text
    assert "988" not in evidence.text


def test_one_link_is_no_chain_and_outcomes_alone_start_nowhere():
    assert words("inputs_unscaled", {"input_offset": 500.0}, preprocessing={"scaling": "none"}) == []
    assert words("output_activation_mismatch", {}, {"constant": 0.2, "skill": (0.0,) * 3}) == []
    assert words("inputs_unscaled", {}, {"constant": 0.2, "skill": (0.0,) * 3}) == []


def test_a_healthy_run_has_no_link_of_what_goes_wrong():
    healthy = observation_of()
    said = {name for name, link in LINKS.items() if link.outcome and link.look(healthy)}
    assert said == set()


def test_every_cause_names_links_that_exist_and_every_link_has_its_cause():
    named = {name for cause in CAUSES.values() for name in cause.links}
    assert named == set(LINKS)
    assert all(len(set(cause.links)) == len(cause.links) >= 2 for cause in CAUSES.values())


def test_a_link_that_is_seen_in_the_curve_names_a_mark_there_is():
    marked = {link.mark for link in LINKS.values()} - {None}
    assert marked == set(get_args(MarkKind))


def test_no_chain_says_what_is_not_so():
    for cause, observed in faulty():
        for link in chain(observed, CAUSES[cause].links):
            assert 5 < len(link.words) < 100
            assert not {"None", "nan", "inf"} & set(link.words.split())


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
def test_every_cause_with_a_repair_says_in_one_sentence_why_it_works(cause):
    repaired = any(list(cause.repairs(observed)) for name, observed in faulty() if name == cause.id)
    assert bool(cause.works) == repaired
    assert ". " not in cause.works
    assert len(cause.works) < 120
