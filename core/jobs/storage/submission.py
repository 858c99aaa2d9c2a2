"""What is written down when runs are submitted: a row for the experiment, one per run; what its data is called."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.data.samples import SAMPLES
from core.errors import InputRefused
from core.jobs.storage.records import State
from core.spec import ExperimentSpec, InlineData, RunSpec
from core.training.structure import structure_key

_SECTIONS = ("data", "preprocessing", "model", "training")
_SEED = "training.seed"


@dataclass(frozen=True)
class Submission:
    """The rows of one experiment, not yet stored, and what they were made of."""

    id: str
    spec: ExperimentSpec
    specs: tuple[RunSpec, ...]
    header: Mapping[str, Any]
    runs: Sequence[Mapping[str, Any]]


def of_grid(spec: ExperimentSpec, dataset_name: Callable[[str], str]) -> Submission:
    """Return the submission of every run of `spec`."""
    return _submission(spec, spec.runs(), dataset_name)


def of_list(
    runs: Sequence[RunSpec], dataset_name: Callable[[str], str], *, title: str = "", probed: bool = False
) -> Submission:
    """Return the submission of runs that are no product of anything: an experiment of the first, and what differs.

    Only numbers, names and lists may differ, so the table is written once however many runs there are.
    """
    first = runs[0]
    spec = ExperimentSpec(
        title=title, data=first.data, preprocessing=first.preprocessing, model=first.model, training=first.training
    )
    specs = [run.model_copy(update={"variant": variant}) for run, variant in zip(runs, _differences(runs), strict=True)]
    return _submission(spec, specs, dataset_name, listed=True, probed=probed)


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


def _submission(
    spec: ExperimentSpec,
    runs: Sequence[RunSpec],
    dataset_name: Callable[[str], str],
    *,
    listed: bool = False,
    probed: bool = False,
) -> Submission:
    labels = [_describe(run.data.source, dataset_name) for run in _distinct_sources(runs)]
    identity, now = secrets.token_urlsafe(12), time.time()
    header = {
        "id": identity, "title": spec.title, "source": ", ".join(dict.fromkeys(labels)),
        # Keys in the order they were written: the order of `vary` numbers the runs, that of columns the features.
        "spec": json.dumps(spec.model_dump(mode="json"), separators=(",", ":"), ensure_ascii=False),
        "spec_hash": spec.hash(), "created": now, "listed": listed,
    }  # fmt: skip
    rows = [
        {
            "experiment": identity, "position": position, "variant": json.dumps(run.variant),
            "seed": run.training.seed, "structure": structure_key(run, probed=probed), "state": State.QUEUED,
            "epochs": run.training.epochs, "probed": probed, "created": now,
        }
        for position, run in enumerate(runs)
    ]  # fmt: skip
    return Submission(identity, spec, tuple(runs), header, rows)


def _distinct_sources(runs: Sequence[RunSpec]) -> Iterator[RunSpec]:
    """Yield one run per distinct source; runs that do not vary it share one object."""
    seen: set[object] = set()
    for run in runs:
        source = run.data.source
        name = source if isinstance(source, str) else id(source)
        if name not in seen:
            seen.add(name)
            yield run


def _describe(source: str | InlineData, dataset_name: Callable[[str], str]) -> str:
    """Return what to call a source, after refusing one that an app's user must not reach."""
    if isinstance(source, InlineData):
        return "a table in the spec"
    kind, _, rest = source.partition(":")
    if kind == "file":
        raise InputRefused(
            "data.source: files of this computer cannot be read here; allowed: an uploaded table or a sample.",
            "data.source",
        )
    if kind == "dataset":
        return dataset_name(rest)
    name = rest.partition("?")[0]
    return SAMPLES[name].title if name in SAMPLES else name
