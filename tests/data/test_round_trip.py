"""Any table of words and numbers that pandas writes, in any dialect, reads back equal."""

import csv
import string
import unicodedata

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.data.csv.column_types import MISSING_MARKERS, TRUTHS
from core.data.table import read_table

PRINTABLE = st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" ,;|\"'")
WESTERN = st.characters(codec="cp1252", exclude_categories=("C", "Z"), include_characters=" ,;|\"'")
ASCII = st.sampled_from(string.ascii_letters + string.digits + " ,;|\"'.-$%")
ENCODINGS = {
    "utf-8": PRINTABLE, "utf-8-sig": PRINTABLE, "utf-16": PRINTABLE, "utf-32": PRINTABLE, "cp1252": WESTERN,
    "ascii": ASCII,
}  # fmt: skip
_TAKEN = {marker.lower() for marker in MISSING_MARKERS} | {word for pair in TRUTHS for word in pair}


def words(alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Words that are no number, date, truth or marker: they begin with two letters."""
    return (
        st.text(alphabet, max_size=12).map(lambda text: f"Wq{text}".rstrip()).filter(lambda w: w.lower() not in _TAKEN)
    )


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
# Longer ones are codes, and stay text.
WHOLE = st.integers(1 - 10**18, 10**18 - 1)


@st.composite
def tables(draw):
    encoding = draw(st.sampled_from(sorted(ENCODINGS)))
    text = words(ENCODINGS[encoding])
    rows = draw(st.integers(1, 8))
    kinds = draw(st.lists(st.sampled_from([text, NUMBERS, WHOLE]), min_size=1, max_size=5))
    columns = [draw(st.lists(kind, min_size=rows, max_size=rows)) for kind in kinds]
    # Names are shown in Unicode's composed form; cells stay as they are.
    name = text.map(lambda word: unicodedata.normalize("NFC", word))
    names = draw(st.lists(name, min_size=len(kinds), max_size=len(kinds), unique_by=str.casefold))
    header = draw(st.booleans())
    return encoding, header, pd.DataFrame(dict(zip(names, columns, strict=True)))


@given(
    tables(),
    st.sampled_from(",;\t|"),
    st.sampled_from(".,"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_what_pandas_writes_is_read_back(table, delimiter, decimal, quoting, newline):
    encoding, header, frame = table
    text = frame.to_csv(
        index=False, sep=delimiter, decimal=decimal, quoting=quoting, lineterminator=newline, header=header
    )
    # What a table alone may leave open is said: one encoding is refused in doubt, 1,234 has two readings, and words
    # below words look like a table with or without a header.
    read = read_table(
        text.encode(encoding),
        encoding=encoding if encoding == "cp1252" else None,
        delimiter=delimiter,
        decimal=decimal,
        header=header,
    ).frame
    assert read.shape == frame.shape
    if header:
        assert list(read.columns) == list(frame.columns)
    for name, written in zip(read.columns, frame.columns, strict=True):
        assert read[name].tolist() == frame[written].tolist()
        assert (read[name].dtype == "str") == (frame[written].dtype == "str")


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(-999, 999), words(ASCII)), min_size=3, max_size=8),
    st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), ("|", "."), ("|", ",")]),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_a_usual_dialect_is_found_without_help(rows, dialect):
    delimiter, decimal = dialect
    # A number that tells the decimal mark, as nearly every real table has one.
    frame = pd.DataFrame([*rows, (0.5, 1, "last")], columns=["Number", "Whole", "Word"])
    read = read_table(frame.to_csv(index=False, sep=delimiter, decimal=decimal).encode()).frame
    assert read.to_dict("list") == frame.to_dict("list")
