"""A runner that trains nothing: results looked up by what a spec says, so that a test of the trials takes no time."""

from dataclasses import replace

from core.diagnosis.causes.cause import Observation
from core.diagnosis.evidence.facts import DataFacts
from core.diagnosis.evidence.signals import Signals
from core.spec import load_spec
from core.training.result import Result

DATA = {"source": {"columns": {"x": list(range(40)), "y": [v / 40 for v in range(40)]}}, "target": "y"}


def run_of(**sections):
    return load_spec({"data": DATA, **sections}).runs()[0]


def observation_of(facts=(), signals=(), **sections):
    """A healthy regression, changed by what is given."""
    healthy_facts = {
        "task": "regression", "rows": 200, "validation_rows": 50, "features": 4, "loss": "mse",
        "output_activation": "linear", "output_units": 1, "usable_columns": ("a", "b", "c", "d"),
        "skills": {"linear": 0.5, "neighbours": 0.8, "trees": 0.8},
    }  # fmt: skip
    healthy_signals = {
        "skill": (0.8, 0.81, 0.79), "val_skill": (0.75, 0.76, 0.74), "initial_loss": 1.2,
        "updates": 2000.0, "gradient_ratio": 1.0, "gradient": 2.0, "output_std": 1.0,
        "recall": (0.9, 0.9, 0.9),
    }  # fmt: skip
    return Observation(
        run_of(**sections),
        DataFacts(**{**healthy_facts, **dict(facts)}),
        Signals(**{**healthy_signals, **dict(signals)}),
    )


def result_of(skill, val_skill=None, state="done", recall=None, **more) -> Result:
    """A hand-made result in the public form."""
    # At rest for long: nothing says that the run was too short.
    history = {"loss": [1.0, 0.9, *[0.8] * 18], "learning_rate": [0.001] * 20} | (
        {} if val_skill is None else {"val_loss": [1.0]}
    )
    values = {
        "variant": {}, "seed": 0, "state": state, "epochs": 100, "seconds": 0.1, "error": None, "diverged_at": None,
        "history": history, "baseline": {"loss": 1.0, "val_loss": 1.0, "what": "always predict the mean"},
        "skill": skill, "val_skill": val_skill, "parameters": 10,
        "telemetry": {"updates": 2000, "recall": recall, "val_recall": None, "initial_loss": 1.1}, **more,
    }  # fmt: skip
    return Result.from_dict(values)


class TableRunner:
    """Looks up a result by a function of the spec; remembers what it was asked."""

    def __init__(self, look_up):
        self.look_up = look_up
        self.asked = []

    def __call__(self, runs, *, probed=False):
        self.asked += runs
        return [replace(self.look_up(run), seed=run.training.seed) for run in runs]
