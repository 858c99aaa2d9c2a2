"""The encoding that was meant is told by words as they would be read."""

import pytest

from core.data.csv.confusable_encodings import MOST_WORDS, foreign_words, in_encoding, previews
from core.data.csv.encoding import ENCODINGS

TEXTS = [
    ("město,y\nPříklad,1\nžluťoučký kůň,2\nŁódź,3\n", "cp1250"),
    ("imię,y\nŁódź,1\nPlzeň,2\n", "iso8859-2"),
    ("имя,y\nМосква,1\nСаратов,2\n", "cp1251"),
    ("名前,y\n日本語テキスト,1\nカタカナ,2\n", "shift_jis"),
    ("Ελλάδα,y\nΑθήνα,1\n", "cp1253"),
    ("naïve,y\ngröße,1\nétude,2\n", "cp1252"),
]


@pytest.mark.parametrize(("text", "encoding"), TEXTS)
def test_the_encoding_that_was_meant_comes_first(text, encoding):
    words = foreign_words(text.encode(encoding), ",")
    first = previews(words)[0]
    assert first.words == in_encoding(words, encoding)
    assert all(word in text for word in first.words)


def test_words_are_few_different_and_short():
    content = "é,é\nü,1\n".encode("latin-1") * 50 + ("ö" * 500).encode("latin-1") + b",plain\n"
    assert foreign_words(content, ",") == (b"\xe9", b"\xfc", b"\xf6" * 32)
    many = "\n".join(f"wört{i}" for i in range(50)).encode("latin-1")
    assert len(foreign_words(many, ",")) == MOST_WORDS
    assert foreign_words(b"a,b\n1,2\n", ",") == ()


def test_long_cells_without_an_end_are_not_searched_again_and_again():
    content = b"a" * 2**20 + b"\xe9" + b"b" * 2**20
    assert foreign_words(content, ",") == (b"a" * 16 + b"\xe9" + b"b" * 31,)
    assert foreign_words(b"a|\xe9|b", "|") == (b"\xe9",)
    assert foreign_words(b"a|\xe9|b", ",") == (b"a|\xe9|b",)


def test_a_character_cut_in_two_is_left_off_and_no_character_is_replaced():
    assert in_encoding(("カ".encode("shift_jis")[:1],), "shift_jis") == ("",)
    assert in_encoding((b"\x81",), "cp1252") is None
    shown = "".join("".join(preview.words) for preview in previews((b"\xe9\x8a", b"\xff\xfe")))
    assert "\ufffd" not in shown


def test_what_is_not_ascii_beneath_is_not_offered():
    offered = {preview.encoding for preview in previews((b"\xe9t\xe9",))}
    assert offered
    assert not offered & {"utf-16", "utf-16-le", "utf-16-be", "utf-32"}
    assert offered <= set(ENCODINGS)
