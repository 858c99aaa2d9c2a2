"""A child process of ours and both ends of its pipes: orders go in, words come out, one JSON object per line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from core.paths import ROOT
from core.sentence import said

_LOG_BYTES: Final = 2 * 2**20
_CRASHES: Final = {signal.SIGSEGV, signal.SIGILL, signal.SIGBUS, signal.SIGFPE, signal.SIGABRT}

_BEAT_SECONDS: Final = 1.0
"""How often a child says that it lives."""

KILLED: Final = said("signal {number}", number=signal.SIGKILL.value)
"""How a child `ended` that was not asked: the system does so when memory runs out, or somebody did."""

Words = dict[str, Any]
Listener = Callable[["Child", Words | None], None]


class Child:
    """One child process, seen from whoever started it.

    Parameters
    ----------
    arguments : sequence of str
        The module it runs and what that is told; given by us, never by a spec.
    listener : callable
        Called from a thread of its own with everything the child says, and with None when it is gone.
    environment : mapping, optional
        Variables it gets beside those of this process.
    log : Path, optional
        Where its stderr and whatever a library prints go; by default nowhere. Its folder exists.

    Raises
    ------
    OSError
        If it cannot be started.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        listener: Listener,
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self._log = log
        self.trim_log()
        with (log or Path(os.devnull)).open("ab") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, arguments from us
                [sys.executable, "-m", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                # Its own process group: Ctrl-C in the terminal is for the lab to handle, and a kill takes all of it.
                start_new_session=True,
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
            )
        self.pid = self._process.pid
        self.begun = self.heard = time.monotonic()
        """When it was started, and when it has last said anything, if only that it lives."""
        self._listener = listener
        threading.Thread(target=self._listen, name=f"{arguments[0]} listener", daemon=True).start()

    def _listen(self) -> None:
        if self._process.stdout is None:
            return
        with self._process.stdout as voice:
            for line in voice:
                self.heard = time.monotonic()
                with suppress(json.JSONDecodeError):
                    self._listener(self, json.loads(line))
        self._process.wait()
        self._listener(self, None)

    def send(self, **order: Any) -> None:
        """Give an order; one that a dead child cannot take is lost, and its end is heard elsewhere."""
        if self._process.stdin is not None:
            with suppress(OSError, ValueError):
                self._process.stdin.write(json.dumps(order, separators=(",", ":")).encode() + b"\n")
                self._process.stdin.flush()

    def kill(self) -> None:
        """End the process and whatever it started, at once."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()

    def trim_log(self) -> None:
        """Move a log that has grown large aside, over the last one moved."""
        with suppress(OSError):  # On a full disk it stays where it is.
            if self._log and self._log.exists() and self._log.stat().st_size > _LOG_BYTES:
                shutil.copyfile(self._log, self._log.with_suffix(".old.log"))
                os.truncate(self._log, 0)

    @property
    def crashed(self) -> bool:
        """Whether its own code ended it and not somebody's signal; waits until it has."""
        return -self._process.wait() in _CRASHES

    @property
    def ended(self) -> str:
        """How it ended, in words; waits until it has."""
        code = self._process.wait()
        return said("signal {number}", number=-code) if code < 0 else said("exit status {number}", number=code)


class Voice:
    """What a child says, for the child itself: made first of all, because later prints go to the log."""

    def __init__(self) -> None:
        self._pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
        self._lock = threading.Lock()
        os.dup2(2, 1)

    def say(self, **words: Any) -> None:
        """Say `words`; numbers must be finite."""
        self._write(json.dumps(words, allow_nan=False, separators=(",", ":")))

    def beat(self) -> None:
        """Say from now on that this process lives, by lines without words, however long its work takes."""
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def _beat(self) -> None:
        with suppress(OSError):  # Nobody listens any more.
            while True:
                self._write("")
                time.sleep(_BEAT_SECONDS)

    def _write(self, line: str) -> None:
        with self._lock:
            self._pipe.write(line + "\n")
            self._pipe.flush()
