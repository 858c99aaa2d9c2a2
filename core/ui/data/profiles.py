"""What the pages know of a table, found out once and kept for a while: its profile and how preparing changes it."""

from __future__ import annotations

import json
from typing import Any, Final

import streamlit as st

from core.data.kinds import Kind
from core.data.table import Table
from core.data.understand.profile import Profile, profile
from core.data.upload.recast import possible_kinds
from core.jobs.column_preview import ask_preview
from core.jobs.lab import get_lab
from core.jobs.memory import give_back
from core.spec import DataSpec, ExperimentSpec, RunSpec, Thing
from core.ui.data.tables import table_for

_KEPT: Final = 12


def profile_of(spec: ExperimentSpec, table: Table) -> Profile:
    """Return the profile of `table`, which is that of ``spec.data``, towards the targets of `spec`."""
    source = json.dumps(spec.model_dump(mode="json")["data"]["source"])
    return _profile(source, spec.data.targets, table)


@st.cache_resource(max_entries=_KEPT, ttl=3600, show_spinner=False)
def _profile(source: str, targets: tuple[str, ...], _table: Table) -> Profile:  # noqa: ARG001 - the key of the cache
    found = profile(_table, targets)
    give_back()
    return found


def kinds_of(data: DataSpec, table: Table) -> dict[str, tuple[Kind, ...]]:
    """Return the kinds each column of `table`, which is that of `data` as it was inferred, can become."""
    return _kinds(json.dumps(data.model_dump(mode="json")["source"]), table)


@st.cache_resource(max_entries=_KEPT, ttl=3600, show_spinner=False)
def _kinds(source: str, _table: Table) -> dict[str, tuple[Kind, ...]]:  # noqa: ARG001 - the key of the cache
    return possible_kinds(_table)


def preview_of(run: RunSpec) -> dict[str, Any]:
    """Return the preview of `run`; what does not change the picture does not make a new one.

    Raises
    ------
    InputRefused
        If the table cannot be prepared that way.
    WorkFailed
        If the picture cannot be made.
    """
    return _preview(run.key(Thing.PICTURE), run)


@st.cache_data(max_entries=_KEPT, ttl=3600, show_spinner=False)
def _preview(key: str, _run: RunSpec) -> dict[str, Any]:  # noqa: ARG001 - the key of the cache
    table_for(_run.data)  # Refuses what must not be read here.
    kind, _, sha = _run.data.source.partition(":") if isinstance(_run.data.source, str) else ("inline", "", "")
    return ask_preview(_run, get_lab().store.datasets.read(sha) if kind == "dataset" else b"")
