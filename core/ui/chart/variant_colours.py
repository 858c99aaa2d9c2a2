"""Which colour of the palette a variant has: the one its experiment was first drawn in.

The rule: an experiment keeps its colours, whoever opens it again or follows its link, as long as the server remembers
it. In a new one a variant has the place in the palette that it had when the session last drew it, recognised by its
program (everything but the seed) or, where something else has changed for all, by the settings that are varied.
Whatever is new takes the first place that is free, in the order of the runs. So a value added to a setting recolours
nothing. More variants than colours have colours of their own (``series.js``). Where experiments are told about
together, as the parts of a lesson are, no two of their variants share a colour.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Final

import streamlit as st

from core.jobs.storage.records import Experiment, Run
from core.plot import COLOURS
from core.recent import Recent

_DRAWN: Final[Recent[str, tuple[int, ...]]] = Recent(entries=4096)
"""The places of the variants of each experiment when it was first drawn, by its id."""


def colours_of(experiment: Experiment) -> list[str]:
    """Return the colour of each variant of `experiment`, in their order, or the palette where there are too many."""
    places = places_of(experiment, seen_places())
    return [COLOURS[place] for place in places] if places else list(COLOURS)


def seen_places() -> dict[str, int]:
    """Return the places in the palette that this session has seen variants in, as `places_of` knows and notes them."""
    places: dict[str, int] = st.session_state.setdefault("chart_colours", {})
    return places


def keep_apart(experiments: Iterable[Experiment], known: MutableMapping[str, int]) -> None:
    """Note in `known` places for the variants of all `experiments`, the first ones first, each with its own colour.

    Only where they have more variants than there are colours do two of them share one.
    """
    taken: dict[int, str] = {}
    for experiment in experiments:
        places = places_of(experiment, known, taken)
        taken |= zip(places, (names[0] for names in _variants(experiment)), strict=False)


def places_of(
    experiment: Experiment, known: MutableMapping[str, int], taken: Mapping[int, str] | None = None
) -> list[int]:
    """Return the place in the palette of each variant, and note it in `known`; empty where there are too many.

    `taken` are places that only the program named there may have, as long as others are free.
    """
    keys = _variants(experiment)
    if len(keys) > len(COLOURS):
        return []
    places = _DRAWN.get(experiment.id, lambda: _new_places(keys, known, taken or {}))
    for names, place in zip(keys, places, strict=True):
        known.update(dict.fromkeys(names, place))
    return list(places)


def _new_places(keys: Sequence[Sequence[str]], known: Mapping[str, int], taken: Mapping[int, str]) -> tuple[int, ...]:
    """Return the places of variants that were not drawn before, each given as what it is recognised by."""
    places: dict[int, int] = {}
    for tier in range(2):
        for variant, names in enumerate(keys):
            place = known.get(names[tier])
            mine = place is not None and taken.get(place, names[0]) == names[0]
            if variant not in places and place is not None and mine and place not in places.values():
                places[variant] = place
    left = [place for place in range(len(COLOURS)) if place not in places.values()]
    free = iter(sorted(left, key=taken.__contains__))
    return tuple(places[variant] if variant in places else next(free) for variant in range(len(keys)))


def _variants(experiment: Experiment) -> list[list[str]]:
    """Return what each variant is recognised by, in the order of the runs."""
    firsts = {json.dumps(run.variant, sort_keys=True): run for run in experiment.runs}
    return [list(_keys(words, run)) for words, run in firsts.items()]


def _keys(words: str, run: Run) -> Iterator[str]:
    """Yield what a variant is recognised by, the surest first."""
    program = run.spec.model_copy(update={"training": run.spec.training.model_copy(update={"seed": 0})})
    yield program.hash()[:16]
    yield words
