"""How people write numbers: decimal marks, thousands separators, currency signs, units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.data.csv.notes import Values
from core.data.kinds import EXACT_INTEGER

_SPACES: Final = " \u00a0\u202f\u2009"
_APOSTROPHES: Final = "'’"
_MINUS: Final = "−"
_CURRENCIES: Final = (
    r"US\$|[$€£¥₹₽₩₺]|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN|CZK|Kč|zł|kr|Rs|Fr"  # codes of ISO 4217
)
_UNITS: Final = (
    "%|‰|°C|°F|°|K|km/h|mph|m/s|kg|mg|µg|g|t|lbs|lb|oz|km|cm|mm|µm|m|mi|ft|in|ha|m²|km²|m³|l|L|ml|mL"
    "|ms|µs|min|sec|s|hrs|hr|h|days|d|kWh|kW|MW|W|V|A|Hz|kHz|MHz|GHz|kB|KB|MB|GB|TB|Pa|hPa|kPa|bar|dB|px|pt"
)
_EXPONENT: Final = "(?:[eE][-+]?[0-9]+)?"
_DIGITS: Final = rf"[0-9](?:[0-9.,{_SPACES}{_APOSTROPHES}]*[0-9])?[.,]?{_EXPONENT}|[.,][0-9]+{_EXPONENT}"
_NUMERAL: Final = (
    rf"^(?P<sign>[-+{_MINUS}]?)[{_SPACES}]?(?:(?P<before>{_CURRENCIES})[{_SPACES}]?(?P<inner>[-+{_MINUS}]?))?"
    rf"(?P<digits>{_DIGITS})[{_SPACES}]?(?:(?P<after>{_CURRENCIES})|(?P<unit>{_UNITS}))?$"
)
_INFINITE: Final = r"^[-+]?(?i:inf|infinity)$"


class _Style(NamedTuple):
    """A decimal mark and the characters that may stand between thousands."""

    decimal: str
    groups: str

    @property
    def pattern(self) -> str:
        whole = f"[0-9]+|[1-9][0-9]{{0,2}}(?:[{self.groups}][0-9]{{3}})+"
        return rf"^(?:(?:{whole})(?:\{self.decimal}[0-9]*)?|\{self.decimal}[0-9]+){_EXPONENT}$"


_STYLES: Final[Mapping[str, tuple[_Style, ...]]] = {
    ".": (_Style(".", ","), _Style(",", "."), _Style(".", _SPACES + _APOSTROPHES), _Style(",", _SPACES + _APOSTROPHES)),
    ",": (_Style(",", "."), _Style(".", ","), _Style(",", _SPACES + _APOSTROPHES), _Style(".", _SPACES + _APOSTROPHES)),
}
"""What to try, by the decimal mark of the file."""

Look = Literal["empty", "whole", "decimal", "text"]

_WHOLE: Final = re.compile(r"[-+]?[0-9]+")
_PLAIN: Final = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?inf", re.IGNORECASE)
_AROUND: Final = "[^0-9.,]{0,5}"
_ONLY_COMMA, _ONLY_POINT = (
    re.compile(
        rf"{_AROUND}(?:0{mark}[0-9]+|[0-9]+{mark}(?:[0-9]{{1,2}}|[0-9]{{4,}})|[0-9]{{4,}}{mark}[0-9]+"
        rf"|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+{mark}[0-9]+){_EXPONENT}{_AROUND}"
    )
    for mark, group in ((",", r"\."), (r"\.", ","))
)
_EITHER_COMMA: Final = re.compile(r"[-+]?[0-9]{1,3},[0-9]{3}")
_LONGEST_WHOLE: Final = 18


def decimal_mark(cells: Iterable[str], delimiter: str) -> str:
    """Return the decimal mark that most of `cells` can only be read with.

    ``12,5`` needs a comma, ``12.5`` a point, ``12.345`` and ``12,345`` tell nothing by themselves; if nothing else is
    there a semicolon as delimiter, which is chosen where the comma is taken, decides.
    """
    comma = point = either = 0
    for cell in cells:
        # Most cells hold neither, and need not be matched.
        if "." in cell and _ONLY_POINT.fullmatch(cell):
            point += 1
        elif "," not in cell:
            continue
        elif _ONLY_COMMA.fullmatch(cell):
            comma += 1
        elif _EITHER_COMMA.fullmatch(cell):
            either += 1
    return "," if comma > point or (comma == point == 0 and either and delimiter == ";") else "."


def look_of(cells: Iterable[str], decimal: str) -> Look:
    """Return what those of `cells` that are not blank look like; decimals only where Arrow reads them, with a point."""
    written = [cell.strip() for cell in cells if cell.strip()]
    if not written:
        return "empty"
    if all(map(_WHOLE.fullmatch, written)):
        return "whole"
    return "decimal" if decimal == "." and all(map(_PLAIN.fullmatch, written)) else "text"


def looks_like_number(cell: str) -> bool:
    """Tell whether one cell, trimmed, is a number in any of the ways known here."""
    return bool(_NUMERAL_IN_PYTHON.fullmatch(cell))


_NUMERAL_IN_PYTHON: Final = re.compile(_NUMERAL.strip("^$"))
_INFINITE_IN_PYTHON: Final = re.compile(_INFINITE.strip("^$"))


def read_numbers(words: pa.Array, decimal: str) -> Values | None:
    """Return the numbers (int64 or float64, missing = NaN) that `words` are, or None if one of them is none.

    Parameters
    ----------
    words : pyarrow.Array
        Trimmed strings, null where missing.
    decimal : str
        The decimal mark of the file; where words cannot be read with it the other one is tried.

    Notes
    -----
    All words share one unit, or none; the same for currencies, except that some may come without.
    """
    first = next((word.as_py() for word in words if word.is_valid), "")
    if not (looks_like_number(first) or _INFINITE_IN_PYTHON.fullmatch(first)):
        return None
    infinite = pc.fill_null(pc.match_substring_regex(words, _INFINITE), fill_value=False)
    finite = pc.if_else(infinite, pa.scalar(None, pa.string()), words)
    parts = pc.extract_regex(finite, _NUMERAL)
    count = len(finite) - finite.null_count
    if parts.null_count > len(words) - count or count == 0:
        return None
    signs = _signs(parts)
    digits = pc.struct_field(parts, "digits")
    style = next((s for s in _STYLES[decimal] if pc.all(pc.match_substring_regex(digits, s.pattern)).as_py()), None)
    if signs is None or style is None:
        return None
    numbers, remarks = _cast(parts, digits, infinite, words, style)
    series = None if numbers is None else pd.Series(numbers)
    return Values(series, (*((kind, "") for kind in remarks), *signs))


def whole_numbers(cells: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray | None:
    """Return `cells` as int64, unless one is no whole number, or looks like a code (``007``, ``0x1F``, ``-0``)."""
    try:
        numbers = pc.cast(cells, pa.int64())
    except pa.ArrowInvalid:
        return None
    padded = pc.starts_with(cells, "0")
    if _any(padded) and _any(pc.and_(padded, pc.greater(pc.binary_length(cells), 1))):
        return None
    signed = (pc.min(numbers).as_py() or 0) <= 0 and _any(pc.starts_with(cells, "-0"))
    return None if signed else numbers


def count_numbers(words: pa.Array) -> np.ndarray:
    """Return bool [words]: whether each could be a number."""
    return np.asarray(pc.fill_null(pc.match_substring_regex(words, _NUMERAL), fill_value=False))


def _signs(parts: pa.StructArray) -> list[tuple[str, str]] | None:
    """Return the currency and the unit of all numbers, if they have any; None where they differ."""
    before, after, units = (
        set(pc.unique(pc.struct_field(parts, name)).to_pylist()) - {None} for name in ("before", "after", "unit")
    )
    currencies = (before | after) - {""}
    if len(currencies) > 1 or len(units) > 1:
        return None
    return [(kind, sign) for kind, found in (("currency", currencies), ("unit", units)) for sign in found if sign]


def _cast(
    parts: pa.StructArray, digits: pa.Array, infinite: pa.Array, words: pa.Array, style: _Style
) -> tuple[np.ndarray | None, list[str]]:
    grouped = _any(pc.match_substring_regex(digits, f"[{style.groups}]"))
    fraction = _any(pc.match_substring(digits, style.decimal))
    if grouped:
        digits = pc.replace_substring_regex(digits, f"[{style.groups}]", "")
    whole = not fraction and not _any(pc.match_substring_regex(digits, "[eE]")) and not _any(infinite)
    if whole and _any(pc.match_substring_regex(digits, "^0[0-9]")):
        return None, ["zeros"]
    if whole and (pc.max(pc.binary_length(digits)).as_py() or 0) > _LONGEST_WHOLE:
        return None, ["long"]
    if style.decimal == ",":
        digits = pc.replace_substring(digits, ",", ".")
    signs = pc.binary_join_element_wise(pc.struct_field(parts, "sign"), pc.struct_field(parts, "inner"), "")
    negative = pc.match_substring_regex(signs, f"[-{_MINUS}]")
    values = pc.cast(digits, pa.int64() if whole else pa.float64())
    largest = int(pc.max(values).as_py() or 0) if whole else 0
    values = pc.if_else(negative, pc.negate(values), values)
    if _any(infinite):
        endless = pc.cast(pc.if_else(infinite, words, pa.scalar(None, pa.string())), pa.float64())
        values = pc.if_else(infinite, endless, values)
    found = {
        "comma": fraction and style.decimal == ",",
        "grouped": grouped,
        "large": largest > EXACT_INTEGER,
    }
    return values.to_numpy(zero_copy_only=False), [kind for kind, some in found.items() if some]


def _any(matches: pa.Array) -> bool:
    return bool(pc.any(matches).as_py())
