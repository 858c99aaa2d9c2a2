"""What an experiment is: a frozen, validated value, and the one sentence that refuses what is none."""

from __future__ import annotations

from core.spec.data import DataSpec, InlineData, Task
from core.spec.experiment import MAX_RUNS, ExperimentSpec, RunSpec, load_spec
from core.spec.model import INITIALIZERS, Activation, Initializer, LayerSpec, Loss, ModelSpec
from core.spec.preprocessing import Missing, PreprocessingSpec, Scaling, TargetScaling
from core.spec.training import OptimizerName, ReduceOnPlateau, TrainingSpec
from core.spec.values import plain_text

__all__ = [
    "INITIALIZERS",
    "MAX_RUNS",
    "Activation",
    "DataSpec",
    "ExperimentSpec",
    "Initializer",
    "InlineData",
    "LayerSpec",
    "Loss",
    "Missing",
    "ModelSpec",
    "OptimizerName",
    "PreprocessingSpec",
    "ReduceOnPlateau",
    "RunSpec",
    "Scaling",
    "TargetScaling",
    "Task",
    "TrainingSpec",
    "load_spec",
    "plain_text",
]
