"""What is likely to be run after what is on the screen: compiled ahead by trainers that have nothing to do."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, Final

from core.errors import InputRefused
from core.spec import ExperimentSpec, RunSpec
from core.training.structure import structure_key

_MOST_RUNS: Final = 4
"""Of an experiment; each that has a structure of its own is traced for a third of a second, and then compiled."""

_USUAL_ACTIVATIONS: Final = ("relu", "tanh", "sigmoid")


Likely = dict[str, dict[str, Any]]
"""Structure → a run spec as JSON values."""


def likely_next(spec: ExperimentSpec) -> tuple[Likely, Likely]:
    """Return what is likely to be run now, the runs of `spec`, and what may come after them: their neighbours.

    A neighbour has one more layer, or another of the usual activations: what a person changes first, and what a
    diagnosis tries.
    """
    own = list(itertools.islice(spec.runs(), _MOST_RUNS))
    now, later = _by_structure(own), _by_structure(_neighbours(own[0]))
    return now, {structure: run for structure, run in later.items() if structure not in now}


def _by_structure(runs: Iterable[RunSpec]) -> Likely:
    found: Likely = {}
    for run in runs:
        found.setdefault(structure_key(run), run.model_dump(mode="json"))
    return found


def _neighbours(run: RunSpec) -> Iterable[RunSpec]:
    layers = run.model_dump(mode="json")["model"]["layers"]
    changes: list[Mapping[str, Any]] = [
        *({"model.activation": name} for name in _USUAL_ACTIVATIONS if name != run.model.activation),
        *([{"model.layers": [*layers, layers[-1]]}] if layers else []),
    ]
    for change in changes:
        try:
            yield run.changed(change)
        except InputRefused:  # a layer too many
            continue
