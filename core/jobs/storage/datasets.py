"""Uploaded tables, and beside each the file it was read from, so that it can be read differently.

Both are kept under the SHA-256 of their bytes: the same content is kept once and never changes. A table holds the name
of its file, so the same file under another name is another table, read from the one file.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from pathlib import Path
from typing import Final

from sqlalchemy import insert, select

from core.data.table import is_packed, packed_size
from core.errors import InputRefused, WorkFailed
from core.jobs.storage import schema
from core.jobs.storage.database import Database
from core.sentence import said
from core.spec import plain_text

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Datasets:
    """The uploaded tables of one lab. What is not there raises `InputRefused`, what was lost or changed `WorkFailed`.

    Parameters
    ----------
    database : Database
    folder : Path
        Where the tables and the files they were read from go, each in a folder of their own: a file is not a table
        that a spec can name.
    limit_mb : int
        Largest upload in MB.
    """

    def __init__(self, database: Database, folder: Path, limit_mb: int) -> None:
        self._database = database
        self._tables, self._files = folder / "datasets", folder / "uploads"
        self._limit_mb = limit_mb

    def add(self, content: bytes, name: str) -> str:
        """Keep a table and return its SHA-256, the ``dataset:SHA256`` of a spec; known already, nothing changes.

        The file is on disk under its final name before the row exists, so a row never points at nothing.
        """
        # A table that has been read (`core.data.table`) can be a little larger than its text was.
        name = self._checked(content, name, 2 if is_packed(content) else 1)
        sha = _keep(self._tables, content, name)
        row = {"sha256": sha, "name": name, "size": len(content), "created": time.time()}
        with self._database.write() as connection:
            if connection.scalar(select(schema.dataset.c.name).where(schema.dataset.c.sha256 == sha)) is None:
                connection.execute(insert(schema.dataset), row)
        return sha

    def add_file(self, content: bytes, name: str) -> str:
        """Keep the bytes of an upload as they came and return their SHA-256, which the table read from them names."""
        return _keep(self._files, content, self._checked(content, name))

    def _checked(self, content: bytes, name: str, times: int = 1) -> str:
        name = plain_text(name) or "table"
        if len(content) > self._limit_mb * 2**20 * times:
            raise InputRefused(
                said("{name}: the file is too large, allowed: at most {most} MB.", name=name, most=self._limit_mb), name
            )
        return name

    def read(self, sha: str) -> bytes:
        """Return the bytes of a table."""
        self.name(sha)
        return _read(self._tables / sha, said("The uploaded table"))

    def size(self, sha: str) -> tuple[int, int] | None:
        """Return the rows and columns of a table without reading it; None if only reading can tell."""
        self.name(sha)
        return packed_size(self._tables / sha)

    def read_file(self, sha: str) -> bytes:
        """Return the bytes of an upload as they came."""
        if not _SHA256.fullmatch(sha):
            raise InputRefused(said("The uploaded file was not kept; upload it again."), "data.source")
        return _read(self._files / sha, said("The uploaded file"))

    def name(self, sha: str) -> str:
        """Return the name a table was first uploaded under."""
        with self._database.read() as connection:
            name = connection.scalar(select(schema.dataset.c.name).where(schema.dataset.c.sha256 == sha))
        if name is None:
            shown = f"{sha[:8]}…" if _SHA256.fullmatch(sha) else plain_text(sha, 20)
            raise InputRefused(
                said("dataset:{sha}: there is no such table; upload it again.", sha=shown), "data.source"
            )
        return str(name)


def _keep(folder: Path, content: bytes, name: str) -> str:
    """Keep `content` in `folder`, on disk under its final name before this returns its SHA-256."""
    sha = hashlib.sha256(content).hexdigest()
    try:
        if not (folder / sha).exists():
            _write(folder / sha, content)
    except OSError as error:
        raise WorkFailed(said("{name}: could not be stored ({reason}).", name=name, reason=error.strerror)) from error
    return sha


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path, what: str) -> bytes:
    sha = path.name[:8]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WorkFailed(
            said(
                "{what!w} {sha}… cannot be read ({reason}); upload it again.", what=what, sha=sha, reason=error.strerror
            )
        ) from error
    if hashlib.sha256(content).hexdigest() != path.name:
        raise WorkFailed(said("{what!w} {sha}… has changed on disk; upload it again.", what=what, sha=sha))
    return content
