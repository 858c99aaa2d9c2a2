"""What is written down when runs are submitted: a row for the experiment, one per run; what its data is called."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.data.samples import sample_title
from core.errors import InputRefused
from core.jobs.storage.records import State
from core.sentence import said
from core.spec import ExperimentSpec, InlineData, RunSpec
from core.training.structure import structure_key

_SECTIONS = ("data", "preprocessing", "model", "training")
_SEED = "training.seed"


@dataclass(frozen=True)
class Submission:
    """The rows of one experiment, not yet stored, and what they were made of."""

    spec: ExperimentSpec
    specs: tuple[RunSpec, ...]
    header: Mapping[str, Any]
    runs: Sequence[Mapping[str, Any]]


def listing(runs: Sequence[RunSpec], title: str) -> tuple[ExperimentSpec, tuple[RunSpec, ...]]:
    """Return an experiment of the first of `runs`, which are no product of anything, and all with what differs.

    Only numbers, names and lists may differ, so the table is written once however many runs there are.
    """
    spec = ExperimentSpec(title=title, **{section: getattr(runs[0], section) for section in _SECTIONS})
    variants = zip(runs, _differences(runs), strict=True)
    return spec, tuple(run.model_copy(update={"variant": variant}) for run, variant in variants)


def listed_runs(spec: ExperimentSpec, rows: Sequence[tuple[Mapping[str, Any], int]]) -> tuple[RunSpec, ...]:
    """Return the runs of a listed experiment from the (variant, seed) of its rows."""
    first = spec.runs()[0]
    return tuple(
        first.changed({**variant, _SEED: seed}).model_copy(update={"variant": dict(variant)}) for variant, seed in rows
    )


def _differences(runs: Sequence[RunSpec]) -> list[dict[str, Any]]:
    """Return for each run the settings in which not all agree, seeds apart."""
    first = runs[0]
    paths = [
        (section, field)
        for section in _SECTIONS
        for field in type(getattr(first, section)).model_fields
        if f"{section}.{field}" != _SEED
        and any(getattr(getattr(r, section), field) != getattr(getattr(first, section), field) for r in runs)
    ]
    return [
        {
            f"{section}.{field}": getattr(run, section).model_dump(mode="json", include={field})[field]
            for section, field in paths
        }
        for run in runs
    ]


def submission(
    spec: ExperimentSpec,
    runs: tuple[RunSpec, ...],
    dataset_name: Callable[[str], str],
    *,
    listed: bool = False,
    probed: bool = False,
) -> Submission:
    """Return the submission of `runs`, those of the grid of `spec` or a `listing`."""
    # Runs that do not vary the source share one object.
    sources = {
        source if isinstance(source, str) else id(source): source for source in (run.data.source for run in runs)
    }
    labels = dict.fromkeys(_describe(source, dataset_name) for source in sources.values())
    identity, now = secrets.token_urlsafe(12), time.time()
    header = {
        "id": identity, "title": spec.title, "source": ", ".join(labels),
        # Keys in the order they were written: the order of `vary` numbers the runs, that of columns the features.
        "spec": json.dumps(spec.model_dump(mode="json"), separators=(",", ":"), ensure_ascii=False),
        "spec_hash": spec.hash(), "created": now, "listed": listed,
    }  # fmt: skip
    rows = [
        {
            "experiment": identity, "position": position, "variant": json.dumps(run.variant),
            "seed": run.training.seed, "structure": structure_key(run), "state": State.QUEUED,
            "epochs": run.training.epochs, "probed": probed, "created": now,
        }
        for position, run in enumerate(runs)
    ]  # fmt: skip
    return Submission(spec, runs, header, rows)


def _describe(source: str | InlineData, dataset_name: Callable[[str], str]) -> str:
    """Return what to call a source, after refusing one that an app's user must not reach."""
    if isinstance(source, InlineData):
        return "a table in the spec"
    kind, _, rest = source.partition(":")
    if kind == "file":
        raise InputRefused(
            said("data.source: files of this computer cannot be read here; allowed: an uploaded table or a sample."),
            "data.source",
        )
    if kind == "dataset":
        return dataset_name(rest)
    return sample_title(rest)
