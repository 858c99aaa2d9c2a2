"""Which characters the bytes of a file stand for: any text becomes UTF-8, and no character is ever replaced."""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from core.data.csv.read_options import ChoiceNeeded
from core.errors import InputRefused
from core.sentence import said
from core.spec import plain_text

ENCODINGS: Final[Mapping[str, str]] = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16, low byte first",
    "utf-16-be": "UTF-16, high byte first",
    "utf-32": "UTF-32",
    "cp1252": "Western European (Windows-1252)",
    "iso8859-1": "Western European (Latin-1)",
    "iso8859-15": "Western European (Latin-9)",
    "mac-roman": "Western European (Mac)",
    "cp850": "Western European (DOS)",
    "cp1250": "Central European (Windows-1250)",
    "iso8859-2": "Central European (Latin-2)",
    "cp1251": "Cyrillic (Windows-1251)",
    "koi8-r": "Cyrillic (KOI8-R)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "cp1257": "Baltic (Windows-1257)",
    "shift_jis": "Japanese (Shift-JIS)",
    "cp932": "Japanese (Windows-932)",
    "euc_jp": "Japanese (EUC-JP)",
    "gb18030": "Chinese (GB 18030)",
    "big5": "Chinese (Big5)",
    "cp949": "Korean (Windows-949)",
}
"""What a person may choose, by Python's name, and how to call it."""

_BY_CODEC: Final = {codecs.lookup(name).name: name for name in ENCODINGS}
_NAME: Final = re.compile(r"[A-Za-z0-9_\- ]{1,30}")
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_MARKS: Final = (
    (_UTF8_MARK, "utf-8"),
    # UTF-32's mark begins with UTF-16's.
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_PIECE: Final = 2**20
_LOOKED_AT: Final = 4096
_HIGH: Final = re.compile(rb"[\x80-\xff]+")
_MANY_RUNS: Final = 20_000
_WORD_RUN: Final = 3
"""Western letters beyond ASCII stand alone in a word; so many in a row mean another script."""
_RARE_IN_WESTERN: Final = frozenset({*range(0x81, 0x85), *range(0x86, 0x8A), 0x8B, 0x8D, 0x8F, 0x90, 0x98, 0x9B, 0x9D})
_RARE_SHARE: Final = 0.1


def to_utf8(content: bytes, label: str, chosen: str | None = None) -> tuple[bytes, str, list[str]]:
    """Return `content` as UTF-8 without a mark, the one of `ENCODINGS` it was in, and a note where that is not UTF-8.

    A byte-order mark is believed; without one the text is UTF-8 if it is valid UTF-8, UTF-16 if every other byte is
    zero, and Windows-1252 if its bytes look like a Western language. In doubt the file is refused. With an encoding
    that the person has `chosen` nothing is guessed.

    Raises
    ------
    ChoiceNeeded
        If the encoding is not clear.
    InputRefused
        If there is no such encoding, or the bytes are not valid in the one that was chosen.
    """
    if chosen is not None:
        encoding = _known(chosen)
        title = ENCODINGS[encoding]
        return (
            _transcoded(content, encoding, label, title),
            encoding,
            [said("The text was read as {encoding!m}.", encoding=title)],
        )
    codec = _unmistakable(content)
    if codec is not None and codec != "utf-8":
        title = codec[: len("UTF-16")].upper()
        encoding = codec if codec in ENCODINGS else "utf-32"
        return _transcoded(content, codec, label, title), encoding, [said("The text is {encoding}.", encoding=title)]
    content = content.removeprefix(_UTF8_MARK)
    if content.isascii():
        return content, "utf-8", []
    try:
        for _ in _pieces(content, "utf-8"):
            pass
    except _NotDecodable as error:
        return _western(content, label, error.line)
    return content, "utf-8", []


def _known(encoding: str) -> str:
    try:
        codec = codecs.lookup(encoding).name if _NAME.fullmatch(encoding) else ""
    except LookupError:
        codec = ""
    if codec not in _BY_CODEC:
        raise InputRefused(
            said(
                "encoding: there is no {name!r} here; allowed: {allowed}.",
                name=plain_text(encoding, 30),
                allowed=", ".join(ENCODINGS),
            ),
            "encoding",
        )
    return _BY_CODEC[codec]


def _unmistakable(content: bytes) -> str | None:
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return codec
    head = content[:_LOOKED_AT]
    if b"\0" in head and len(content) % 2 == 0:
        even, odd = head[::2].count(0), head[1::2].count(0)
        half = len(head) // 2
        if even == 0 and odd > 0.4 * half:
            return "utf-16-le"
        if odd == 0 and even > 0.4 * half:
            return "utf-16-be"
    return None


class _NotDecodable(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


def _pieces(content: bytes, codec: str) -> Iterator[str]:
    """Decode piece by piece, so that a large file is never held as a string of four bytes per character."""
    decoder = codecs.getincrementaldecoder(codec)()
    lines = 1
    view = memoryview(content)
    for start in range(0, len(content) + 1, _PIECE):
        last = start + _PIECE > len(content)
        try:
            text = decoder.decode(view[start : start + _PIECE], final=last)
        except UnicodeDecodeError as error:
            raise _NotDecodable(lines + bytes(error.object[: error.start]).count(b"\n")) from None
        except UnicodeError:
            # UTF-16 and UTF-32 say so where their mark is missing.
            raise _NotDecodable(1) from None
        lines += text.count("\n")
        yield text


def _transcoded(content: bytes, codec: str, label: str, title: str) -> bytes:
    try:
        text = b"".join(piece.encode() for piece in _pieces(content, codec))
    except _NotDecodable as error:
        raise ChoiceNeeded(
            said(
                "{name}: line {line} is not valid {encoding!m} text; allowed: another encoding.",
                name=label,
                line=error.line,
                encoding=title,
            ),
            label,
            "encoding",
        ) from None
    return text.removeprefix(_UTF8_MARK)


def _western(content: bytes, label: str, line: int) -> tuple[bytes, str, list[str]]:
    """Read as Windows-1252 what looks like it; Windows-1252 is Latin-1 with printable characters added."""
    runs = [found.group() for found in itertools.islice(_HIGH.finditer(content), _MANY_RUNS)]
    total = sum(map(len, runs))
    in_words = sum(len(run) for run in runs if len(run) >= _WORD_RUN)
    rare = sum(byte in _RARE_IN_WESTERN for run in runs for byte in run)
    mixed = any(run.decode("utf-8", "ignore").encode() == run for run in runs)
    if in_words <= total / 2 and rare <= total * _RARE_SHARE and not mixed:
        with suppress(_NotDecodable):
            text = b"".join(piece.encode() for piece in _pieces(content, "cp1252"))
            note = said(
                "Line {line} is not UTF-8, so the text is read as {encoding!m}; "
                "choose another encoding if letters look wrong.",
                line=line,
                encoding=ENCODINGS["cp1252"],
            )
            return text, "cp1252", [note]
    raise ChoiceNeeded(
        said(
            "{name}: line {line} is not UTF-8 text; allowed: UTF-8, UTF-16 with its mark, or the encoding you choose.",
            name=label,
            line=line,
        ),
        label,
        "encoding",
    )
