"""What the machine, or the container this process lives in, grants: processors and memory.

Linux counts both in control groups; limits of a group bind all groups inside it. Version 2 has one tree of them,
version 1 a tree for each kind (https://docs.kernel.org/admin-guide/cgroup-v2.html and cgroup-v1).
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/")
_GROUPS: Final = Path("sys/fs/cgroup")


def processors(root: Path = _ROOT) -> int:
    """Return how many processors' worth of time this process may use: what it is bound to, and its groups' quota.

    Parameters
    ----------
    root : Path
        Where ``proc`` and ``sys`` are.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [_share(*text.split()) for text in _texts(root, "", "cpu.max")]
    for folder in _folders(root, "cpu"):
        numbers = [_read(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
        quotas.append(_share(*numbers))
    return max(1, min(bound, *(math.ceil(quota) for quota in quotas if quota > 0), bound))


def memory_bytes(root: Path = _ROOT) -> int:
    """Return how much memory this process and its children may use together: the machine's, or its groups' limit."""
    found = re.search(r"^MemTotal:\s+(\d+) kB", _read(root / "proc/meminfo"), re.MULTILINE)
    limits = [*_texts(root, "", "memory.max"), *_texts(root, "memory", "memory.limit_in_bytes")]
    machine = int(found[1]) * 1024 if found else _physical()
    return min([machine, *(int(limit) for limit in limits if limit.isdecimal())])


def memory_kills(root: Path = _ROOT) -> int:
    """Return how many processes the system has killed for want of memory since it was started, here or anywhere."""
    found = re.search(r"^oom_kill (\d+)$", _read(root / "proc/vmstat"), re.MULTILINE)
    return int(found[1]) if found else 0


def _physical() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _share(quota: str = "", period: str = "") -> float:
    """Return processors from microseconds of every so many; 0 where there is no limit."""
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() and int(period) else 0.0


def _texts(root: Path, controller: str, file: str) -> list[str]:
    return [text for folder in _folders(root, controller) if (text := _read(folder / file))]


def _folders(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folder of this process's group and of those around it, in the tree of `controller`; "" = version 2.

    A container may see its own group as the root of the tree, while the path names the host's: what is not there is
    passed over.
    """
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller not in controllers.split(","):
            continue
        trees = [controllers, controller] if controller else ["", "unified"]
        for tree in dict.fromkeys(trees):
            top = root / _GROUPS / tree
            group = top / path.lstrip("/")
            yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(top))


def _read(path: Path) -> str:
    with suppress(OSError, ValueError):
        return path.read_text().strip()
    return ""
