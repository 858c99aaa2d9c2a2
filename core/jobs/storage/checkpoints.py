"""Checkpoints of runs in training, a file each in the data folder; nothing is lost with one but time.

A file holds arrays and a JSON text in NumPy's own format, in which nothing can be executed. One that is damaged, or not
what its run needs, is passed over.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import select

from core.jobs.storage import schema
from core.jobs.storage.database import Database
from core.jobs.storage.records import UNFINISHED
from core.training.checkpoint import Arrays, Checkpoint

_NAME: Final = re.compile(r"(\d+)-(\d+)\.(npz|part)")
_LEAST_FREE_BYTES: Final = 2**28
"""On the disk, for what nobody can do without."""

log = logging.getLogger(__name__)


class Checkpoints:
    """The checkpoints of one lab: the newest of each run, by its attempt.

    Parameters
    ----------
    database : Database
        Knows which runs have not ended.
    folder : Path
        The data folder.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder / "checkpoints"

    def put(self, run: int, attempt: int, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint in place of those before.

        Raises
        ------
        OSError
            If it cannot be written; those before are still there.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self._folder).free < checkpoint.size + _LEAST_FREE_BYTES:
            raise OSError("the disk is nearly full")
        others = self._of(run)
        if any(other > attempt for other, _ in others):
            return  # Somebody else goes on with this run by now.
        path = self._folder / f"{run}-{attempt}.npz"
        draft = path.with_suffix(".part")
        try:
            with draft.open("wb") as file:
                np.savez(file, allow_pickle=False, **_members(checkpoint))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        for earlier, other in others:
            if earlier < attempt:
                other.unlink(missing_ok=True)

    def newest(self, run: int, fits: Callable[[Checkpoint], bool]) -> Checkpoint | None:
        """Return the checkpoint of the newest attempt whose file is sound and `fits`."""
        for _, path in sorted(self._of(run), reverse=True):
            try:
                checkpoint = _read(path)
                if fits(checkpoint):
                    return checkpoint
                log.warning("%s is passed over: it is of another training", path.name)
            except Exception:  # whatever is wrong with it, the run can do without
                log.warning("%s is passed over: it is damaged", path.name, exc_info=True)
        return None

    def sweep(self) -> None:
        """Remove what belongs to no run that waits or trains: those that have ended, were cancelled or deleted."""
        found = self._found()
        if not found:
            return
        unfinished = schema.run.c.id.in_({run for run, _, _ in found}), schema.run.c.state.in_(UNFINISHED)
        with self._database.read() as connection:
            living = set(connection.scalars(select(schema.run.c.id).where(*unfinished)))
        for run, _, path in found:
            if run not in living:
                with suppress(OSError):
                    path.unlink()

    def _of(self, run: int) -> list[tuple[int, Path]]:
        """Return attempts and files of a run that are whole."""
        return [(attempt, path) for of, attempt, path in self._found() if of == run and path.suffix == ".npz"]

    def _found(self) -> list[tuple[int, int, Path]]:
        with suppress(OSError):
            named = [(_NAME.fullmatch(path.name), path) for path in self._folder.iterdir()]
            return [(int(name[1]), int(name[2]), path) for name, path in named if name]
        return []


def _members(checkpoint: Checkpoint) -> dict[str, Any]:
    rest = {name: value for name, value in vars(checkpoint).items() if name != "arrays"}
    groups = {name: len(group) for name, group in checkpoint.arrays.items()}
    arrays = {f"{name}.{i}": array for name, group in checkpoint.arrays.items() for i, array in enumerate(group)}
    return {"rest": np.array(json.dumps(rest)), "groups": np.array(json.dumps(groups)), **arrays}


def _read(path: Path) -> Checkpoint:
    with np.load(path, allow_pickle=False) as members:
        if damaged := members.zip.testzip():
            raise ValueError(f"{damaged} is not what was written")
        groups: dict[str, int] = json.loads(str(members["groups"]))
        arrays: dict[str, Arrays] = {
            name: tuple(members[f"{name}.{i}"] for i in range(count)) for name, count in groups.items()
        }
        return Checkpoint(**json.loads(str(members["rest"])), arrays=arrays)
