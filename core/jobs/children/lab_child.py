"""A child process of the lab: it has a log, the lab's database, and one thread for its arithmetic."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import Final

from core.child import Child, Listener
from core.settings import Settings

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


class LabChild(Child):
    """A child process that works for one lab.

    Parameters
    ----------
    settings : Settings
    arguments, listener
        See `Child`.
    name : str
        Names its log file.
    """

    def __init__(self, settings: Settings, arguments: Sequence[str], name: str, listener: Listener) -> None:
        data = settings.data.absolute()
        compiled = data / "xla"
        compiled.mkdir(parents=True, exist_ok=True)
        self._log = data / "logs" / f"{name}.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self.trim_log()
        environment = _ENVIRONMENT | {
            "LOSSLAB_DATA": str(data),
            "LOSSLAB_DB_URL": settings.database_url,
            "TF_XLA_FLAGS": f"--tf_xla_persistent_cache_directory={compiled} "
            "--tf_xla_persistent_cache_device_types=CPU,XLA_CPU_JIT",
        }
        super().__init__(arguments, listener, environment, self._log)

    def trim_log(self) -> None:
        """Move a log that has grown large aside, over the last one moved."""
        if self._log.exists() and self._log.stat().st_size > _LOG_BYTES:
            shutil.copyfile(self._log, self._log.with_suffix(".old.log"))
            os.truncate(self._log, 0)
