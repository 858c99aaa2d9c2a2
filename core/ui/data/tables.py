"""Tables as the pages need them, and what is known of them: found out once, kept a while, shared by all sessions."""

from __future__ import annotations

import json
from typing import Any, Final

import streamlit as st

from core.data.kinds import Kind
from core.data.samples import sample_title
from core.data.source import load_table
from core.data.table import Table
from core.data.understand.profile import Profile, profile
from core.data.upload.recast import possible_kinds
from core.errors import InputRefused
from core.jobs.column_preview import ask_preview
from core.jobs.lab import get_lab
from core.jobs.memory import give_back
from core.recent import Recent
from core.spec import DataSpec, InlineData, RunSpec, Thing
from core.ui.words import t

_TABLE_BYTES: Final = 128 * 2**20
"""Of all tables in memory but for the one that is looked at: a file of 20 MB can become a table of 80."""
_FINDINGS: Final = 12
_SECONDS: Final = 3600


def _source(data: DataSpec) -> str:
    return json.dumps(data.model_dump(mode="json")["source"])


def _size(table: Table) -> int:
    return int(table.frame.memory_usage(deep=True).sum())


TABLES: Final[Recent[str, Table]] = Recent(budget=_TABLE_BYTES, cost=_size)
"""The tables that were looked at last, by their source.

No callback is given a table: Streamlit keeps what callbacks are given until a session ends.
"""


def table_for(data: DataSpec) -> Table:
    """Return the table that ``data.source`` names.

    Raises
    ------
    InputRefused
        If it is not here or cannot be read.
    WorkFailed
        If it was lost or changed on disk.
    """
    source = data.source.digest if isinstance(data.source, InlineData) else data.source
    return TABLES.get(source, lambda: load_table(data, dataset=get_lab().store.datasets.read))


@st.cache_resource(
    max_entries=_FINDINGS,
    ttl=_SECONDS,
    show_spinner=False,
    hash_funcs={DataSpec: lambda data: (_source(data), data.targets)},
)
def profile_of(data: DataSpec, _table: Table) -> Profile:
    """Return the profile of `_table`, which is that of `data`, towards its targets."""
    found = profile(_table, data.targets)
    give_back()
    return found


@st.cache_resource(max_entries=_FINDINGS, ttl=_SECONDS, show_spinner=False, hash_funcs={DataSpec: _source})
def kinds_of(data: DataSpec, _table: Table) -> dict[str, tuple[Kind, ...]]:  # noqa: ARG001 - the key of the cache
    """Return the kinds each column of `_table`, which is that of `data` as it was inferred, can become."""
    return possible_kinds(_table)


@st.cache_data(
    max_entries=_FINDINGS,
    ttl=_SECONDS,
    show_spinner=False,
    hash_funcs={RunSpec: lambda run: run.key(Thing.PICTURE)},
)
def preview_of(run: RunSpec) -> dict[str, Any]:
    """Return the preview of `run`; what does not change the picture does not make a new one.

    Raises
    ------
    InputRefused
        If the table cannot be prepared that way.
    WorkFailed
        If the picture cannot be made.
    """
    table_for(run.data)  # Refuses what must not be read here.
    kind, _, sha = run.data.source.partition(":") if isinstance(run.data.source, str) else ("inline", "", "")
    return ask_preview(run, get_lab().store.datasets.read(sha) if kind == "dataset" else b"")


def source_name(data: DataSpec) -> str:
    """Return what to call the data: the uploaded file's name, the sample's title."""
    if isinstance(data.source, InlineData):
        return t("A small table")
    kind, _, rest = data.source.partition(":")
    if kind == "dataset":
        try:
            return get_lab().store.datasets.name(rest)
        except InputRefused:
            return t("An uploaded table")
    return t(sample_title(rest))
