"""A folder for one worker alone, in a data folder that many may share for its checkpoints."""

from __future__ import annotations

import fcntl
import itertools
import platform
import re
from pathlib import Path
from typing import BinaryIO

from core.settings import private_folder


def own_folder(data: Path) -> tuple[Path, BinaryIO]:
    """Return a folder of this machine that nobody else holds, and the file that holds it until it is closed.

    A compiler cache is of one machine, and one process looks after it; logs would mix. A worker that is started again
    finds what the one before has left.

    Raises
    ------
    InputRefused
        If it cannot be made.
    """
    machine = re.sub(r"[^\w.\-]", "-", platform.node(), flags=re.ASCII) or "machine"
    for number in itertools.count(1):
        folder = data / "workers" / f"{machine}-{number}"
        private_folder(folder)
        lock = (folder / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            return folder, lock
    raise AssertionError
