"""What XLA compiled, on disk from one process to the next, so that none is compiled again or run damaged.

TensorFlow reads and writes the files. It notices a damaged one only sometimes and then fails the compilation instead of
doing it; a bit that is wrong in the machine code kills the process or is run. So a checksum stands beside each file,
nothing without a true one is there when a child starts, and a child that crashed takes the cache with it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

_SEAL: Final = ".sha256"
_LEAST_FREE_BYTES: Final = 64 * 2**20
"""With less on the disk nothing is added: TensorFlow fails a compilation that it cannot save."""
_WRITING_SECONDS: Final = 60.0
"""For so long a temporary file may be one that a child is writing."""

_DISTRIBUTIONS: Final = ("tensorflow", "tensorflow-cpu")
_LOCK: Final = threading.Lock()

log = logging.getLogger(__name__)


def _compiled_for() -> str:
    """Return a name for all that the machine code depends on and TensorFlow does not check."""
    release = "none"
    for name in _DISTRIBUTIONS:
        with suppress(PackageNotFoundError):
            release = version(name)
    processor = platform.processor()
    with suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        processor = next((line for line in lines if line.startswith(("flags", "Features"))), processor)
    machine = f"{platform.machine()} {processor} {os.environ.get('XLA_FLAGS', '')}"
    return f"{release}-{hashlib.sha256(machine.encode()).hexdigest()[:12]}"


class CompilerCache:
    """A folder of compiled programs, shared by every child of a lab.

    It never stands in the way: where the folder cannot be used, there is no cache, and a line in the log.

    Parameters
    ----------
    root : Path
        Its place, for it alone. Within is one folder, named by TensorFlow's version and this processor; what an
        earlier version or another machine left is removed.
    megabytes : int
        How large it may grow; what was not used for longest goes first. 0 = no cache.
    """

    def __init__(self, root: Path, megabytes: int) -> None:
        self._root = root
        self._folder = root / _compiled_for()
        self._most_bytes = megabytes * 2**20

    def open(self) -> str:
        """Remove whatever is damaged, foreign or too much; return the ``TF_XLA_FLAGS`` of a child, empty without."""
        if not self._most_bytes:
            self.clear()
            return ""
        try:
            with _LOCK:
                self._clean()
                # TensorFlow would fail each compilation where it may not write.
                with tempfile.TemporaryFile(dir=self._folder):
                    pass
                full = shutil.disk_usage(self._folder).free < _LEAST_FREE_BYTES
        except OSError as error:
            log.warning("no compiler cache: the folder cannot be used (%s)", error.strerror)
            return ""
        if full:
            log.warning("nothing is added to the compiler cache: the disk is nearly full")
        return (
            f'--tf_xla_persistent_cache_directory="{self._folder}" '
            "--tf_xla_persistent_cache_device_types=CPU,XLA_CPU_JIT "
            f"--tf_xla_persistent_cache_read_only={str(full).lower()}"
        )

    def seal(self) -> None:
        """Put checksums beside new files and keep to the size; a file that gets none lasts until the next `open`."""
        with _LOCK, suppress(OSError):
            # Complete ones: TensorFlow writes elsewhere and renames.
            paths = set(self._folder.iterdir())
            new = [path for path in paths if path.suffix == ".pb" and _seal_of(path) not in paths]
            for path in new:
                _seal_of(path).write_text(_digest(path))
            if new:
                self._trim()

    def clear(self) -> None:
        """Remove everything; programs that are loaded already do not need it."""
        with _LOCK:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _clean(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in self._root.iterdir():
            if path != self._folder:
                _remove(path)
        # A file comes before its checksum.
        for path in sorted(self._folder.iterdir()):
            if not _stays(path):
                _remove(path)
        self._trim()

    def _trim(self) -> None:
        files = sorted((_last_use(path), path.stat().st_size, path) for path in self._folder.glob("*.pb"))
        excess = sum(size for _, size, _ in files) - self._most_bytes
        for _, size, path in files:
            if excess <= 0:
                break
            _remove(path)
            _remove(_seal_of(path))
            excess -= size


def _seal_of(path: Path) -> Path:
    return path.with_name(path.name + _SEAL)


def _digest(path: Path) -> str:
    """Return the checksum of name and content: a sound program under another's name is damage too."""
    used = _last_use(path)
    with path.open("rb") as file:
        checksum = f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}"
    # This was no use. The system notes the next one if the file was written since the last reading it knows of.
    os.utime(path, ns=(0, used))
    return checksum


def _last_use(path: Path) -> int:
    status = path.stat()
    return max(status.st_atime_ns, status.st_mtime_ns)


def _stays(path: Path) -> bool:
    """Whether a thing found in the folder may be there when a child starts."""
    seal = _seal_of(path)
    try:
        if path.suffix == ".tmp":
            return abs(time.time() - path.lstat().st_mtime) < _WRITING_SECONDS
        if path.suffix == _SEAL:
            return path.with_suffix("").exists()
        return path.is_file() and seal.is_file() and seal.read_bytes() == _digest(path).encode()
    except OSError:
        return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
