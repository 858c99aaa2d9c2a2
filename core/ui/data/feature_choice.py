"""Which columns are inputs: what the spec says now, and how one click changes it."""

from __future__ import annotations

from collections.abc import Collection

from core.data.kinds import NEARLY_UNIQUE
from core.data.table import Table
from core.spec import DataSpec
from core.ui.lab import state as lab_state


def chosen_features(data: DataSpec, table: Table) -> tuple[str, ...]:
    """Return the inputs in table order; where none are named, all columns but targets, identifiers and texts."""
    return tuple(
        column.name
        for column in table.columns
        if (
            column.name in data.features
            if data.features is not None
            else column.name not in data.targets and column.kind not in NEARLY_UNIQUE
        )
    )


def with_features(data: DataSpec, table: Table, features: Collection[str]) -> DataSpec:
    """Return `data` with these inputs; the usual ones need not be named, and without any the usual ones stay."""
    usual = data.model_copy(update={"features": None})
    wanted = tuple(name for name in table.frame.columns if name in features and name not in data.targets)
    named = wanted and wanted != chosen_features(usual, table)
    return usual.model_copy(update={"features": wanted}) if named else usual


def choose_features(table: Table, features: Collection[str]) -> None:
    """Make these columns the inputs of the lab; an experiment that varied its inputs no longer does."""
    lab_state.change_data(features=with_features(lab_state.base_spec().data, table, features).features)


def leave_out(*names: str) -> None:
    """Take columns out of the inputs of the lab."""
    table = lab_state.current_table()
    features = chosen_features(lab_state.base_spec().data, table)
    choose_features(table, [feature for feature in features if feature not in names])
