"""Trains whole experiments for `benchmarks.growth`: the process a person would have who calls `core.train`."""

from __future__ import annotations

import time

import core
from benchmarks.worker import serve
from core.child import Words


def answer(order: Words) -> Words:
    """Train the spec of `order`; return the seconds from the call to the results."""
    begin = time.perf_counter()
    core.train(order["spec"])
    return {"seconds": time.perf_counter() - begin}


if __name__ == "__main__":
    answer({"spec": {"data": {"source": "sample:line", "target": "y"}, "training": {"epochs": 400}}})
    serve(answer)
