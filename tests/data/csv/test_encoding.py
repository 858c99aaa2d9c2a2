"""Bytes become the characters that were meant, or the file is refused; no character is replaced."""

import pytest

from core.data.csv.encoding import ENCODINGS
from core.data.csv.read_options import ChoiceNeeded
from core.data.table import read_table
from core.errors import InputRefused

TEXT = "naïve,größe\né,1\nü,2\n"
WORDS = {"naïve": ["é", "ü"], "größe": [1, 2]}
JAPANESE = "名前,値\n日本語テキスト,1\nカタカナ,2\n"
RUSSIAN = "имя,y\nМосква,1\nСаратов,2\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
)
def test_what_can_be_told_is_read_by_itself(encoding):
    text = TEXT if encoding not in {"utf-16-le", "utf-16-be"} else "a,b\nx,1\n" * 10
    table = read_table(text.encode(encoding))
    assert any("Windows-1252" in note for note in table.notes) == (encoding in {"latin-1", "cp1252"})
    assert any("UTF" in note and "not" not in note for note in table.notes) == (encoding[4:6] in {"16", "32"})
    if text == TEXT:
        assert table.frame.to_dict("list") == WORDS


@pytest.mark.parametrize("mark", ["utf-16-be", "utf-32-be"])
def test_the_mark_of_the_other_byte_order_is_honoured(mark):
    assert read_table(("\ufeff" + TEXT).encode(mark)).frame.to_dict("list") == WORDS


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(JAPANESE, "shift_jis"), (JAPANESE, "euc_jp"), (JAPANESE, "gb18030"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r")],
)
def test_another_script_is_refused_with_a_choice_and_read_once_it_is_made(text, encoding):
    with pytest.raises(ChoiceNeeded, match="line 1 is not UTF-8") as caught:
        read_table(text.encode(encoding), "a.csv")
    assert caught.value.choice == "encoding"
    table = read_table(text.encode(encoding), encoding=encoding)
    assert table.frame.iloc[0, 0] == text.split("\n")[1].split(",")[0]


@pytest.mark.parametrize(
    "content",
    ["a,b\né,1\n".encode() + b"\xe9,2\n", b"a,b\n\x81\x8d,1\n", b"a,b\n\xff\xff\xff\xff,1\n"],
    ids=["mixed", "undefined", "no text"],
)
def test_in_doubt_nothing_is_guessed(content):
    with pytest.raises(ChoiceNeeded):
        read_table(content)


def test_a_wrong_choice_is_refused_with_the_line_and_not_repaired():
    with pytest.raises(ChoiceNeeded, match="line 2 is not valid UTF-8") as caught:
        read_table("a,b\né,1\n".encode("latin-1"), "a.csv", encoding="utf-8")
    assert "\ufffd" not in str(caught.value)


def test_utf16_is_no_choice_for_a_file_without_its_mark():
    with pytest.raises(ChoiceNeeded, match="line 1 is not valid UTF-16") as caught:
        read_table(b"a,b\n1,2\n", encoding="utf-16")
    assert caught.value.choice == "encoding"


def test_broken_utf16_is_refused():
    with pytest.raises(InputRefused, match="not valid UTF-16"):
        read_table(b"\xff\xfea\x00,\x00\x00\xd8,\x00")


@pytest.mark.parametrize("name", ["zip", "rot13", "base64", "../x", "pickle", "", "utf-7", "x" * 99])
def test_an_encoding_that_is_not_offered_is_refused(name):
    with pytest.raises(InputRefused, match="allowed: utf-8"):
        read_table(b"a,b\n1,2\n", encoding=name)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_on_offer_reads_what_it_wrote(encoding):
    assert read_table("a,b\nx,1\n".encode(encoding), encoding=encoding).frame.to_dict("list") == {"a": ["x"], "b": [1]}


def test_a_letter_cut_by_the_pieces_a_file_is_read_in_stays_whole():
    content = b"a,b\n" + b"xxxxx,1\n" * 131_071 + "éé,2\n".encode() * 3
    assert read_table(content).frame["a"].iloc[-1] == "éé"
    table = read_table(content.decode().encode("latin-1"), encoding="latin-1")
    assert table.frame["a"].iloc[-1] == "éé"
