"""What processes of the lab hold, and how what they no longer need goes back to the system, not kept for later."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Final

# malloc.h of the GNU C library; other systems have no such call and keep their ways.
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
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


def give_back() -> None:
    """Give back what many small pieces have left between what is in use; takes some milliseconds."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
