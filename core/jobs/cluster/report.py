"""What a bench says of its places: plain values, as they go over the wire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from core.jobs.scheduling.choice import SlotView
from core.jobs.scheduling.queue import Claim


class PlaceReport(TypedDict):
    """One place: a `SlotView`, the token it works at and the one that it was last done with."""

    ready: bool
    pid: int | None
    structures: list[str]
    compiling: str | None
    warming: list[str]
    problem: str
    failures: int
    token: str | None
    last: str | None


class Report(TypedDict):
    """All places of a bench; of two reports the one with the higher `number` is true."""

    number: int
    places: list[PlaceReport]


def report_of(number: int, places: Iterable[tuple[SlotView, Claim | None, str | None]]) -> Report:
    """Return the report of slots, their claims and the tokens of the ones before."""
    return {
        "number": number,
        "places": [
            {
                "ready": view.ready,
                "pid": view.pid,
                "structures": sorted(view.structures),
                "compiling": view.compiling,
                "warming": sorted(view.warming),
                "problem": view.problem,
                "failures": view.failures,
                "token": claim.token if claim is not None else None,
                "last": last,
            }
            for view, claim, last in places
        ],
    }


def view_of(name: str, place: PlaceReport, *, usable: bool, idle: bool) -> SlotView:
    """Return what the dispatcher sees of a place.

    It has no token: what another machine has said a moment ago is no sign that it works at a run whose lease is over.

    Parameters
    ----------
    usable : bool
        Its worker takes work just now.
    idle : bool
        Nothing is on its way to it.
    """
    ready = usable and place["ready"]
    return SlotView(
        name,
        ready=ready,
        free=ready and idle and place["token"] is None,
        pid=place["pid"],
        structures=frozenset(place["structures"]),
        compiling=place["compiling"],
        warming=frozenset(place["warming"]),
        problem=place["problem"],
        failures=place["failures"],
    )
