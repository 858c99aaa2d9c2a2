"""Files made to hurt are refused in one sentence, soon, and in little memory."""

import ast
import gzip
import io
import pickle
import time
import zipfile
from pathlib import Path

import pytest

from benchmarks.reading import peak_growth
from core.data.table import read_table
from core.errors import InputRefused

MB = 2**20
SECONDS = 2.0
FIXED = 24 * MB
"""What a process grows by for anything it reads, however small."""


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.csv", b"0" * 20 * MB)
    return buffer.getvalue()


HOSTILE = {
    "commas": b"," * 20 * MB,
    "commas in lines": (b"," * 999_999 + b"\n") * 20,
    "one line": b"x" * 30 * MB,
    "open quote": b'a,b\n1,"' + b"x,y\n" * 5 * MB,
    "open quote at the end": b"a,b\n" + b"1,2\n" * 900_000 + b'1,"2\n',
    "short rows": b"1\n" * 5_000_000,
    "many columns": (b"1," * 5000 + b"1\n") * 1000,
    "ragged": b"a,b\n" + b"1,2\n1,2,3\n" * 450_000,
    "quotes": b'"' * 10 * MB,
    "quotes and lines": b'"\n' * 5 * MB,
    "NUL": b"a,b\n" + b"1,\0\n" * MB,
    "not UTF-8": b"a,b\n" + b"\xff\xfe\xfd,1\n" * MB,
    "gzip": gzip.compress(b"0" * 50 * MB),
    "zip": _zip(),
    "pickle": pickle.dumps(list(range(10_000))),
    "PNG": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40_000,
    "program": b"\x7fELF" + bytes(range(256)) * 40_000,
    "HTML": b"<!DOCTYPE html><table>" + b"<tr><td>1,2</td></tr>\n" * 100_000,
    "JSON": b'[{"a": 1}' + b',\n{"a": 2}' * 100_000 + b"]",
    "only ends of lines": b"\n" * 20 * MB,
    "only blanks": b" " * 20 * MB,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_soon_in_one_sentence(name):
    content = HOSTILE[name]
    begin = time.process_time()
    with pytest.raises(InputRefused) as caught:
        read_table(content, "t.csv")
    assert time.process_time() - begin < SECONDS
    message = str(caught.value)
    assert message.endswith(".")
    assert message.startswith("t.csv")
    assert "\n" not in message
    assert len(message) < 300


@pytest.mark.parametrize("name", ["commas", "commas in lines", "one line", "open quote", "short rows", "NUL", "gzip"])
def test_refusing_it_takes_less_memory_than_the_file_twice_over(name):
    content = HOSTILE[name]
    assert peak_growth(content) - len(content) < max(FIXED, 2 * len(content))


def test_a_path_or_an_address_is_text_and_is_never_opened(tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    for text in (
        str(secret),
        f"file://{secret}",
        "http://169.254.169.254/latest",
        "s3://bucket/key",
        r"\\host\share\t.csv",
    ):
        with pytest.raises(InputRefused, match="no rows"):
            read_table(text.encode(), str(secret))


def test_every_parser_in_the_project_is_given_bytes():
    core = Path(__file__).parents[2] / "core"
    readers = {
        "read_csv",
        "open_csv",
        "read_table",
        "read_json",
        "read_excel",
        "read_parquet",
        "read_feather",
        "open_file",
    }
    for path in core.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in readers):
                continue
            given = node.args[0]
            assert isinstance(given, ast.Call), f"{path.name}:{node.lineno}"
            name = ast.unparse(given.func).rpartition(".")[2]
            assert name in {"BytesIO", "BufferReader", "PythonFile", "_bundled_bytes", "read_bytes"}, (
                f"{path.name}:{node.lineno}"
            )
