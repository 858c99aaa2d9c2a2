"""The child process that reads one upload: what to do and bytes come in on stdin, a packed table goes out on stdout.

It limits its own memory and processor time before it looks at the first byte, and ends after one table, so that nothing
of one person's file is left when the next one comes.
"""

from __future__ import annotations

import hashlib
import json
import os
import select
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from core.data.confined import BEYOND, TOO_LARGE, limit_resources
from core.data.kinds import Kind
from core.data.table import Table, pack, read_table, unpack
from core.data.upload.recast import recast
from core.errors import InputRefused
from core.sentence import said

IDLE_SECONDS: Final = 600.0
"""A spare process ends after so long without an upload."""


def main() -> None:
    """Wait for one upload, answer, end."""
    answer = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not get into the answer.
    os.dup2(2, 1)
    # What pandas and Arrow load at first use is loaded before an upload waits for it.
    pack(read_table(b"name,number,flag\na,1.5,yes\nb,?,no\n"))
    ready, _, _ = select.select([sys.stdin.buffer], [], [], IDLE_SECONDS)
    if not ready:
        return
    limit_resources()
    first = sys.stdin.buffer.readline()
    if not first:
        return
    order = json.loads(first)
    # Without the number of bytes the memory for them would grow step by step, beyond what they need.
    words, packed = _answer(order, sys.stdin.buffer.read(order["bytes"]))
    with answer:
        answer.write(json.dumps(words).encode() + b"\n")
        answer.write(packed)
    # There is nothing to tidy up, and the other side waits for the end.
    os._exit(0)


def _read_file(content: bytes, name: str, **options: Any) -> Table:
    table = read_table(content, name, **options)
    file = hashlib.sha256(content).hexdigest()
    return replace(table, origin=table.origin and replace(table.origin, file=file, name=name))


def _recast(packed: bytes, _name: str, *, kinds: dict[str, Kind], base: str, names: dict[str, str]) -> Table:
    return recast(unpack(packed), kinds, base, names)


_ORDERS: Final[Mapping[str, Callable[..., Table]]] = {"read": _read_file, "recast": _recast}


def _answer(order: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    name = order["name"]
    try:
        return {}, pack(_ORDERS[order["do"]](content, name, **order["with"]))
    except InputRefused as refusal:
        return {"refused": str(refusal), **vars(refusal)}, b""
    except MemoryError:
        return {"refused": said(BEYOND, name=name, why=TOO_LARGE), "where": name}, b""


if __name__ == "__main__":
    main()
