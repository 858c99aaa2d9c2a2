"""Columns before and after preparing: asked of a short child process, so that this one never loads scikit-learn."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from typing import Any, Final

from core.errors import InputRefused, WorkFailed
from core.paths import ROOT
from core.spec import RunSpec

_LOGGER: Final = logging.getLogger(__name__)
_SECONDS: Final = 60
_AT_ONCE: Final = threading.BoundedSemaphore(1)
"""A question costs a processor for seconds, and the trainers need them too."""


def ask_preview(run: RunSpec, content: bytes = b"") -> dict[str, Any]:
    """Return `core.data.prepare.before_after.preview` of `run`; `content` is the uploaded table, if its source is one.

    Raises
    ------
    InputRefused
        If the table cannot be prepared that way.
    WorkFailed
        If the child fails or takes longer than a minute.
    """
    question = json.dumps({"run": run.model_dump(mode="json")}).encode() + b"\n" + content
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        with _AT_ONCE:
            done = subprocess.run(
                [sys.executable, "-m", "core.data.prepare.before_after"],
                input=question,
                stdout=subprocess.PIPE,
                timeout=_SECONDS,
                cwd=ROOT,
                env=environment,
                check=True,
            )
    except (subprocess.SubprocessError, OSError) as failure:
        _LOGGER.exception("preview failed")
        raise WorkFailed("The picture of the columns could not be made.") from failure
    answer: dict[str, Any] = json.loads(done.stdout)
    if "refused" in answer:
        raise InputRefused(answer["refused"], "data")
    return answer
