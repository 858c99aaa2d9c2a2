"""What a process that reads strangers' tables may take, and know: so much memory and time, nothing of the server's."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from core.sentence import said, template

MEMORY_BYTES: Final = 1536 * 2**20
"""On top of what the process holds when it is ready."""
CPU_SECONDS: Final = 30
WALL_SECONDS: Final = 60.0

# No secret of the server (a database's address, a password) is in the environment of such a process.
_PASSED: Final = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "SYSTEMROOT",
    "TMPDIR",
    "VIRTUAL_ENV",
)
_SETTINGS: Final = {
    "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "PYTHONDONTWRITEBYTECODE": "1",
}  # fmt: skip

TOO_SLOW: Final = said("takes longer than is allowed")
TOO_LARGE: Final = said("takes more than {most} MB of memory", most=MEMORY_BYTES // 2**20)
ENDINGS: Final[Mapping[int, str]] = {
    -signal.SIGXCPU: TOO_SLOW,
    -signal.SIGKILL: said("takes more memory than there is"),  # the kernel kills what takes the last of the machine's
}
"""By the status such a process ended with, what reading a table does too much of."""
BEYOND: Final = template("{name}: reading it {why!t}; allowed: a smaller file.")
"""What is said of a file that does."""


def environment() -> dict[str, str]:
    """Return the variables such a process gets."""
    return {name: os.environ[name] for name in _PASSED if name in os.environ} | _SETTINGS


def limit_resources() -> None:
    """Bound this process's memory and processor time, where the system knows such bounds."""
    try:
        import resource
    except ImportError:
        return
    used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    bounds = {resource.RLIMIT_CPU: used + CPU_SECONDS, resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 0}
    with suppress(OSError):
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        bounds[resource.RLIMIT_AS] = held + MEMORY_BYTES
    for bound, value in bounds.items():
        with suppress(OSError, ValueError):
            # The second is a respite: a signal that names the limit comes before the kill.
            resource.setrlimit(bound, (value, value + 1))
