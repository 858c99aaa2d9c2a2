"""Which rows and columns of a table a run trains on, decided before anything is fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.choices.encoders import ENCODERS
from core.choices.imputation import IMPUTATIONS
from core.data.column_names import listed
from core.data.kinds import NEARLY_UNIQUE, NUMERIC, as_float
from core.data.prepare.cyclical_features import on_cycle, useful_cycles
from core.data.table import Column, Table
from core.errors import InputRefused
from core.sentence import said
from core.spec import RunSpec


@dataclass(frozen=True)
class Selection:
    """The chosen part of a table; the three hold the same rows in the same order.

    Attributes
    ----------
    rows : numpy.ndarray
        int64 [rows], ascending positions in the table.
    numbers : pandas.DataFrame
        float64, missing = NaN: number, boolean (0/1) and date columns; a date is its days since 1970, followed by
        what `core.data.prepare.cyclical_features` finds useful.
    categories : pandas.DataFrame
        Strings, missing = NaN.
    notes : tuple of str
        What was left out, and why.
    parents : mapping
        For each column of `numbers` that is part of a date, the date's column.
    """

    rows: np.ndarray
    numbers: pd.DataFrame
    categories: pd.DataFrame
    notes: tuple[str, ...]
    parents: Mapping[str, str]

    def groups(self) -> np.ndarray:
        """Return int64 [rows]: rows of equal inputs have one number, from 0 as they come."""
        inputs = pd.concat([self.numbers, self.categories], axis=1)
        return inputs.groupby(list(inputs.columns), dropna=False, sort=False).ngroup().to_numpy(np.int64)


def select(run: RunSpec, table: Table, usable: np.ndarray) -> Selection:
    """Return the rows and columns that `run` trains and validates on.

    In this order: rows without a target go, features are chosen, infinite numbers become missing (unless missing
    values are kept), empty columns go, ``missing: drop_columns`` and ``drop_rows`` act, ``data.rows`` are sampled,
    constant columns go. Empty and constant columns stay where nothing else would be left.

    Parameters
    ----------
    usable : numpy.ndarray
        bool [table rows], whether a row has its target.

    Raises
    ------
    InputRefused
        If a feature does not exist or is a target, or no feature or row is left.
    """
    imputation = IMPUTATIONS[run.preprocessing.missing]
    rows = np.flatnonzero(usable)
    notes: list[str] = []
    if targetless := len(usable) - len(rows):
        notes.append(said("{rows!t} without a target left out.", rows=_rows(targetless)))
    columns, left_out = choose_features(run, table)
    notes += left_out
    numeric = [column.name for column in columns if column.kind in NUMERIC]
    words = [column.name for column in columns if column.kind not in NUMERIC]
    chosen = {name: as_float(table.frame[name]) for name in numeric} | {name: table.frame[name] for name in words}
    frame = pd.DataFrame(chosen, index=table.frame.index).iloc[rows]
    if not imputation.keeps:
        frame = _without_infinite(frame, numeric, notes)
    frame = _without(frame, list(frame.columns[frame.isna().all()]), said("empty"), notes)
    if imputation.drops == "columns":
        gaps = list(frame.columns[frame.isna().any()])
        frame = frame.drop(columns=gaps)
        if gaps:
            notes.append(said("Left out for their missing values: {columns!l}.", columns=listed(gaps)))
    if imputation.drops == "rows":
        whole = frame.notna().all(axis=1)
        if not whole.all():
            notes.append(said("{rows!t} with missing values left out.", rows=_rows(int((~whole).sum()))))
        frame = frame[whole]
    if frame.shape[1] == 0:
        raise InputRefused(
            said("data.features: no feature is left; allowed: at least one usable column."), "data.features"
        )
    if len(frame) == 0:
        raise InputRefused(
            said("data: no row is left; allowed: at least one row with a target and its features."), "data"
        )
    if run.data.rows is not None and run.data.rows < len(frame):
        notes.append(said("{count} of {rows} rows sampled.", count=run.data.rows, rows=len(frame)))
        order = np.random.Generator(np.random.Philox(run.training.seed)).permutation(len(frame))
        frame = frame.iloc[np.sort(order[: run.data.rows])]
    # A missing value is a value of its own where the network gets to see it.
    unseen = frame.isna().any() & (not imputation.visible)
    constant = [name for name in frame.columns if len(frame[name].unique()) - unseen[name] <= 1]
    frame = _without(frame, constant, said("constant"), notes)
    numbers, parents = _with_cyclical_features(table, frame[[name for name in numeric if name in frame]])
    return Selection(
        rows=frame.index.to_numpy(np.int64),
        numbers=numbers,
        categories=frame[[name for name in words if name in frame]],
        notes=tuple(notes),
        parents=parents,
    )


def _with_cyclical_features(table: Table, numbers: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return `numbers` with the useful parts of each date beside it, and the date each part belongs to."""
    columns: dict[str, np.ndarray] = {}
    parents: dict[str, str] = {}
    for name in numbers.columns:
        columns[name] = numbers[name].to_numpy()
        if table.column(name).kind != "date":
            continue
        for cycle in useful_cycles(table.frame[name]):
            sine, cosine = on_cycle(table.frame[name][numbers.index], cycle)
            for function, values in (("sin", sine), ("cos", cosine)):
                part = f"{name} {cycle} {function}"
                # A column that happens to be called so keeps its name.
                if part not in numbers and len(np.unique(values)) > 1:
                    columns[part] = values
                    parents[part] = name
    return (pd.DataFrame(columns, index=numbers.index) if parents else numbers), parents


def choose_features(run: RunSpec, table: Table) -> tuple[list[Column], list[str]]:
    """Return the columns the spec takes as inputs, before a look at their values, and notes on what it does not take.

    Raises
    ------
    InputRefused
        If a feature does not exist or is a target.
    """
    notes: list[str] = []
    targets = {table.column(name).name for name in run.data.targets}
    if run.data.features is None:
        columns = [column for column in table.columns if column.name not in targets]
        for kind in NEARLY_UNIQUE:
            names = [column.name for column in columns if column.kind == kind]
            if names:
                notes.append(
                    said(
                        "Left out as {kind!m}, nearly every row differs: {columns!l}.", kind=kind, columns=listed(names)
                    )
                )
        columns = [column for column in columns if column.kind not in NEARLY_UNIQUE]
    else:
        asked = [table.column(name, "data.features") for name in run.data.features]
        columns = list(dict.fromkeys(asked))
        for column in columns:
            if column.name in targets:
                raise InputRefused(
                    said("data.features: {column} is the target; allowed: every other column.", column=column.name),
                    "data.features",
                )
    if not ENCODERS[run.preprocessing.encoding].build:
        dropped = [column.name for column in columns if column.kind not in NUMERIC]
        if dropped:
            notes.append(said("Categories left out: {columns!l}.", columns=listed(dropped)))
        columns = [column for column in columns if column.kind in NUMERIC]
    return columns, notes


def _without_infinite(frame: pd.DataFrame, numeric: list[str], notes: list[str]) -> pd.DataFrame:
    names = [name for name in numeric if np.isinf(frame[name]).any()]
    if not names:
        return frame
    notes.append(said("Infinite numbers count as missing in {columns!l}.", columns=listed(names)))
    return frame.assign(**frame[names].replace([np.inf, -np.inf], np.nan))


def _without(frame: pd.DataFrame, names: list[str], why: str, notes: list[str]) -> pd.DataFrame:
    """Drop the columns `names`, unless they are all there is: a network needs an input."""
    if not names or len(names) == frame.shape[1]:
        return frame
    notes.append(said("Left out as {why!w}: {columns!l}.", why=why, columns=listed(names)))
    return frame.drop(columns=names)


def _rows(number: int) -> str:
    return said("1 row") if number == 1 else said("{count:d} rows", count=number)
