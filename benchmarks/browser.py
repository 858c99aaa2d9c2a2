"""The Chromium of this machine, in which pages are measured and pictures drawn."""

from __future__ import annotations

import shutil

from core.errors import WorkFailed


def chromium() -> str:
    """Return the path of a Chromium.

    Raises
    ------
    WorkFailed
        If there is none.
    """
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise WorkFailed("A browser is needed, and there is no Chromium on this machine.")
    return found
