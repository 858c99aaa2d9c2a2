"""Loss Lab: what causes the bad training loss? Import is instant; each call loads what it needs."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from core.data.table import Table, read_table
    from core.diagnosis.diagnosis import diagnose
    from core.errors import InputRefused, WorkFailed
    from core.spec import ExperimentSpec, RunSpec, load_spec
    from core.training.experiment import train

__all__ = [
    "ExperimentSpec",
    "InputRefused",
    "RunSpec",
    "Table",
    "WorkFailed",
    "diagnose",
    "load_spec",
    "read_table",
    "train",
]

_HOME: Final = {
    "ExperimentSpec": "core.spec",
    "InputRefused": "core.errors",
    "RunSpec": "core.spec",
    "Table": "core.data.table",
    "WorkFailed": "core.errors",
    "diagnose": "core.diagnosis.diagnosis",
    "load_spec": "core.spec",
    "read_table": "core.data.table",
    "train": "core.training.experiment",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'core' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
