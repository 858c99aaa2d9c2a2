"""Tables as the pages need them: loaded once, kept for a while, shared by all sessions."""

from __future__ import annotations

import json
from typing import Final

import streamlit as st

from core.data.samples import SAMPLES
from core.data.source import load_table
from core.data.table import Table
from core.errors import InputRefused
from core.jobs.lab import get_lab
from core.spec import DataSpec, InlineData

_KEPT: Final = 6


def table_for(data: DataSpec) -> Table:
    """Return the table that ``data.source`` names.

    Raises
    ------
    InputRefused
        If it is not here or cannot be read.
    """
    source = data.model_dump(mode="json")["source"]
    return _table(json.dumps(source))


@st.cache_resource(max_entries=_KEPT, ttl=3600, show_spinner=False)
def _table(source: str) -> Table:
    data = DataSpec.model_validate({"source": json.loads(source), "target": ""})
    if isinstance(data.source, str) and data.source.startswith("file:"):
        raise InputRefused("data.source: files of this computer cannot be read here.", "data.source")
    return load_table(data, dataset=get_lab().store.datasets.read)


def source_name(data: DataSpec) -> str:
    """Return what to call the data: the uploaded file's name, the sample's title."""
    if isinstance(data.source, InlineData):
        return "A small table"
    kind, _, rest = data.source.partition(":")
    if kind == "dataset":
        try:
            return get_lab().store.datasets.name(rest)
        except InputRefused:
            return "An uploaded table"
    sample = SAMPLES.get(rest.partition("?")[0])
    return sample.title if sample else rest
