"""What the store hands out: experiments, runs, news. Values; to change something, ask the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from core.jobs.storage.viewer import Reach
from core.spec import ExperimentSpec, RunSpec


class State(StrEnum):
    """Where a run is in its life: before its end, or one of the ends of a training (`core.training.result.Ending`)."""

    QUEUED = "queued"
    LEASED = "leased"
    RUNNING = "running"
    DONE = "done"
    DIVERGED = "diverged"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def unfinished(self) -> bool:
        """Whether the run waits or trains."""
        return self in UNFINISHED


HELD: Final = (State.LEASED, State.RUNNING)
UNFINISHED: Final = (State.QUEUED, *HELD)


@dataclass(frozen=True)
class Run:
    """One training of an experiment.

    Attributes
    ----------
    index : int
        Place in the experiment, from 0.
    attempt : int
        How often it was started: 0 while it waits, 2 after one restart.
    epoch, epochs : int
        Epochs reported so far by this attempt, and asked for.
    final : dict or None
        The result without its history (docs of `core.train`), once there is one.
    """

    id: int
    index: int
    variant: dict[str, Any]
    seed: int
    state: State
    attempt: int
    epoch: int
    epochs: int
    seconds: float | None
    error: str | None
    diverged_at: int | None
    final: dict[str, Any] | None
    specs: tuple[RunSpec, ...] = field(repr=False, compare=False)

    @property
    def spec(self) -> RunSpec:
        """What is trained."""
        return self.specs[self.index]


@dataclass(frozen=True)
class Experiment:
    """A submitted spec and its runs; `changeable` by whoever reads it, seen by others as far as its `reach`."""

    id: str
    title: str
    created: datetime
    spec: ExperimentSpec = field(repr=False)
    runs: tuple[Run, ...] = field(repr=False)
    reach: Reach = Reach.LINK
    changeable: bool = True
    owner: str | None = None

    @property
    def finished(self) -> bool:
        """Whether no run waits or trains."""
        return not any(run.state.unfinished for run in self.runs)


@dataclass(frozen=True)
class ExperimentSummary:
    """One line of the list of experiments; `states` counts the runs in each state.

    `best_skill` is on training rows, `best_val_skill` on validation rows, both of runs that were not cancelled; None
    where there is none.
    """

    id: str
    title: str
    created: datetime
    source: str
    runs: int
    states: dict[State, int]
    best_skill: float | None
    best_val_skill: float | None
    reach: Reach = Reach.LINK
    changeable: bool = True
    owner: str | None = None


@dataclass(frozen=True)
class Stretch:
    """Some epochs of one attempt of a run as they were stored, from `first_epoch` on, which counts from 1."""

    run: int
    attempt: int
    first_epoch: int
    history: dict[str, list[float | None]]


@dataclass(frozen=True)
class Block:
    """A part of the overview of one attempt of a long run, as JSON (`core.jobs.storage.overview`)."""

    run: int
    attempt: int
    text: str = field(repr=False)


@dataclass(frozen=True)
class News:
    """What happened in an experiment since a cursor.

    Attributes
    ----------
    cursor : int
        What to pass as `since` next time.
    finished : bool
        Whether no run waits or trains and everything has been told.
    ahead : int
        How many runs of others wait or train that came before the first of its runs that waits; 0 where none waits.
    runs : tuple of dict
        Only the runs that changed: id, index, state, attempt, epoch, epochs, seconds, error, diverged_at, final.
    points : tuple of Stretch
        The first epochs of histories. These and the next only of each run's newest attempt.
    blocks : tuple of Block
        What a chart draws of the epochs after; a block replaces the one that began at the same epoch.
    """

    cursor: int
    finished: bool
    ahead: int
    runs: tuple[dict[str, Any], ...]
    points: tuple[Stretch, ...]
    blocks: tuple[Block, ...] = ()
