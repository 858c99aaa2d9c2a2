"""Uploaded tables, and beside each the file it was read from, so that it can be read differently."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from core.data.table import is_packed
from core.errors import InputRefused
from core.jobs.storage import schema
from core.jobs.storage.database import Database
from core.jobs.storage.files import Files
from core.spec import plain_text

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Datasets:
    """The uploaded tables of one lab.

    Parameters
    ----------
    folder : Path
        Where the tables and the files they were read from go, each in a folder of their own: a file is not a table
        that a spec can name.
    limit_mb : int
        Largest upload in MB.
    """

    def __init__(self, database: Database, folder: Path, limit_mb: int) -> None:
        self._database = database
        self._tables = Files(folder / "datasets", "The uploaded table")
        self._files = Files(folder / "uploads", "The uploaded file")
        self._limit_mb = limit_mb

    def add(self, content: bytes, name: str) -> str:
        """Keep `content` and return its SHA-256; when it is known already, nothing changes.

        The file is on disk under its final name before the row exists, so a row never points at nothing.
        """
        # A table that has been read (`core.data.table`) can be a little larger than its text was.
        name = self._checked(content, name, 2 if is_packed(content) else 1)
        sha = self._tables.add(content, name)
        row = {"sha256": sha, "name": name, "size": len(content), "created": time.time()}
        with self._database.write() as connection:
            connection.execute(insert(schema.dataset).on_conflict_do_nothing(), row)
        return sha

    def add_file(self, content: bytes, name: str) -> str:
        """Keep the bytes of an upload as they came and return their SHA-256, which the table read from them names."""
        return self._files.add(content, self._checked(content, name))

    def _checked(self, content: bytes, name: str, times: int = 1) -> str:
        name = plain_text(name) or "table"
        if len(content) > self._limit_mb * 2**20 * times:
            raise InputRefused(f"{name}: the file is too large, allowed: at most {self._limit_mb} MB.", name)
        return name

    def read(self, sha: str) -> bytes:
        """Return the bytes of a table.

        Raises
        ------
        InputRefused
            If there is no such table.
        WorkFailed
            If its file was lost or changed.
        """
        self.name(sha)
        return self._tables.read(sha)

    def read_file(self, sha: str) -> bytes:
        """Return the bytes of an upload as they came.

        Raises
        ------
        InputRefused
            If `sha` is none.
        WorkFailed
            If the file was lost or changed.
        """
        if not _SHA256.fullmatch(sha):
            raise InputRefused("The uploaded file was not kept; upload it again.", "data.source")
        return self._files.read(sha)

    def name(self, sha: str) -> str:
        """Return the name a table was first uploaded under.

        Raises
        ------
        InputRefused
            If there is no such table.
        """
        with self._database.read() as connection:
            name = connection.scalar(select(schema.dataset.c.name).where(schema.dataset.c.sha256 == sha))
        if name is None:
            shown = f"{sha[:8]}…" if _SHA256.fullmatch(sha) else plain_text(sha, 20)
            raise InputRefused(f"dataset:{shown}: there is no such table; upload it again.", "data.source")
        return str(name)
