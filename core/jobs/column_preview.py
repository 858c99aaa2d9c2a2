"""Columns before and after preparing: asked of a short child process, so that this one never loads scikit-learn."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from typing import Any, Final

from core.data.confined import ENDINGS, TOO_SLOW, WALL_SECONDS, environment
from core.errors import InputRefused, WorkFailed
from core.paths import ROOT
from core.sentence import said
from core.spec import RunSpec

PATIENCE_SECONDS: Final = 60.0
"""How long a question waits for those of others."""
_LOGGER: Final = logging.getLogger(__name__)
_AT_ONCE: Final = threading.BoundedSemaphore(1)
"""A question costs a processor for seconds, and the trainers need them too."""


def ask_preview(run: RunSpec, content: bytes = b"") -> dict[str, Any]:
    """Return `core.data.prepare.before_after.preview` of `run`; `content` is the uploaded table, if its source is one.

    Raises
    ------
    InputRefused
        If the table cannot be prepared that way, or that takes too much memory or time.
    WorkFailed
        If the child fails, or others ask for longer than a minute.
    """
    question = json.dumps({"run": run.model_dump(mode="json")}).encode() + b"\n" + content
    if not _AT_ONCE.acquire(timeout=PATIENCE_SECONDS):
        raise WorkFailed(said("The columns of others are being prepared; try again in a minute."))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "core.data.prepare.before_after"],
            input=question,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may be a file, and the child may write none
            timeout=WALL_SECONDS,
            cwd=ROOT,
            env=environment(),
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise _refused(TOO_SLOW) from None
    except (subprocess.SubprocessError, OSError) as failure:
        if (ending := ENDINGS.get(getattr(failure, "returncode", 0))) is not None:
            raise _refused(ending) from None
        _LOGGER.exception("preview failed")
        raise WorkFailed(said("The picture of the columns could not be made.")) from failure
    finally:
        _AT_ONCE.release()
    answer: dict[str, Any] = json.loads(done.stdout)
    if "refused" in answer:
        raise InputRefused(answer["refused"], "data")
    return answer


def _refused(why: str) -> InputRefused:
    return InputRefused(
        said("Preparing this table for a picture {why!t}; allowed: fewer rows or columns.", why=why), "data"
    )
