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
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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
        connections. ``web_seconds``, ``client_seconds``: processor time of the web process and of the tabs. ``web_mb``:
        memory of the web process before; ``most_mb``: at its highest.
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

    pings: list[float] = []
    memory = [process.memory_info().rss]
    before, ours = sum(process.cpu_times()[:2]), time.process_time()
    async with asyncio.TaskGroup() as watch:
        watching = [watch.create_task(each) for each in (_look(there), _ping(there, pings), _weigh(process, memory))]
        here = await _at_once([arrive] * people)
        stayed = await _at_once([partial(tab.go, "lessons", lesson=LESSON.id) for tab in tabs])
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
        "lost": people - len(stayed),
        "web_seconds": round(spent[0], 1),
        "client_seconds": round(spent[1], 1),
        "web_mb": round(memory[0] / 2**20),
        "most_mb": round(max(memory) / 2**20),
    }


async def _at_once(each: Sequence[Callable[[], Awaitable[None]]]) -> list[float]:
    """Have everybody do it; return how long it took those whose connection was not lost."""
    begin = time.perf_counter()

    async def timed(do: Callable[[], Awaitable[None]]) -> float | None:
        try:
            await do()
        except _LOST:
            return None
        return time.perf_counter() - begin

    took = await asyncio.gather(*map(timed, each))
    return [seconds for seconds in took if seconds is not None]


async def _look(tab: Tab) -> None:
    with suppress(*_LOST):
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
    if few["arrive_seconds"] and many["arrive_seconds"]:
        longer = many["arrive_seconds"]["p95"] / few["arrive_seconds"]["p95"]
        print(f"{many['people'] / few['people']:.1f} times the people take {longer:.1f} times as long (p95)")


def _said(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return "   ".join(f"{name} {seconds:.2f} s" for name, seconds in value.items())


if __name__ == "__main__":
    main()
