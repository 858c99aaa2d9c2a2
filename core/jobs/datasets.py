"""Uploaded tables: files named by the SHA-256 of their bytes, so that the same upload is kept once."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from core.data.packing import is_packed
from core.errors import InputRefused, WorkFailed
from core.jobs import schema
from core.jobs.database import Database
from core.spec import plain_text

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Datasets:
    """The uploaded tables of one lab.

    Parameters
    ----------
    folder : Path
        Where the files go.
    limit_mb : int
        Largest upload in MB.
    """

    def __init__(self, database: Database, folder: Path, limit_mb: int) -> None:
        self._database = database
        self._folder = folder
        self._limit_mb = limit_mb

    def add(self, content: bytes, name: str) -> str:
        """Keep `content` and return its SHA-256; when it is known already, nothing changes.

        The file is on disk under its final name before the row exists, so a row never points at nothing.
        """
        name = plain_text(name) or "table"
        # A table that has been read (`core.data.packing`) can be a little larger than its text was.
        if len(content) > self._limit_mb * 2**20 * (2 if is_packed(content) else 1):
            raise InputRefused(f"{name}: the file is too large, allowed: at most {self._limit_mb} MB.", name)
        sha = hashlib.sha256(content).hexdigest()
        try:
            if not self._path(sha).exists():
                self._write(sha, content)
        except OSError as error:
            raise WorkFailed(f"{name}: could not be stored ({error.strerror}).") from error
        row = {"sha256": sha, "name": name, "size": len(content), "created": time.time()}
        with self._database.write() as connection:
            connection.execute(insert(schema.dataset).on_conflict_do_nothing(), row)
        return sha

    def _write(self, sha: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{sha}.{secrets.token_hex(4)}.part"
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path(sha))
        finally:
            draft.unlink(missing_ok=True)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

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
        try:
            content = self._path(sha).read_bytes()
        except OSError as error:
            raise WorkFailed(f"The uploaded table {sha[:8]}… cannot be read ({error.strerror}).") from error
        if hashlib.sha256(content).hexdigest() != sha:
            raise WorkFailed(f"The uploaded table {sha[:8]}… has changed on disk; upload it again.")
        return content

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

    def _path(self, sha: str) -> Path:
        return self._folder / sha
