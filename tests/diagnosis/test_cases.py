"""Four quick programs of tests/cases, diagnosed with real networks: a healthy one, and one of each family."""

import json
from pathlib import Path

import pytest

import core
from core.diagnosis.causes.catalogue import CAUSES

CASES = Path(__file__).parents[1] / "cases"
QUICK = ["healthy-iris", "nan-input", "sigmoid-output-parabola", "five-epochs-two-classes"]
CASE = {name: json.loads((CASES / f"{name}.json").read_text()) for name in QUICK}


@pytest.mark.parametrize("name", QUICK)
def test_a_case_is_diagnosed_as_it_is_known_to_be(name):
    (found,) = core.diagnose(CASES / f"{name}.json")["variants"]
    known = CASE[name]
    assert found["verdict"] == known["verdict"]
    first = [cause["cause"] for cause in found["causes"][:1]]
    assert set(first) <= {*known["expect"], *known["also_accept"]}
    assert bool(first) == (known["verdict"] == "faulty")
    assert all(cause["standing"] != "suspected" for cause in found["causes"][:1])


def test_the_quick_cases_are_of_every_family():
    families = {CAUSES[case["expect"][0]].family for case in CASE.values() if case["expect"]}
    assert families == {"preprocessing", "architecture", "optimisation"}
    assert [case["verdict"] for case in CASE.values()].count("healthy") == 1
