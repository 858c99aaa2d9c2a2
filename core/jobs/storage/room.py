"""Room on the disk: how much there is, what the lab does with little, and a reserve that deleting lives on."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from core.errors import WorkFailed
from core.sentence import said

FULL: Final = said(
    "The disk is full: what is here can be opened and deleted, and nothing new is kept until there is room again."
)
_RESERVE: Final = "reserve"
_RESERVED: Final = 4
"""The part of what has to be free that is set aside, a quarter: giving it up is not to look like room for new things.

SQLite writes a change into its log first: to delete an experiment of 390 MB it needs 1.3 MB.
"""
_BLOCK: Final = 2**18


class DiskFull(WorkFailed):
    """There is too little room for anything new."""


class Room:
    """The disk of one folder.

    With less than `least_mb` free it counts as full, and nothing new is kept. With nothing free at all not even a
    deletion could be written down, so a file is kept to be removed then; after it, what can be made again.

    Parameters
    ----------
    folder : Path
        That of the database.
    least_mb : int
        MB that have to be free.
    replaceable : Path
        A folder whose files can be made again: the compiler cache.
    """

    def __init__(self, folder: Path, least_mb: int, replaceable: Path) -> None:
        self.folder = folder
        self._least = least_mb * 2**20
        self._reserved = self._least // _RESERVED
        self._reserve = folder / _RESERVE
        self._replaceable = replaceable

    @property
    def free(self) -> int:
        """Bytes that are free."""
        with suppress(FileNotFoundError):
            return shutil.disk_usage(self.folder).free
        return self._least

    @property
    def full(self) -> bool:
        """Whether there is too little for anything new."""
        return self.free < self._least

    @property
    def problem(self) -> str:
        """What is wrong, in one sentence; empty where nothing is."""
        return FULL if self.full else ""

    def check(self) -> None:
        """Raise `DiskFull` where the disk is full."""
        if self.full:
            raise DiskFull(FULL)

    def spend(self) -> None:
        """Give up the reserve where hardly anything is left for making room, then what can be made again."""
        if self.free < self._reserved:
            with suppress(OSError):
                self._reserve.unlink()
        if self.free < self._reserved // 2:
            for path in self._replaceable.rglob("*"):
                with suppress(OSError):
                    path.unlink()

    def save(self) -> None:
        """Set the reserve aside where it is missing and there is room for it."""
        if self.free < self._least + self._reserved or self._reserve.exists():
            return
        draft = self._reserve.with_suffix(".new")
        try:
            with draft.open("wb") as file:
                for _ in range(self._reserved // _BLOCK):
                    file.write(os.urandom(_BLOCK))  # Zeros take no room on a disk that compresses.
            draft.replace(self._reserve)
        except OSError:
            draft.unlink(missing_ok=True)
