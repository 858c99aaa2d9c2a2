"""Python's garbage collector, told what it need not look at."""

from __future__ import annotations

import gc


def keep_what_lives() -> None:
    """Have no collection look again at what lives now: the modules, once all of them are imported.

    A full one otherwise goes through all of them and lets nothing else run meanwhile: 60 ms after every run of a page,
    0.3 s in the middle of what a trainer traces.
    """
    gc.collect()
    gc.freeze()
