"""Reads what people upload in a process of its own: no file can stop or fill the one that serves the pages."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final, NamedTuple

from core.data.confined import BEYOND, ENDINGS, TOO_SLOW, WALL_SECONDS, environment
from core.data.csv.file_limits import MAX_BYTES, check_content, too_large
from core.data.csv.read_options import ChoiceNeeded, ReadOptions
from core.data.kinds import Kind
from core.data.table import Table, unpack
from core.errors import InputRefused, WorkFailed
from core.paths import ROOT
from core.sentence import said
from core.spec import plain_text

AT_ONCE: Final = 2
_MOST_MB: Final = MAX_BYTES // 2**20
PATIENCE_SECONDS: Final = 60.0
"""How long an upload waits for others to be read."""

_log: Final = logging.getLogger(__name__)
_turn = threading.BoundedSemaphore(AT_ONCE)
_spare_lock = threading.Lock()
_spare: list[subprocess.Popen[bytes]] = []


class Upload(NamedTuple):
    """A table that was read, and the bytes to store: `core.data.table` turns them into the table again."""

    table: Table
    packed: bytes


def read_upload(content: bytes, name: str, options: ReadOptions | None = None, max_mb: int = _MOST_MB) -> Upload:
    """Read an uploaded file in a child process with limits of time and memory; at most two at once.

    Parameters
    ----------
    name : str
        As the person's computer calls it; shown, never opened.
    max_mb : int
        Largest file.

    Raises
    ------
    ChoiceNeeded
        If the person has to decide something: set `refusal.choice` in the options and read again.
    InputRefused
        If the file is not a table or beyond a limit.
    WorkFailed
        If too many files are being read, or the process broke down.
    """
    label = plain_text(name, 80) or "The file"
    if len(content) > max_mb * 2**20:
        raise too_large(label, len(content), max_mb)
    check_content(content, label)
    return _ordered("read", label, asdict(options or ReadOptions()), content)


def recast_packed(
    packed: bytes, name: str, kinds: Mapping[str, Kind], base: str, names: Mapping[str, str] | None = None
) -> Upload:
    """Return the table in `packed`, which is ``data.source`` `base`, corrected; see `core.data.upload.recast`.

    Raises
    ------
    InputRefused, WorkFailed
        As `recast` and `read_upload` do.
    """
    details = {"kinds": dict(kinds), "base": base, "names": dict(names or {})}
    return _ordered("recast", plain_text(name, 80) or "The table", details, packed)


def _ordered(do: str, label: str, details: Mapping[str, Any], content: bytes) -> Upload:
    order = {"do": do, "name": label, "with": details, "bytes": len(content)}
    if not _turn.acquire(timeout=PATIENCE_SECONDS):
        raise WorkFailed(said("{name}: other files are being read; try again in a minute.", name=label))
    try:
        words, packed = _answer(json.dumps(order).encode() + b"\n", content, label)
    finally:
        _turn.release()
        warm()
    if words:
        raise (ChoiceNeeded if "choice" in words else InputRefused)(words.pop("refused"), **words)
    return Upload(unpack(packed), packed)


def warm() -> None:
    """Have a process ready, so that the next upload does not wait for its start; call it when uploads are likely."""
    with _spare_lock:
        if not _spare or _spare[0].poll() is not None:
            _spare[:] = [_start()]


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "core.data.upload.reader_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=ROOT,
        env=environment(),
    )


def _take() -> subprocess.Popen[bytes]:
    with _spare_lock:
        process = _spare.pop() if _spare else None
    return process if process is not None and process.poll() is None else _start()


def _answer(order: bytes, content: bytes, label: str) -> tuple[dict[str, Any], bytes]:
    process = _take()
    try:
        # One after the other: joined they would be a second copy of the file.
        if process.stdin is not None:
            process.stdin.write(order)  # buffered; `communicate` sends it
        answer, _ = process.communicate(content, timeout=WALL_SECONDS)
    except BrokenPipeError:  # it has ended before it was told all
        answer = process.stdout.read() if process.stdout is not None else b""
    except subprocess.TimeoutExpired:
        raise _refused(label, TOO_SLOW) from None
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()
    first, _, packed = answer.partition(b"\n")
    if first:
        words: dict[str, Any] = json.loads(first)
        return words, packed
    if process.returncode in ENDINGS:
        raise _refused(label, ENDINGS[process.returncode])
    _log.error("the parser ended with status %s while reading an upload", process.returncode)
    raise WorkFailed(said("{name}: could not be read, the reading process ended unexpectedly.", name=label))


def _refused(label: str, why: str) -> InputRefused:
    return InputRefused(said(BEYOND, name=label, why=why), label)
