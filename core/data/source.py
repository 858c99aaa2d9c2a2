"""Where a table comes from: written into the spec, a sample, a file beside the spec, or an uploaded data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from core.data.column_names import unique_names
from core.data.csv.file_limits import MAX_BYTES
from core.data.samples import sample_table
from core.data.table import Table, is_packed, read_table, table_of, unpack
from core.errors import InputRefused
from core.sentence import said
from core.spec import DataSpec, InlineData, plain_text


def load_table(data: DataSpec, base: Path | None = None, dataset: Callable[[str], bytes] | None = None) -> Table:
    """Return the table that ``data.source`` names.

    Parameters
    ----------
    base : Path, optional
        The folder that ``file:`` sources are relative to; the working directory by default.
    dataset : callable, optional
        Gives the bytes of an uploaded data set by its SHA-256; without it ``dataset:`` sources are refused. With it
        and no `base`, ``file:`` sources are: a spec that was sent in must not read the server's files.

    Raises
    ------
    InputRefused
        If there is no such table here or it cannot be read.
    """
    if isinstance(data.source, InlineData):
        return _inline(data.source)
    scheme, _, rest = data.source.partition(":")
    match scheme:
        case "sample":
            return sample_table(rest)
        case "file" if dataset is not None and base is None:
            raise InputRefused(
                said("data.source: files cannot be read here; allowed: sample:, dataset:."), "data.source"
            )
        case "file":
            return _file(Path(rest), base or Path())
    if dataset is None:
        raise InputRefused(
            said("data.source: there are no uploaded data sets here; allowed: sample:, file:."), "data.source"
        )
    content = dataset(rest)
    return unpack(content) if is_packed(content) else read_table(content, f"dataset {rest[:8]}")


def _inline(data: InlineData) -> Table:
    names, notes = unique_names(data.columns)
    # Cells are typed column by column; pandas would fold booleans and numbers into one another first.
    columns = {
        name: pd.Series(list(cells), dtype=object) for name, cells in zip(names, data.columns.values(), strict=True)
    }
    table = table_of(pd.DataFrame(columns), notes)
    if table.frame.empty:
        raise InputRefused(said("data.source: the columns have no rows; allowed: at least one."), "data.source")
    return table


def _file(path: Path, base: Path) -> Table:
    name = plain_text(path.name, 80)
    try:
        with (base / path).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise InputRefused(
            said("data.source: {name} cannot be read ({reason}).", name=name, reason=reason), "data.source"
        ) from None
    return read_table(content, path.name)
