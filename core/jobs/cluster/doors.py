"""The functions that the lab has called on its workers.

Dask names them by this module, and the scheduler loads it too: so it imports nothing before it is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Worker

    from core.jobs.cluster.report import Report
    from core.jobs.cluster.terms import Terms


def tell_versions() -> dict[str, str]:
    """Return what the process that is asked runs."""
    from core.jobs.cluster.terms import versions

    return versions()


async def greet(lab: Terms) -> str:
    """Return why this worker cannot train for the lab, as half a sentence; empty if it can."""
    from core.jobs.cluster.terms import unfit

    return await asyncio.to_thread(unfit, lab)


async def join(lab: Terms, work: str, warm: Mapping[str, dict[str, Any]], dask_worker: Worker) -> Report | str:
    """Open the slots of this worker, unless they are; return how they are, or why it cannot train for the lab."""
    if trouble := await greet(lab):
        return trouble
    from core.jobs.cluster.bench import open_bench

    return await open_bench(dask_worker, work, warm)


def train(place: int, claim: Mapping[str, Any]) -> None:
    """See one claimed run through to its end, at this place of the bench if it is free."""
    from distributed import get_worker

    from core.jobs.cluster.bench import bench_of
    from core.jobs.scheduling.queue import Claim

    bench_of(get_worker()).train(place, Claim(**claim))
