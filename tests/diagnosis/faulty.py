"""Observations of every kind of fault: those that the test of the catalogue fires its causes with."""

from collections.abc import Iterator
from typing import Any, cast

from core.diagnosis.causes.cause import Observation
from tests.diagnosis.causes.test_catalogue import FAULTY
from tests.diagnosis.table import DATA, observation_of


def faulty() -> Iterator[tuple[str, Observation]]:
    """Yield the id of a cause and an observation that makes it a suspect."""
    for cause, facts, signals, sections in cast("Any", FAULTY):
        data = {"data": {**DATA, **sections["data"]}} if "data" in sections else {}
        yield cause, observation_of(facts, signals, **{**sections, **data})
