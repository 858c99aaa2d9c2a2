"""Starts a child process of ours and holds its pipes; knows nothing of what it does."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from core.paths import ROOT
from core.settings import Settings

DEFAULT_WORK: Final = "core.jobs.trainers.work:KerasWork"
_LOG_BYTES: Final = 2 * 2**20

_ENVIRONMENT: Final = {
    # One training per processor; more threads would only take it from the neighbours, and change the last digits.
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "PYTHONHASHSEED": "0",
}

Words = dict[str, Any]
Listener = Callable[["ChildProcess", Words | None], None]


class ChildProcess:
    """One child. Everything it says is passed to `listener` from a thread of its own; None when it is gone.

    Parameters
    ----------
    settings : Settings
    arguments : sequence of str
        The module it runs and what that is told; given by us, never by a spec.
    name : str
        Names its log file.
    listener : callable
    """

    def __init__(self, settings: Settings, arguments: Sequence[str], name: str, listener: Listener) -> None:
        data = settings.data.absolute()
        compiled = data / "xla"
        compiled.mkdir(parents=True, exist_ok=True)
        self.log = data / "logs" / f"{name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.trim_log()
        environment = os.environ | _ENVIRONMENT
        environment["LOSSLAB_DATA"] = str(data)
        environment["LOSSLAB_DB_URL"] = settings.database_url
        environment["TF_XLA_FLAGS"] = (
            f"--tf_xla_persistent_cache_directory={compiled} --tf_xla_persistent_cache_device_types=CPU,XLA_CPU_JIT"
        )
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, arguments from us
                [sys.executable, "-m", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # Its own process group: Ctrl-C in the terminal is for the lab to handle, and a kill takes all of it.
                start_new_session=True,
                cwd=ROOT,
                env=environment,
            )
        self.pid = self._process.pid
        self._listener = listener
        threading.Thread(target=self._listen, name=f"{name} voice", daemon=True).start()

    def _listen(self) -> None:
        if self._process.stdout is None:
            return
        with self._process.stdout as voice:
            for line in voice:
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

    @property
    def ended(self) -> str:
        """How it ended, in words."""
        code = self._process.wait()
        return f"signal {-code}" if code < 0 else f"exit status {code}"

    def trim_log(self) -> None:
        """Move a log that has grown large aside, over the last one moved."""
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            shutil.copyfile(self.log, self.log.with_suffix(".old.log"))
            os.truncate(self.log, 0)


def trainer_process(settings: Settings, work: str, name: str, listener: Listener) -> ChildProcess:
    """Start a trainer; `work` is the ``module:name`` of the `core.jobs.trainers.work.Work` it does."""
    return ChildProcess(settings, ["core.jobs.trainers.trainer", "--work", work], name, listener)
