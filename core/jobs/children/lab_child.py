"""Starts a child process of the lab: with a log, the lab's database, and one thread for its arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.child import Child, Listener
from core.settings import Settings

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


def lab_child(settings: Settings, arguments: Sequence[str], name: str, listener: Listener) -> Child:
    """Start a child process that works for one lab; `name` is that of its log, the rest as for `Child`."""
    data = settings.data.absolute()
    compiled = data / "xla"
    environment = _ENVIRONMENT | {
        "LOSSLAB_DATA": str(data),
        "LOSSLAB_DB_URL": settings.database_url,
        "TF_XLA_FLAGS": f"--tf_xla_persistent_cache_directory={compiled} "
        "--tf_xla_persistent_cache_device_types=CPU,XLA_CPU_JIT",
    }
    log = data / "logs" / f"{name}.log"
    for folder in (compiled, log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    return Child(arguments, listener, environment, log)
