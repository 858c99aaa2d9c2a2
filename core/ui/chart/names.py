"""What the variants of an experiment are called: by what differs between them, and by nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.jobs.storage.records import Experiment
from core.ui.lab.knobs import KNOBS, label_of, show_value, value_at
from core.ui.words import inside, t

_SAY_NOTHING: Final = frozenset({"none", "off", "on", "auto", "default", "null", "true", "false", "no", "yes", "keep"})
"""Values that need the name of their setting beside them, as numbers do."""


def variants_of(experiment: Experiment) -> list[dict[str, Any]]:
    """Return the variants of an experiment, each once, in the order of its runs."""
    return list({json.dumps(run.variant, sort_keys=True): run.variant for run in experiment.runs}.values())


def differing(experiment: Experiment) -> list[str]:
    """Return the paths of the settings that are not the same in all runs."""
    variants = variants_of(experiment)
    return [path for path in variants[0] if any(variant.get(path) != variants[0].get(path) for variant in variants)]


def named(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return a name for each of `rows`, path → value in words: the values, and their settings where they say little.

    A value needs its setting beside it where any value of that setting does.
    """
    unclear = {path for path in rows[0] if any(_says_little(row[path]) for row in rows)}
    return [
        " · ".join(f"{inside(t(label_of(path)))} {value}" if path in unclear else value for path, value in row.items())
        for row in rows
    ]


def _says_little(value: str) -> bool:
    return value.lower() in _SAY_NOTHING or not any(letter.isalpha() for letter in value.replace("e", ""))


def shared_settings(experiment: Experiment, varied: Sequence[str]) -> list[tuple[str, str]]:
    """Return label and value of every knob's setting that is the same in all runs, beside those at `varied` paths."""
    dumped = experiment.spec.model_dump(mode="json")
    first = experiment.runs[0].spec.model_dump(mode="json")
    apart = {*varied, "training.seed", "seeds"}
    return [
        (t(knob.label), show_value(knob.path, value_at(first if "." in knob.path else dumped, knob.path)))
        for knob in KNOBS
        if not any(f"{path}.".startswith(f"{knob.path}.") for path in apart)
    ]


def distinct(labels: Sequence[str]) -> list[str]:
    """Return `labels`, those that are there already with a number behind them: two long ones may be cut to the same."""
    return [
        f"{label} ({labels[:i].count(label) + 1})" if label in labels[:i] else label for i, label in enumerate(labels)
    ]
