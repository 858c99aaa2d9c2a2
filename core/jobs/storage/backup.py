"""A copy of all a lab holds, taken while it works, and a lab made of such a copy.

A backup is a folder: the database as of one moment, and every uploaded table and file that was there then, each
checked against its name, which is the SHA-256 of its bytes; and the lessons of teachers. Those that are in the database
are copied with it, and checked when they are read.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

from core.errors import InputRefused
from core.settings import LESSONS, Settings, private_folder

_DATABASE: Final = "lab.db"
_FOLDERS: Final = ("datasets", "uploads", LESSONS)
_WHOLE: Final = ("", ".toml")
"""How the names of files end that were written to their end."""
_DRAFT: Final = ".copying"
_CHUNK: Final = 2**20


@dataclass(frozen=True)
class Copied:
    """What a backup or a restore has copied."""

    experiments: int
    files: int
    damaged: tuple[str, ...]
    """Files whose bytes are not what their names say; they are left out."""


def back_up(settings: Settings, target: Path) -> Copied:
    """Copy the lab of `settings` into the folder `target`, which is new or empty; the lab may be at work.

    Raises
    ------
    InputRefused
        If there is something in `target`, or it cannot be written; if the database is no SQLite file that is there.
    """
    source = _file_of(settings)
    if not source.exists():
        raise InputRefused(f"{source.name}: there is no lab here to back up (LOSSLAB_DATA says where).", "data")
    return _copy(source, settings.data, target)


def restore(backup: Path, settings: Settings) -> Copied:
    """Make the lab of `settings`, which must not exist yet, out of a backup.

    Raises
    ------
    InputRefused
        If there is a lab already, or `backup` is none or damaged.
    """
    if _file_of(settings) != settings.data.absolute() / _DATABASE:
        raise InputRefused("LOSSLAB_DB_URL: a backup is restored into a data folder; leave it empty.", "db_url")
    if not (backup / _DATABASE).is_file():
        raise InputRefused(f"{backup.name}: is no backup; allowed: a folder that `python -m core backup` wrote.", "")
    return _copy(backup / _DATABASE, backup, settings.data)


def _file_of(settings: Settings) -> Path:
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        raise InputRefused("LOSSLAB_DB_URL: a server's database is backed up with its own tools (pg_dump).", "db_url")
    return Path(url.database or "")


def _copy(database: Path, files: Path, target: Path) -> Copied:
    """Copy a database and the files beside it; `target` has the database, which comes last, with all of it or not."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputRefused(f"{target.name}: is there already; allowed: a folder that is new or empty.", "")
    new = not target.exists()
    try:
        private_folder(target)
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=target))
        try:
            experiments = _copy_database(database, draft / _DATABASE)
            told = [_copy_file(path, draft / name / path.name) for name in _FOLDERS for path in _named(files / name)]
            os.sync()
            # The database last: without it there is nothing.
            for part in (*(name for name in _FOLDERS if (draft / name).exists()), _DATABASE):
                (draft / part).replace(target / part)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            if new and not any(target.iterdir()):
                target.rmdir()
    except OSError as error:
        raise InputRefused(f"{target.name}: cannot be written ({error.strerror}).", "") from error
    damaged = tuple(name for name in told if name)
    return Copied(experiments, len(told) - len(damaged), damaged)


def _copy_database(source: Path, target: Path) -> int:
    """Copy a database as of one moment, checked; return how many experiments are in it."""
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=10)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
        with closing(sqlite3.connect(target)) as copy:
            findings = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
            count = copy.execute("SELECT count(*) FROM experiment").fetchone()[0]
    except sqlite3.Error as error:
        raise InputRefused(f"{source.name}: cannot be copied ({error}).", source.name) from error
    if findings != "ok":
        raise InputRefused(f"{source.name}: the database is damaged ({findings}).", source.name)
    return int(count)


def _named(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder that were written to their end."""
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_file() and path.suffix in _WHOLE)


def _copy_file(source: Path, target: Path) -> str:
    """Copy a file that its SHA-256, or the begin of it, names; return the name of one that is damaged, else none."""
    private_folder(target.parent)
    sha = hashlib.sha256()
    try:
        with source.open("rb") as file, target.open("wb") as copy:
            while chunk := file.read(_CHUNK):
                sha.update(chunk)
                copy.write(chunk)
    except FileNotFoundError:  # removed since the folder was listed: nothing names it any more
        return ""
    if sha.hexdigest().startswith(source.stem):
        return ""
    target.unlink()
    return source.name
