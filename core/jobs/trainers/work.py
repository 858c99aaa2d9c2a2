"""What a trainer does with a run: prepare its arrays, keep them for the next one, train with Keras."""

from __future__ import annotations

from collections.abc import Callable

from core.data.prepare.cache import Preparation
from core.spec import RunSpec
from core.training.checkpoint import Safe
from core.training.crew import LIKELY
from core.training.memory import prepared_within
from core.training.pictures.frame import OnFrame
from core.training.result import OnPoints, Result
from core.training.run import compile_run, train_run


class KerasWork:
    """The work of `core.training`; made once per process and used by one thread. A test's fake has its methods.

    Parameters
    ----------
    dataset : callable
        Gives the bytes of an uploaded table by its SHA-256.
    run_bytes : int
        What a run may need beyond an idle trainer.
    """

    def __init__(self, dataset: Callable[[str], bytes], run_bytes: int) -> None:
        self._preparation = Preparation(dataset)
        self._run_bytes = run_bytes

    def train(
        self,
        run: RunSpec,
        on_points: OnPoints,
        should_stop: Callable[[], bool],
        *,
        probed: bool,
        on_frame: OnFrame | None = None,
        safe: Safe | None = None,
    ) -> Result:
        """Train `run` on its prepared arrays (see `core.training.run.train_run`).

        Raises
        ------
        InputRefused
            If it needs more memory than it may.
        """
        prepared = prepared_within(run, self._preparation, self._run_bytes, probed=probed)
        # A probed run is the first of a diagnosis.
        likely = LIKELY if probed else 0
        return train_run(
            run, prepared, on_points, should_stop, probed=probed, likely=likely, on_frame=on_frame, safe=safe
        )

    def warm(self, run: RunSpec) -> Callable[[float], bool]:
        """Begin to compile what `run` needs; return what waits so many seconds and says whether nothing is left to do.

        Raises
        ------
        InputRefused
            If it needs more memory than it may.
        """
        return compile_run(run, prepared_within(run, self._preparation, self._run_bytes))
