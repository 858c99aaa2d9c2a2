"""What Prometheus asks a lab: how its trainers are, what waits and trains, what this process needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from core.jobs.lab import Lab

_GAUGES: Final = {
    "slots": ("losslab_slots", "Trainings at the same time, of the process that dispatches; 0 in another."),
    "queued": ("losslab_runs_queued", "Runs that wait."),
    "running": ("losslab_runs_running", "Runs that train."),
    "compiling": ("losslab_slots_compiling", "Slots whose trainer compiles."),
    "dispatching": ("losslab_dispatching", "1 where this process hands out what waits."),
    "diagnosing": ("losslab_diagnoser_ready", "1 where the diagnoser of this process takes orders."),
}
_TRAINERS: Final = ("losslab_trainers", "Trainer processes of this process, by what they are.")
_PROBLEM: Final = ("losslab_problem", "1 where something is wrong; /api/health says what.")
_FAILURES: Final = ("losslab_failures", "Times a slot or the clinic has begun anew after a failure of its own.")


class _Health:
    """The lab's health as Prometheus has it."""

    def __init__(self, health: Mapping[str, Any]) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        for name, words in _GAUGES.items():
            yield GaugeMetricFamily(*words, value=float(self._health[name]))
        trainers = GaugeMetricFamily(*_TRAINERS, labels=["state"])
        for state, count in self._health["trainers"].items():
            trainers.add_metric([state], count)
        yield trainers
        yield GaugeMetricFamily(*_PROBLEM, value=float(bool(self._health["problem"])))
        yield CounterMetricFamily(*_FAILURES, value=self._health["failures"])


def metrics(lab: Lab) -> bytes:
    """Return the metrics of `lab` and of this process, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Health(lab.health()))
    ProcessCollector(registry=registry)
    return generate_latest(registry)
