"""What an experiment is: a frozen, validated value, and the one sentence that refuses what is none."""

from __future__ import annotations

from core.spec.data import DataSpec, InlineData, PreprocessingSpec, TargetScaling, Task, named_tables
from core.spec.experiment import MAX_RUNS, ExperimentSpec, RunSpec, SpecSource, load_spec
from core.spec.model import InitializerSpec, LayerSpec, ModelSpec
from core.spec.touches import Thing
from core.spec.training import TrainingSpec
from core.spec.values import plain_text

__all__ = [
    "MAX_RUNS",
    "DataSpec",
    "ExperimentSpec",
    "InitializerSpec",
    "InlineData",
    "LayerSpec",
    "ModelSpec",
    "PreprocessingSpec",
    "RunSpec",
    "SpecSource",
    "TargetScaling",
    "Task",
    "Thing",
    "TrainingSpec",
    "load_spec",
    "named_tables",
    "plain_text",
]
