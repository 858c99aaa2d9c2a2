"""Which runs can share a compiled epoch, told from their specs alone: a hint to whoever deals them out, no promise."""

from __future__ import annotations

from core.spec import RunSpec, Thing


def structure_key(run: RunSpec, *, probed: bool = False) -> str:
    """Return a short name that is equal for runs that differ only in numbers: seed, learning rate, scaling, ….

    A probed run measures its layers, which is compiled in.
    """
    return run.key(Thing.STRUCTURE) + ("p" if probed else "")
