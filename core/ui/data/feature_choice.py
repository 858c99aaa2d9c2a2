"""Which columns are inputs and which is the target: what the spec says now, and how one click changes it."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from core.data.table import Table
from core.spec import DataSpec, load_spec
from core.ui.lab import state as lab_state


def usual_features(data: DataSpec, table: Table) -> tuple[str, ...]:
    """Return the inputs where the spec names none: every column but targets, identifiers and texts."""
    return tuple(
        column.name
        for column in table.columns
        if column.name not in data.targets and column.kind not in {"identifier", "text"}
    )


def chosen_features(data: DataSpec, table: Table) -> tuple[str, ...]:
    """Return the columns that are inputs, in table order."""
    chosen = usual_features(data, table) if data.features is None else data.features
    return tuple(column.name for column in table.columns if column.name in chosen)


def with_features(data: DataSpec, table: Table, features: Collection[str]) -> DataSpec:
    """Return `data` with these inputs; the usual ones need not be named, and without any the usual ones stay."""
    wanted = tuple(name for name in table.frame.columns if name in features and name not in data.targets)
    usual = not wanted or wanted == usual_features(data, table)
    return data.model_copy(update={"features": None if usual else wanted})


def choose_features(table: Table, features: Collection[str]) -> None:
    """Make these columns the inputs of the lab; an experiment that varied its inputs no longer does."""
    old = lab_state.base_spec()
    data = with_features(old.data, table, features).model_dump(mode="json")
    dumped = old.model_dump(mode="json")
    vary = {path: values for path, values in dumped["vary"].items() if path != "data.features"}
    st.session_state.lab_base = load_spec(dumped | {"title": "", "data": data, "vary": vary})


def leave_out(table: Table, *names: str) -> None:
    """Take columns out of the inputs of the lab."""
    features = chosen_features(lab_state.base_spec().data, table)
    choose_features(table, [feature for feature in features if feature not in names])


def choose_target(name: str) -> None:
    """Make one column the target of the lab; inputs and task are found anew.

    The select box of the target follows when the page is drawn next. To set its own state here would be undone: the
    browser still has the old choice and would send it with the next click.
    """
    old = lab_state.base_spec().model_dump(mode="json")
    data = old["data"] | {"target": name, "features": None, "task": "auto"}
    vary = {path: values for path, values in old["vary"].items() if path not in {"data.features", "data.target"}}
    st.session_state.lab_base = load_spec(old | {"title": "", "data": data, "vary": vary})
