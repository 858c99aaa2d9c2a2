"""Uploaded tables, and beside each the file it was read from, so that it can be read differently.

Both are kept under the SHA-256 of their bytes: the same content is kept once and never changes. A table holds the name
of its file, so the same file under another name is another table, read from the one file. What nobody needs any more
is removed by `core.jobs.storage.retention`.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Collection
from copy import copy
from io import BytesIO
from typing import Final

from sqlalchemy import Connection, exists, or_, select, update

from core.data.table import is_packed, made_from, packed_size
from core.errors import InputRefused, WorkFailed
from core.jobs.people.quota import Quota
from core.jobs.storage import schema
from core.jobs.storage.blobs import Blobs, Kept, blobs_of
from core.jobs.storage.database import Database, put, tick
from core.sentence import said
from core.settings import Settings
from core.spec import plain_text

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_dataset = schema.dataset


class Datasets:
    """The uploaded tables of one lab. What is not there raises `InputRefused`, what was lost or changed `WorkFailed`.

    Parameters
    ----------
    database : Database
    settings : Settings
        Say where the tables and the files they were read from go, how large one may be and how large all. A file is
        not a table that a spec can name: they are blobs of two kinds.
    quota : Quota
        How large all of one person may be.
    """

    def __init__(self, database: Database, settings: Settings, quota: Quota) -> None:
        self._database = database
        self._tables, self._files = (blobs_of(settings, database, kind) for kind in ("datasets", "uploads"))
        self._origins: dict[str, tuple[str, str]] = {}
        self._upload_mb, self._all_mb = settings.max_upload_mb, settings.uploads_mb
        self._adding = threading.Lock()
        """Whoever measures what is left of the room for uploads takes it before another measures."""
        self._quota = quota
        self._payer: str | None = None

    def paid_by(self, payer: str | None) -> Datasets:
        """Return these tables as `payer` uses them: what is uploaded takes of their room."""
        theirs = copy(self)
        theirs._payer = payer  # noqa: SLF001 - tables of the same class
        return theirs

    def add(self, content: bytes, name: str, file: bytes = b"") -> str:
        """Keep a table and return its SHA-256, the ``dataset:SHA256`` of a spec; what was lost or damaged is mended.

        The bytes are kept before the row exists, so a row never points at nothing.

        Parameters
        ----------
        file : bytes
            The upload it was read from, as it came; its SHA-256 is the `file` of the table's origin.

        Raises
        ------
        InputRefused
            If the upload is too large, or there is no room left for uploads, or none for theirs.
        WorkFailed
            If the disk is full.
        """
        name = plain_text(name) or "table"
        # A table that has been read (`core.data.table`) can be a little larger than its text was.
        for part, times in ((content, 2 if is_packed(content) else 1), (file, 1)):
            if len(part) > self._upload_mb * 2**20 * times:
                raise InputRefused(
                    said("{name}: the file is too large, allowed: at most {most} MB.", name=name, most=self._upload_mb),
                    name,
                )
        self._database.room.check()
        sha = hashlib.sha256(content).hexdigest()
        parts = [(self._tables, sha, content)]
        if file:
            parts.append((self._files, hashlib.sha256(file).hexdigest(), file))
        with self._adding:
            self._check_room(parts, name)
            for blobs, its, part in parts:
                if not blobs.intact(its):
                    _keep(blobs, its, part, name)
            with self._database.write() as connection:
                tick(connection)  # Who removes blobs holds the clock too: what went a moment ago is seen here.
                for blobs, its, part in parts:
                    if not blobs.has(connection, its):
                        _keep(blobs, its, part, name, connection)
                upload, taken = parts[-1][1], self._takes(connection, parts)
                self._quota.check_upload(connection, self._payer, name, taken)  # another process may have added, too
                row = {"name": name, "size": len(content), "payer": self._payer, "upload": upload, "taken": taken}
                put(connection, _dataset, {"sha256": sha}, {"created": time.time()}, row)
        return sha

    def _takes(self, connection: Connection, parts: list[tuple[Blobs, str, bytes]]) -> int:
        """Return the bytes an upload takes of its payer's room: of its file, once, and nothing of what corrects it."""
        _, upload, part = parts[-1]
        known = or_(_dataset.c.upload == upload, _dataset.c.sha256 == parts[0][1])
        if connection.scalar(select(exists().where(known))):
            return 0
        base, _ = made_from(BytesIO(parts[0][2]))
        return 0 if base else len(part)

    def _check_room(self, parts: list[tuple[Blobs, str, bytes]], name: str) -> None:
        """Refuse what would not fit into the room of its payer or into that of all uploads, before it is kept."""
        with self._database.read() as connection:
            self._quota.check_upload(connection, self._payer, name, self._takes(connection, parts))
            if not self._all_mb:
                return
            more = sum(len(part) for blobs, its, part in parts if not blobs.has(connection, its))
            left = self._all_mb * 2**20 - sum(one.size for one in self.kept(connection))
        if more > max(left, 0):
            raise InputRefused(
                said(
                    "{name}: it takes {size!n} and {left!n} are left for uploads, allowed: at most {most} MB together.",
                    name=name,
                    size=_megabytes(more),
                    left=_megabytes(max(left, 0)),
                    most=self._all_mb,
                ),
                name,
            )

    def kept(self, connection: Connection) -> list[Kept]:
        """Return all tables and files, those that are being written among them."""
        return self._tables.kept(connection) + self._files.kept(connection)

    def made_from(self, connection: Connection, sha: str) -> tuple[str, str]:
        """Return what a table was made from: the source of its `base`, the SHA-256 of the file; empty where none is."""
        if sha not in self._origins:
            origin = made_from(self._tables.glance(connection, sha))
            if not any(origin):  # or it cannot be read, until it is mended
                return origin
            self._origins[sha] = origin
        return self._origins[sha]

    def use(self, connection: Connection, tables: Collection[str]) -> None:
        """Note, in the transaction that submits what names them, that tables are in use; refuse what is gone."""
        if not tables:
            return
        now = update(_dataset).where(_dataset.c.sha256.in_(tables)).values(created=time.time())
        known = set(connection.scalars(now.returning(_dataset.c.sha256)))
        for gone in sorted(set(tables) - known):
            raise _no_table(gone)

    def read(self, sha: str) -> bytes:
        """Return the bytes of a table."""
        self.name(sha)
        return _read(self._tables, sha, said("The uploaded table"))

    def size(self, sha: str) -> tuple[int, int] | None:
        """Return the rows and columns of a table without reading it; None if only reading can tell."""
        self.name(sha)
        with self._database.read() as connection:
            return packed_size(self._tables.glance(connection, sha))

    def read_file(self, sha: str) -> bytes:
        """Return the bytes of an upload as they came."""
        if not _SHA256.fullmatch(sha):
            raise InputRefused(said("The uploaded file was not kept; upload it again."), "data.source")
        return _read(self._files, sha, said("The uploaded file"))

    def name(self, sha: str) -> str:
        """Return the name a table was first uploaded under."""
        with self._database.read() as connection:
            name = connection.scalar(select(_dataset.c.name).where(_dataset.c.sha256 == sha))
        if name is None:
            raise _no_table(sha)
        return str(name)


def _no_table(sha: str) -> InputRefused:
    shown = f"{sha[:8]}…" if _SHA256.fullmatch(sha) else plain_text(sha, 20)
    return InputRefused(said("dataset:{sha}: there is no such table; upload it again.", sha=shown), "data.source")


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.1f} MB"


def _keep(blobs: Blobs, sha: str, content: bytes, name: str, connection: Connection | None = None) -> None:
    """Keep a part of an upload called `name`."""
    try:
        blobs.keep(sha, content, connection)
    except OSError as error:
        raise WorkFailed(said("{name}: could not be stored ({reason}).", name=name, reason=error.strerror)) from error


def _read(blobs: Blobs, sha: str, what: str) -> bytes:
    short = sha[:8]
    try:
        content = blobs.read(sha)
    except OSError as error:
        raise WorkFailed(
            said(
                "{what!w} {sha}… cannot be read ({reason}); upload it again.",
                what=what,
                sha=short,
                reason=error.strerror,
            )
        ) from error
    if hashlib.sha256(content).hexdigest() != sha:
        raise WorkFailed(said("{what!w} {sha}… has changed on disk; upload it again.", what=what, sha=short))
    return content
