"""From a bad loss to its proven cause: facts and signals name suspects, trials with the same seeds decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.diagnosis.diagnosis import DiagnosisProgress
    from core.diagnosis.trials.trial import Runner
    from core.spec import ExperimentSpec

__all__ = ["diagnose"]


def diagnose(
    spec: str | Path | Mapping[str, Any] | ExperimentSpec,
    on_progress: Callable[[DiagnosisProgress], None] | None = None,
    runner: Runner | None = None,
) -> dict[str, Any]:
    """Name what causes the bad loss of every variant of `spec`, each cause with a repair that was trained.

    Parameters
    ----------
    spec : str, Path, mapping or ExperimentSpec
        What `core.load_spec` takes.
    on_progress : callable, optional
        Called with a `core.diagnosis.diagnosis.DiagnosisProgress` before each batch of trainings.
    runner : Runner, optional
        Run specs in, results out, in the same order; without one they are trained here, in this process.

    Returns
    -------
    dict
        ``{"variants": [{"variant", "verdict", "causes", "not_checked", ...}], "spec_hash": ...}``, JSON-able. Where
        the data or the spec of one variant cannot be used, its verdict is ``refused`` and ``error`` the reason in one
        sentence; its other keys are empty or None. ``error`` is None for the others.

    Raises
    ------
    InputRefused
        If the spec cannot be used, or the data of none of its variants.
    """
    from core.diagnosis.diagnosis import diagnose_experiment

    return diagnose_experiment(spec, on_progress, runner)
