"""How people write dates, and which of day and month comes first."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from core.data.csv.notes import Values

_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?")
_NUMERIC: Final = re.compile(r"(?P<first>\d{1,4})(?P<mark>[./-])\d{1,2}(?P=mark)(?P<last>\d{1,4})(?P<time>[ T].+)?")
_CLOCK: Final = re.compile(r"(?P<lead>[ T])\d{1,2}:\d{2}(?P<seconds>:\d{2})?(?P<half> ?[AaPp][Mm])?")
_WITH_MONTH: Final = re.compile(r"\d{1,2}[ .-]+[A-Za-z]{3,9}[ .-]+\d{4}|[A-Za-z]{3,9} \d{1,2},? \d{4}")
_MONTH_FORMATS: Final = (
    "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%B-%Y", "%d. %b %Y", "%d. %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y",
    "%B %d %Y",
)  # fmt: skip
_LOOKED_AT: Final = 20
_IN_WORDS: Final = {"%d": "day", "%m": "month", "%Y": "year", "%y": "year", "%b": "month", "%B": "month"}


def read_dates(words: pa.Array, day_first: bool | None = None) -> Values | None:
    """Return the dates (datetime64, UTC and naive) that `words` are, or None if one of them is none.

    With points and dashes the day comes first, as where dates are written so; with slashes the order that fits every
    date, and the month first if both do.

    Parameters
    ----------
    words : pyarrow.Array
        Trimmed strings, null where missing.
    day_first : bool, optional
        Decides where both orders fit.
    """
    head = [word.as_py() for word in itertools.islice((word for word in words if word.is_valid), _LOOKED_AT)]
    if not head:
        return None
    if all(map(_ISO.fullmatch, head)):
        dates = iso_dates(words.to_pandas())
        return None if dates is None else Values(dates)
    if all(map(_WITH_MONTH.fullmatch, head)):
        return next(_fitting(words, _MONTH_FORMATS), None)
    first = _NUMERIC.fullmatch(head[0])
    if first is None or not all(map(_NUMERIC.fullmatch, head)):
        return None
    found = list(_fitting(words, _formats(first, day_first)))
    if len(found) > 1 and day_first is None:
        return found[0]._replace(remarks=(("ambiguous", found[0].remarks[0][1]),))
    return found[0] if found else None


def iso_dates(words: pd.Series[Any]) -> pd.Series[Any] | None:
    """Return the dates (ISO 8601) that `words` are, UTC and naive, or None if there is none or one of them is none."""
    head = words.dropna().head(_LOOKED_AT)
    if head.empty or not all(map(_ISO.fullmatch, head)):
        return None
    dates = pd.to_datetime(words, format="ISO8601", utc=True, errors="coerce")
    return dates.dt.tz_localize(None) if dates.isna().sum() == words.isna().sum() else None


def _formats(first: re.Match[str], day_first: bool | None) -> list[str]:
    mark = first["mark"]
    clock = _clock_format(first["time"] or "")
    if clock is None:
        return []
    if len(first["first"]) == 4:
        return [f"%Y{mark}%m{mark}%d{clock}"]
    year = "%Y" if len(first["last"]) == 4 else "%y"
    orders = [f"%d{mark}%m{mark}{year}{clock}", f"%m{mark}%d{mark}{year}{clock}"]
    month_leads = mark == "/" if day_first is None else not day_first
    if month_leads:
        return orders[::-1]
    # Nobody writes the month first with points.
    return orders[:1] if mark == "." else orders


def _clock_format(time: str) -> str | None:
    if not time:
        return ""
    clock = _CLOCK.fullmatch(time)
    if clock is None:
        return None
    hours, half = ("%I", (" " if " " in clock["half"] else "") + "%p") if clock["half"] else ("%H", "")
    return f"{clock['lead']}{hours}:%M{':%S' if clock['seconds'] else ''}{half}"


def _fitting(words: pa.Array, formats: Iterable[str]) -> Iterator[Values]:
    series = words.to_pandas()
    for form in formats:
        values = pd.to_datetime(series, format=form, errors="coerce")
        if values.isna().sum() == words.null_count:
            shown = form.split("%H")[0].split("%I")[0].strip(" T")
            for code, word in _IN_WORDS.items():
                shown = shown.replace(code, word)
            yield Values(values, (("date", shown),))
