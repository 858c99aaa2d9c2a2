"""When a run in training is kept, so that the next attempt goes on from there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from core.jobs.storage.checkpoints import Checkpoints
from core.training.checkpoint import Checkpoint

EVERY_SECONDS: Final = 10.0
"""Between two checkpoints, at the least, and before the first."""
SHARE: Final = 0.01
"""Of the time trained, so much may go into checkpoints."""
_BYTES_PER_SECOND: Final = 1e8
"""That are written, until it is known."""

log = logging.getLogger("losslab.trainer")


class RunSafe:
    """The `core.training.checkpoint.Safe` of one attempt at a run.

    Parameters
    ----------
    files : Checkpoints
    run, attempt : int
        The first attempt has nothing to go on from.
    asked : callable
        Whether somebody wants a checkpoint now, before this process is ended.
    on_resume : callable
        Told the checkpoint that the run goes on from.
    on_asked : callable
        Called when there is the checkpoint that was `asked` for, or cannot be.
    """

    def __init__(
        self,
        files: Checkpoints,
        run: int,
        attempt: int,
        asked: Callable[[], bool],
        on_resume: Callable[[Checkpoint], None],
        on_asked: Callable[[], None],
    ) -> None:
        self._files, self._run, self._attempt = files, run, attempt
        self._asked, self._on_resume, self._on_asked = asked, on_resume, on_asked
        self._looked = self._last = time.monotonic()
        self._cost: float | None = None
        self._over = False

    def newest(self, fits: Callable[[Checkpoint], bool]) -> Checkpoint | None:
        """Return the newest checkpoint of an earlier attempt, from which the training goes on."""
        if self._attempt == 1:
            return None
        found = self._files.newest(self._run, fits)
        if found is not None:
            log.info("run %d goes on after %d epochs", self._run, found.epoch)
            self._on_resume(found)
        return found

    def due(self, size: int) -> bool:
        """Whether it is time for a checkpoint of about so many bytes."""
        self._looked = time.monotonic()
        cost = size / _BYTES_PER_SECOND if self._cost is None else self._cost
        waited = self._looked - self._last >= max(EVERY_SECONDS, cost / SHARE)
        return not self._over and (waited or self._asked())

    def put(self, checkpoint: Checkpoint) -> None:
        """Write `checkpoint`, which was due."""
        asked = self._asked()
        try:
            self._files.put(self._run, self._attempt, checkpoint)
        except OSError as error:
            log.warning("run %d has no new checkpoint: %s", self._run, error.strerror or error)
        self._last = time.monotonic()
        self._cost = self._last - self._looked
        if asked:
            self._over = True
            self._on_asked()
