"""Where the bytes of tables and uploads are: in a folder, or in the database, so that several folders share them.

Whatever is kept is named by the SHA-256 of its bytes and never changes; what comes back is for the caller to check.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast

from sqlalchemy import ColumnElement, Connection, LargeBinary, delete, func, insert, select, update

from core.jobs.storage import schema
from core.jobs.storage.database import Database, put
from core.settings import Settings

PART_BYTES: Final = 4 * 2**20
"""Written at a time: others write between two parts, and no server or driver needs a large piece of memory.

Another number would not find its way in what is kept already.
"""
_DRAFT: Final = ".part"
"""How the name of a file ends that is being written."""
_blob, _part = schema.blob, schema.blob_part


@dataclass(frozen=True)
class Kept:
    """What is kept under a name, or begun and not `whole`: `size` bytes, uploaded last at `written`."""

    name: str
    size: int
    written: float
    whole: bool
    remove: Callable[[Connection], None]
    """Removes it; where it is in the database, in the transaction that is given."""


class Blobs(Protocol):
    """Bytes of one kind. What cannot be read or kept is an `OSError`, with a reason in its `strerror`."""

    def keep(self, sha: str, content: bytes, connection: Connection | None = None, /) -> None:
        """Keep `content`, in the place of what is damaged; as a whole, before this returns or the transaction ends."""

    def intact(self, sha: str, /) -> bool:
        """Return whether just that content is there, having read it all; it counts as new from now on."""

    def has(self, connection: Connection, sha: str, /) -> bool:
        """Return whether it is there, without reading it."""

    def read(self, sha: str, /) -> bytes:
        """Return what was kept."""

    def glance(self, connection: Connection, sha: str, /) -> Path | BinaryIO:
        """Return the file it is in, or one that reads only what it is asked for, while the transaction lasts."""

    def kept(self, connection: Connection, /) -> list[Kept]:
        """Return all there is, also what is being written."""


class Folder:
    """Blobs as files of a folder, by their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, sha: str, content: bytes, _connection: Connection | None = None, /) -> None:
        """Write a file, on disk under its final name before this returns."""
        path = self._folder / sha
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{sha}.{secrets.token_hex(4)}{_DRAFT}")
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def intact(self, sha: str, /) -> bool:
        """Read the file."""
        try:
            if not _named(sha, self.read(sha)):
                return False
            os.utime(self._folder / sha)
        except OSError:
            return False
        return True

    def has(self, _connection: Connection, sha: str, /) -> bool:
        """Look for the file."""
        return (self._folder / sha).exists()

    def read(self, sha: str, /) -> bytes:
        """Read the file."""
        return (self._folder / sha).read_bytes()

    def glance(self, _connection: Connection, sha: str, /) -> Path:
        """Return the file."""
        return self._folder / sha

    def kept(self, _connection: Connection, /) -> list[Kept]:
        """List the folder."""
        found = []
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            with suppress(OSError):  # removed just now
                stat = path.stat()
                whole = path.suffix != _DRAFT
                found.append(Kept(path.name, stat.st_size, stat.st_mtime, whole, partial(_unlink, path)))
        return found


class InDatabase:
    """Blobs as rows of the database, in parts; what was kept in the folder `before` is still found there.

    All are there once they are as long together as the whole.
    """

    def __init__(self, database: Database, kind: str, before: Folder) -> None:
        self._database = database
        self._kind = kind
        self._before = before

    def keep(self, sha: str, content: bytes, connection: Connection | None = None, /) -> None:
        """Write the parts, each in a transaction of its own unless one is given."""
        for place, start in enumerate(range(0, max(1, len(content)), PART_BYTES)):
            with nullcontext(connection) if connection else self._database.write() as lent:
                put(lent, _blob, {"kind": self._kind, "sha256": sha}, {"created": time.time()}, {"size": len(content)})
                # Whoever keeps the same beside this writes the same.
                lent.execute(delete(_part).where(self._part_of(sha), _part.c.place == place))
                row = {"kind": self._kind, "sha256": sha, "place": place}
                lent.execute(insert(_part), row | {"content": content[start : start + PART_BYTES]})

    def intact(self, sha: str, /) -> bool:
        """Put the parts together."""
        with self._database.read() as connection:
            if not self._whole(connection, sha):
                return self._before.intact(sha)
            content = self._content(connection, sha)
        if not _named(sha, content):
            return False
        with self._database.write() as connection:
            # Unless it has been removed since.
            connection.execute(update(_blob).where(self._blob_of(sha)).values(created=time.time()))
        return True

    def has(self, connection: Connection, sha: str, /) -> bool:
        """Count what the parts hold."""
        return self._whole(connection, sha) or self._before.has(connection, sha)

    def read(self, sha: str, /) -> bytes:
        """Put the parts together."""
        with self._database.read() as connection:
            if self._whole(connection, sha):
                return self._content(connection, sha)
        return self._before.read(sha)

    def glance(self, connection: Connection, sha: str, /) -> Path | BinaryIO:
        """Return a file that is made of the parts, or the one that was kept before."""
        if not self._whole(connection, sha):
            return self._before.glance(connection, sha)
        size = connection.scalar(select(_blob.c.size).where(self._blob_of(sha)))
        return cast("BinaryIO", _Parts(connection, self._part_of(sha), size or 0))

    def kept(self, connection: Connection, /) -> list[Kept]:
        """List the rows, and the folder."""
        held = func.coalesce(func.sum(func.length(_part.c.content)), 0)
        rows = connection.execute(
            select(_blob.c.sha256, _blob.c.size, _blob.c.created, held.label("held"))
            .outerjoin(_part, (_part.c.kind == _blob.c.kind) & (_part.c.sha256 == _blob.c.sha256))
            .where(_blob.c.kind == self._kind)
            .group_by(_blob.c.sha256, _blob.c.size, _blob.c.created)
        )
        return self._before.kept(connection) + [
            Kept(sha, int(there), created, there == size, partial(self._remove, sha))
            for sha, size, created, there in rows
        ]

    def _remove(self, sha: str, connection: Connection) -> None:
        connection.execute(delete(_blob).where(self._blob_of(sha)))

    def _whole(self, connection: Connection, sha: str) -> bool:
        held = select(func.coalesce(func.sum(func.length(_part.c.content)), 0)).where(self._part_of(sha))
        whole = select(_blob.c.sha256).where(self._blob_of(sha), _blob.c.size == held.scalar_subquery())
        return connection.scalar(whole) is not None

    def _content(self, connection: Connection, sha: str) -> bytes:
        parts = select(_part.c.content).where(self._part_of(sha)).order_by(_part.c.place)
        return b"".join(connection.scalars(parts))

    def _blob_of(self, sha: str) -> ColumnElement[bool]:
        return (_blob.c.kind == self._kind) & (_blob.c.sha256 == sha)

    def _part_of(self, sha: str) -> ColumnElement[bool]:
        return (_part.c.kind == self._kind) & (_part.c.sha256 == sha)


class _Parts(io.RawIOBase):
    """A file of which only what is asked for is read: what a table was made from is in its last few hundred bytes."""

    def __init__(self, connection: Connection, mine: ColumnElement[bool], size: int) -> None:
        self._connection, self._mine, self._size = connection, mine, size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill all of `buffer`, over the ends of parts."""
        view = memoryview(buffer).cast("B")[: max(0, self._size - self._at)]
        filled = 0
        while filled < len(view):
            place, start = divmod(self._at, PART_BYTES)
            piece = self._piece(place, start, min(len(view) - filled, PART_BYTES - start))
            view[filled : filled + len(piece)] = piece
            filled += len(piece)
            self._at += len(piece)
        return filled

    def _piece(self, place: int, start: int, length: int) -> bytes:
        cut = func.substr(_part.c.content, start + 1, length, type_=LargeBinary)
        piece: bytes | None = self._connection.scalar(select(cut).where(self._mine, _part.c.place == place))
        if not piece:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return piece


def _named(sha: str, content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == sha


def _unlink(path: Path, _connection: Connection) -> None:
    path.unlink(missing_ok=True)


_PLACES: Final[Mapping[str, Callable[[Settings, Database, str], Blobs]]] = {
    "folder": lambda settings, _database, kind: Folder(settings.data / kind),
    "database": lambda settings, database, kind: InDatabase(database, kind, Folder(settings.data / kind)),
}


def blobs_of(settings: Settings, database: Database, kind: str) -> Blobs:
    """Return the blobs of a kind, ``datasets`` or ``uploads``, where the settings want them."""
    return _PLACES[settings.blobs](settings, database, kind)
