"""What processes of the lab hold, and how what they no longer need goes back to the system, not kept for later."""

from __future__ import annotations

import ctypes
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

# malloc.h of the GNU C library; other systems have no such call and keep their ways.
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
_DONT_NEED: Final = 4
"""Of madvise(2)."""
_MAPPED: Final = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+ *(/.*)?$")
"""The first line of a mapping in proc(5)'s smaps: from, to, what is allowed, the file."""
_LARGE: Final = 2**18
"""Bytes. By default the limit grows with what is freed, up to 32 MB: then a freed table stays, in pieces."""


def keep_little() -> None:
    """Bound what is kept after a large table was freed; call it before threads start."""
    import pyarrow as pa

    # Arrow's own pools keep freed memory too.
    pa.set_memory_pool(pa.system_memory_pool())
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in ((_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _LARGE), (_ARENA_MAX, 2)):
            mallopt(parameter, value)


def own_bytes(pid: int) -> int:
    """Return what a process holds that no other shares and the system cannot read again; 0 of one that is gone.

    Pages of libraries, some 370 MB of TensorFlow, are not counted: all trainers share them, and those that are not in
    use go when memory is short.
    """
    import psutil

    with suppress(psutil.Error):
        sizes = psutil.Process(pid).memory_info()
        return int(sizes.rss - getattr(sizes, "shared", 0))
    return 0


def let_go_of_start() -> None:
    """Let go of the pages of program code that only starting has used, 260 of TensorFlow's 370 MB; takes 60 ms.

    Whatever is used again is read from its file again, so only pages that are as they are in the file are let go of.
    Call it before threads load libraries; other systems than Linux keep their ways.
    """
    with suppress(OSError, AttributeError):
        madvise = ctypes.CDLL(None).madvise
        madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        for begin, end in _unchanged_code(Path("/proc/self/smaps").read_text()):
            madvise(begin, end - begin, _DONT_NEED)


def _unchanged_code(smaps: str) -> list[tuple[int, int]]:
    """Return begin and end of what is mapped from a file, cannot be written, and holds no page of its own."""
    unchanged, mapped = [], None
    for line in smaps.splitlines():
        if head := _MAPPED.match(line):
            mapped = (int(head[1], 16), int(head[2], 16)) if head[3].startswith("r-") and head[4] else None
        elif mapped and line.startswith("Anonymous:") and line.split()[1] == "0":
            unchanged.append(mapped)
    return unchanged


def give_back() -> None:
    """Give back what many small pieces have left between what is in use; takes some milliseconds."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
