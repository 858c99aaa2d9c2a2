"""Bytes of a delimited text file → a typed pandas frame; whatever is not such a file is refused in one sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import pandas as pd

from core.data.column_names import unique_names
from core.data.csv.cells import read_cells
from core.data.csv.column_types import typed_columns
from core.data.csv.confusable_encodings import foreign_words
from core.data.csv.dialect import sniff
from core.data.csv.encoding import to_utf8
from core.data.csv.file_limits import check_content, check_lines, with_line_feeds
from core.data.csv.notes import Remarks
from core.data.csv.read_options import Origin, ReadOptions
from core.errors import InputRefused
from core.sentence import said
from core.spec import plain_text

_VISIBLE: Final = re.compile(rb"\S")


def parse_csv(content: bytes, name: str, options: ReadOptions) -> tuple[pd.DataFrame, tuple[str, ...], Origin]:
    """Return the table in `content`, each column typed; what was inferred or repaired; how it was read."""
    label = plain_text(name, 80) or "The file"
    check_content(content, label)
    text, encoding, notes = to_utf8(content, label, options.encoding)
    text = with_line_feeds(text, label)
    lines = check_lines(text, label)
    dialect = sniff(text, label, options)
    if not _VISIBLE.search(text, dialect.body):
        raise InputRefused(said("{name}: has a header and no rows; allowed: at least one row.", name=label), label)
    columns, left_out = read_cells(text, lines - dialect.above, dialect, label, options)
    if dialect.names is None:
        names = [f"column {i + 1}" for i in range(len(columns))]
        renamed: list[str] = [
            said("There is no header line: the columns are called column 1 … column {last}.", last=len(columns))
        ]
    else:
        names, renamed = unique_names(dialect.names[: len(columns)], ignore_case=True)
    header = dialect.names is not None
    used = replace(options, encoding=encoding, delimiter=dialect.delimiter, decimal=dialect.decimal, header=header)
    remarks = Remarks()
    frame = typed_columns(names, columns, dialect.looks, used, remarks)
    used = replace(used, day_first=remarks.day_first)
    guessed = encoding == "cp1252" and options.encoding is None
    origin = Origin(options, used, foreign_words(content, dialect.delimiter) if guessed else ())
    return frame, (*notes, *dialect.notes, *left_out, *renamed, *remarks.sentences()), origin
