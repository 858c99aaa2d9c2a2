"""How many people fare who arrive at once: how soon each of them has the page, and whose connection is lost.

``python -m benchmarks.arrivals [--of 50 100 200] [--json]`` starts the app with a lab of its own for each number. So
many tabs (`benchmarks.tab`) open the start page in the same moment, and once all have it, they go to a lesson in the
same moment. Somebody who was there before draws the start page again and again meanwhile, and pings. What a browser
needs to draw is not in the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import psutil
from websockets.exceptions import WebSocketException

from benchmarks.app import served, wait_for
from benchmarks.classroom import LESSON, at_rest, quantiles
from benchmarks.tab import Tab
from core.errors import WorkFailed
from core.settings import Settings

_LOOK_SECONDS: Final = 0.25
_LOST: Final = (WebSocketException, OSError, TimeoutError, WorkFailed)


def measure(people: int) -> dict[str, Any]:
    """Let so many `people` arrive at once, and then turn to a lesson at once.

    Returns
    -------
    dict
        ``arrive_seconds``, ``lesson_seconds``: p50, p95 and the longest time until the page is whole;
        ``there_seconds``: that of a page of somebody who was there before; ``ping_seconds``: that of a ping. ``lost``:
        connections, by the reason. ``web_seconds``, ``client_seconds``: processor time of the web process and of the
        tabs. ``web_mb``: memory of the web process before; ``most_mb``: at its highest. ``other_load``: what else the
        machine had to do.
    """
    with tempfile.TemporaryDirectory() as folder, served(Settings(data=Path(folder))) as (process, server):
        wait_for(lambda: at_rest(server))
        return {"people": people} | asyncio.run(_come(people, server, process))


async def _come(people: int, server: str, process: psutil.Process) -> dict[str, Any]:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(people))  # documents are fetched there
    there = await Tab.open(server, "")
    there.seconds.clear()
    tabs: list[Tab] = []

    async def arrive() -> None:
        tabs.append(await Tab.open(server, ""))

    lost: Counter[str] = Counter()
    pings: list[float] = []
    load = os.getloadavg()[0]
    memory = [process.memory_info().rss]
    before, ours = sum(process.cpu_times()[:2]), time.process_time()
    async with asyncio.TaskGroup() as watch:
        watching = [
            watch.create_task(each) for each in (_look(there, lost), _ping(there, pings), _weigh(process, memory))
        ]
        here = await _at_once([arrive] * people, lost)
        stayed = await _at_once([partial(tab.go, "lessons", lesson=LESSON.id) for tab in tabs], lost)
        for task in watching:
            task.cancel()
    spent = sum(process.cpu_times()[:2]) - before, time.process_time() - ours
    for tab in (there, *tabs):
        with suppress(*_LOST):
            await tab.close()
    return {
        "arrive_seconds": quantiles(here),
        "lesson_seconds": quantiles(stayed),
        "there_seconds": quantiles([took for _, took in there.seconds]),
        "ping_seconds": quantiles(pings),
        "lost": dict(lost) or "nothing",
        "web_seconds": round(spent[0], 1),
        "client_seconds": round(spent[1], 1),
        "web_mb": round(memory[0] / 2**20),
        "most_mb": round(max(memory) / 2**20),
        "other_load": round(load, 1),
    }


async def _at_once(each: Sequence[Callable[[], Awaitable[None]]], lost: Counter[str]) -> list[float]:
    """Have everybody do it; return how long it took, but for those whose connection was `lost`, and count why."""
    begin, took = time.perf_counter(), list[float]()

    async def timed(do: Callable[[], Awaitable[None]]) -> None:
        with _counted(lost):
            await do()
            took.append(time.perf_counter() - begin)

    await asyncio.gather(*map(timed, each))
    return took


@contextmanager
def _counted(lost: Counter[str]) -> Iterator[None]:
    try:
        yield
    except _LOST as reason:
        lost[f"{type(reason).__name__}: {reason}"] += 1


async def _look(tab: Tab, lost: Counter[str]) -> None:
    with _counted(lost):
        while True:
            await tab.look()
            await asyncio.sleep(_LOOK_SECONDS)


async def _ping(tab: Tab, seconds: list[float]) -> None:
    with suppress(*_LOST):
        while True:
            seconds.append(await tab.ping())
            await asyncio.sleep(_LOOK_SECONDS)


async def _weigh(process: psutil.Process, memory: list[int]) -> None:
    while True:
        memory.append(process.memory_info().rss)
        await asyncio.sleep(_LOOK_SECONDS)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.arrivals")
    parser.add_argument("--of", type=int, nargs="+", default=[50, 100, 200], help="people who arrive at once")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = [measure(people) for people in options.of]
    if options.json:
        print(json.dumps(found, indent=1))
        return
    for one in found:
        for name, value in one.items():
            print(f"{name:16} {_said(value)}")
        print()
    few, many = found[0], found[-1]
    if few is not many and few["arrive_seconds"] and many["arrive_seconds"]:
        longer = many["arrive_seconds"]["p95"] / few["arrive_seconds"]["p95"]
        print(f"{many['people'] / few['people']:.1f} times the people take {longer:.1f} times as long (p95)")


def _said(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    said = (f"{name} {what:.2f} s" if isinstance(what, float) else f"{what} × {name}" for name, what in value.items())
    return "   ".join(said)


if __name__ == "__main__":
    main()
